// The model that a training has left in its working folder, as a record and the files to store. Read from the files alone,
// so that every attempt which finds them makes the same record.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { recoverFolder } from '../../vision/checkpoint/atomic-folder.ts';
import { manifestName } from '../../vision/checkpoint/model-folder.ts';
import type { Task } from '../../vision/detectors/detector.ts';
import { parseYoloConfig } from '../../vision/detectors/yolo/model-config.ts';
import { readThreshold } from '../../vision/scoring/threshold-file.ts';
import { parseVariant } from '../../vision/yolo/variants.ts';
import type { ModelRecord, ThresholdVersion } from '../models/model-record.ts';
import type { NewModel } from '../models/store-model.ts';
import type { BlobStore } from '../platform/blobs/blob-store.ts';
import { blobKeys } from '../platform/layout.ts';
import type { JobRecord } from '../platform/queue/job.ts';
import { type AnomalyOrder, parseOrder, taskOfMode, type YoloOrder } from './training-order.ts';

interface FileRow {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * null when there is no whole model: a file is missing or is not what was written. Files that an earlier attempt has
 * already moved into the store count as there; storing verifies those.
 */
export async function finishedModel(
  blobs: BlobStore,
  job: JobRecord,
  folder: string,
): Promise<NewModel | null> {
  await recoverFolder(folder);
  const read = (name: string) => readEither(blobs, job, folder, name);
  const manifest = await read(manifestName);
  const rows = manifest && rowsOf(manifest);
  if (!rows) return null;
  for (const [name, row] of Object.entries(rows))
    if (!(await isWhole(blobs, job, folder, name, row))) return null;
  const texts = { config: await read('config.yaml'), threshold: await read('threshold.json') };
  const files = { ...rows, [manifestName]: { bytes: manifest.length, sha256: sha256(manifest) } };
  const record = recordOf(job, files, texts);
  return (
    record && {
      record,
      files: new Map(Object.keys(files).map((name) => [name, join(folder, name)])),
    }
  );
}

/** What every config.yaml of ours says. */
type CommonConfig = Pick<ModelRecord, 'detector' | 'created_at' | 'img_size' | 'epochs_run' | 'lr' | 'note'>;

/** null when a file is missing that the record is read from. */
function recordOf(
  job: JobRecord,
  files: ModelRecord['files'],
  { config, threshold: calibration }: { readonly config: Buffer | null; readonly threshold: Buffer | null },
): ModelRecord | null {
  const order = parseOrder(job.request);
  const task = taskOfMode[order.training_mode];
  if (config === null || (calibration === null && task === 'anomaly')) return null;
  const texts = { config: config.toString(), threshold: calibration?.toString() ?? '' };
  const found = parse(texts.config) as CommonConfig;
  const { threshold, ...own } = ownFields[task](texts, order as never);
  return {
    model_id: job.model_id,
    owner: job.owner,
    imported: false,
    detector: found.detector,
    created_at: found.created_at,
    img_size: found.img_size,
    epochs_run: found.epochs_run,
    lr: found.lr,
    note: found.note,
    training_mode: order.training_mode,
    ...own,
    ...('adds' in order && updatedBy(job, order, found.created_at)),
    thresholds: [{ ...threshold, at: found.created_at, by: job.created_by }],
    files,
    job_id: job.job_id,
  };
}

function updatedBy(
  { created_by }: JobRecord,
  { adds, base_model_id }: AnomalyOrder,
  at: string,
): Pick<ModelRecord, 'updated'> {
  return { updated: { model_id: base_model_id!, images: adds!, at, by: created_by } };
}

/** What the record is read from. */
interface Texts {
  readonly config: string;
  /** Empty for object detectors. */
  readonly threshold: string;
}

type OwnFields = Pick<ModelRecord, 'base_model_id' | 'encoder' | 'dataset_sha256' | 'objects'> & {
  readonly threshold: Omit<ThresholdVersion, 'at' | 'by'>;
};

const ownFields: Readonly<Record<Task, (texts: Texts, order: never) => OwnFields>> = {
  anomaly({ config, threshold }, { base_model_id, snapshot, adds }: AnomalyOrder) {
    const { value, pixelValue, targetFalseAlarmRate, uncertain = null } = readThreshold(threshold);
    const { encoder } = parse(config) as { readonly encoder: { readonly name: string } };
    return {
      base_model_id,
      encoder: encoder.name,
      dataset_sha256: snapshot,
      threshold: {
        value,
        pixel_value: pixelValue,
        reason:
          adds === undefined
            ? 'calibration'
            : `calibration after an update with ${adds.length} ${adds.length === 1 ? 'picture' : 'pictures'}`,
        target_false_alarm_rate: targetFalseAlarmRate,
        uncertain,
      },
    };
  },
  detect({ config }, { weights, dataset_sha256 }: YoloOrder) {
    const { variant, classes, conf, iou, metrics } = parseYoloConfig(config);
    const { backbone } = parseVariant(variant);
    return {
      base_model_id: null,
      encoder: backbone === 'yolov8' ? 'none' : backbone,
      dataset_sha256,
      objects: { variant, classes, metrics, started_from: weights },
      threshold: {
        value: conf,
        pixel_value: null,
        reason: 'as asked for in the training',
        target_false_alarm_rate: null,
        iou,
      },
    };
  },
};

function rowsOf(manifest: Buffer): Record<string, FileRow> | null {
  try {
    return (JSON.parse(manifest.toString()) as { files: Record<string, FileRow> }).files ?? null;
  } catch {
    return null;
  }
}

async function isWhole(
  blobs: BlobStore,
  job: JobRecord,
  folder: string,
  name: string,
  { bytes, sha256 }: FileRow,
): Promise<boolean> {
  const found = await stat(join(folder, name)).catch(() => null);
  if (found === null) return (await blobs.stat(keyOf(job, name)))?.sizeBytes === bytes;
  if (found.size !== bytes) return false;
  const hash = createHash('sha256');
  for await (const piece of createReadStream(join(folder, name))) hash.update(piece as Buffer);
  return hash.digest('hex') === sha256;
}

/** A small file, from the folder or, once it has been moved, from the store. */
async function readEither(
  blobs: BlobStore,
  job: JobRecord,
  folder: string,
  name: string,
): Promise<Buffer | null> {
  const local = await readFile(join(folder, name)).catch(() => null);
  if (local !== null) return local;
  const stored = await blobs.read(keyOf(job, name));
  return stored === null ? null : Buffer.from(stored);
}

const keyOf = ({ owner, model_id }: JobRecord, name: string) => `${blobKeys.model(owner, model_id)}/${name}`;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
