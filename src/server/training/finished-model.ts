// The model that a training has left in its working folder, as a record and the files to store. Read from the files alone,
// so that every attempt which finds them makes the same record.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { recoverFolder } from '../../vision/checkpoint/atomic-folder.ts';
import { manifestName } from '../../vision/checkpoint/model-folder.ts';
import { readThreshold } from '../../vision/scoring/threshold-file.ts';
import type { ModelRecord } from '../models/model-record.ts';
import type { NewModel } from '../models/store-model.ts';
import type { BlobStore } from '../platform/blobs/blob-store.ts';
import { blobKeys } from '../platform/layout.ts';
import type { JobRecord } from '../platform/queue/job.ts';
import { parseOrder } from './training-order.ts';

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
  const [config, threshold] = [await read('config.yaml'), await read('threshold.json')];
  if (!config || !threshold) return null;
  const files = { ...rows, [manifestName]: { bytes: manifest.length, sha256: sha256(manifest) } };
  return {
    record: recordOf(job, files, config.toString(), threshold.toString()),
    files: new Map(Object.keys(files).map((name) => [name, join(folder, name)])),
  };
}

function recordOf(
  job: JobRecord,
  files: ModelRecord['files'],
  config: string,
  threshold: string,
): ModelRecord {
  const found = parse(config) as {
    detector: string;
    created_at: string;
    img_size: number;
    epochs_run: number;
    lr: number;
    note: string | null;
    encoder: { name: string };
  };
  const { value, pixelValue, targetFalseAlarmRate } = readThreshold(threshold);
  const order = parseOrder(job.request);
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
    base_model_id: order.base_model_id,
    training_mode: order.training_mode,
    encoder: found.encoder.name,
    thresholds: [
      {
        value,
        pixel_value: pixelValue,
        at: found.created_at,
        by: job.created_by,
        reason: 'calibration',
        target_false_alarm_rate: targetFalseAlarmRate,
      },
    ],
    files,
    dataset_sha256: order.snapshot,
    job_id: job.job_id,
  };
}

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
  const key = keyOf(job, name);
  return (await blobs.stat(key)) === null ? null : readFile(await blobs.localPath(key));
}

const keyOf = ({ owner, model_id }: JobRecord, name: string) => `${blobKeys.model(owner, model_id)}/${name}`;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
