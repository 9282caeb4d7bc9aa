// Takes over trained models of the original: their files stay as they are, and each gets a record.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { parse } from 'yaml';
import { manifestName } from '../../vision/checkpoint/model-folder.ts';
import { parseConfig } from '../../vision/detectors/model-config.ts';
import { OkapiError } from '../../vision/errors.ts';
import type { Threshold } from '../../vision/scoring/threshold.ts';
import { readThreshold } from '../../vision/scoring/threshold-file.ts';
import { folderOf, putModel, readModel } from '../models/model-documents.ts';
import type { ModelRecord, ThresholdVersion } from '../models/model-record.ts';
import type { Context } from '../platform/context.ts';
import { isConflict } from '../platform/docs/update-doc.ts';
import { blobKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { slugPattern } from '../projects/project-id.ts';
import type { Finding } from './import-report.ts';
import { bytesOf, eachPiece, entriesOf, fileTimes } from './local-tree.ts';

/** A folder that may hold models, one in each folder. */
export interface ModelsPlace {
  /** On the disk. */
  readonly folder: string;
  /** null: of scenes, each of which the settings of the model name. */
  readonly owner: Owner | null;
  readonly imported: boolean;
}

export interface ModelsTaken {
  readonly ids: readonly string[];
  readonly findings: readonly Finding[];
}

/** `taken` are those of earlier starts. */
export async function takeOverModels(
  context: Context,
  place: ModelsPlace,
  taken: ReadonlySet<string>,
): Promise<ModelsTaken> {
  const ids: string[] = [];
  const findings: Finding[] = [];
  for (const id of (await entriesOf(place.folder)).folders) {
    if (taken.has(id)) continue;
    const outcome = await takeOver(context, place, id);
    if (outcome === 'taken') ids.push(id);
    else if (outcome !== 'ours') findings.push(outcome);
  }
  return { ids, findings };
}

/** Files that only we write: what lies there is for the job that makes it to finish. */
const ourFiles = [manifestName, 'model.onnx', 'golden.json'];
const weightFiles = ['model.safetensors', 'model.pt', 'model.pth'];

async function takeOver(
  context: Context,
  { folder, owner, imported }: ModelsPlace,
  id: string,
): Promise<'taken' | 'ours' | Finding> {
  const path = blobKeys.model(owner ?? { kind: 'scene', id: '' }, id, imported);
  const finding = (code: Finding['code'], detail: string): Finding => ({ code, path, detail });
  if (!slugPattern.test(id))
    return finding('name.unusable', 'expected an id of a-z, 0-9, dash and underscore');
  const known = await readModel(context, id);
  if (known !== null) {
    if (folderOf(known.value) === path) return 'ours';
    return finding('model.same_id', `the model ${id} lies in ${folderOf(known.value)}`);
  }
  const { files } = await entriesOf(join(folder, id));
  if (ourFiles.some((name) => files.includes(name))) return 'ours';
  const weights = weightFiles.find((name) => files.includes(name));
  // Weights that were uploaded to train from need no threshold.
  if (weights === undefined || !(imported || files.includes('threshold.json')))
    return finding(
      'model.incomplete',
      `expected model.pt and threshold.json, found ${files.join(', ') || 'nothing'}`,
    );
  try {
    const record = await recordOf(join(folder, id), id, { files, weights, owner, imported });
    if (record === null) return 'ours';
    await putModel(context, record, { ifRevision: null });
    return 'taken';
  } catch (error) {
    if (isConflict(error)) return 'ours';
    if (error instanceof OkapiError) return finding('model.unreadable', error.message);
    throw error;
  }
}

interface FoundModel {
  readonly files: readonly string[];
  /** One of the files. */
  readonly weights: string;
  readonly owner: Owner | null;
  readonly imported: boolean;
}

/** null when the folder turns out to be one of ours that is not complete. */
async function recordOf(
  folder: string,
  id: string,
  { files, weights, owner, imported }: FoundModel,
): Promise<ModelRecord | null> {
  const configText = (await bytesOf(join(folder, 'config.yaml')))?.toString('utf8') ?? '';
  const { imageSize, detector, encoder } = parseConfig(configText);
  if (detector !== null) return null;
  const thresholdText = (await bytesOf(join(folder, 'threshold.json')))?.toString('utf8');
  const threshold = thresholdText === undefined ? null : readThreshold(thresholdText);
  const { modifiedAt } = await fileTimes(join(folder, weights));
  const fields = (parse(configText) ?? {}) as Record<string, unknown>;
  const createdAt = dateOf(fields.created_at) ?? modifiedAt;
  return {
    model_id: id,
    owner: owner ?? { kind: 'scene', id: sceneOf(id, fields.scene_id) },
    imported,
    detector: 'autoencoder',
    created_at: createdAt,
    img_size: imageSize,
    epochs_run: numberOf(fields.epochs_run) ?? numberOf(fields.epochs) ?? 0,
    lr: numberOf(fields.lr) ?? 0,
    note: textOf(fields.note),
    base_model_id: textOf(fields.base_model_id),
    training_mode: textOf(fields.training_mode) ?? 'anomaly',
    encoder,
    thresholds: threshold === null ? [] : [versionOf(threshold, createdAt)],
    files: Object.fromEntries(
      await Promise.all(files.map(async (name) => [name, await measured(join(folder, name))] as const)),
    ),
    dataset_sha256: null,
    job_id: null,
  };
}

function versionOf({ value, pixelValue, trust }: Threshold, at: string): ThresholdVersion {
  return { value, pixel_value: pixelValue, at, by: 'system', reason: trust, target_false_alarm_rate: null };
}

async function measured(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await eachPiece(path, (piece) => {
    hash.update(piece);
    bytes += piece.length;
  });
  return { bytes, sha256: hash.digest('hex') };
}

/** The original names a model after its scene and the time. */
function sceneOf(modelId: string, named: unknown): string {
  if (typeof named === 'string' && slugPattern.test(named)) return named;
  return modelId.replace(/-\d{8}-\d{6}$/, '');
}

const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
const numberOf = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null);

/** Times of the original have no zone: taken as UTC. */
function dateOf(value: unknown): string | null {
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'string') return null;
  const date = new Date(/(Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value}Z`);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
