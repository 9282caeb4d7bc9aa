// Models for tests: records with files that hold any bytes, or those of a model folder.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestName } from '../../../vision/checkpoint/model-folder.ts';
import { calibrateThreshold } from '../../../vision/scoring/threshold.ts';
import { writeThreshold } from '../../../vision/scoring/threshold-file.ts';
import type { Context } from '../../platform/context.ts';
import type { ModelRecord } from '../model-record.ts';
import { type NewModel, storeModel } from '../store-model.ts';

/** Ten good parts. */
const calibration = {
  scores: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  peaks: [2, 4, 6, 8, 10, 12, 14, 16, 18, 20],
  source: 'held-out',
} as const;

/** What a folder of local files is stored as; its first threshold is 10.5 unless `changes` say otherwise. */
export async function modelOf(
  folder: string,
  modelId: string,
  changes: Partial<ModelRecord> = {},
): Promise<NewModel> {
  const files: [string, string][] = [];
  const rows: [string, { bytes: number; sha256: string }][] = [];
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name));
    files.push([name, join(folder, name)]);
    rows.push([name, { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }]);
  }
  const record: ModelRecord = {
    model_id: modelId,
    owner: { kind: 'project', id: 'p-1' },
    imported: false,
    detector: 'autoencoder',
    created_at: '2026-01-01T00:00:00.000Z',
    img_size: 64,
    epochs_run: 2,
    lr: 0.001,
    note: null,
    base_model_id: null,
    training_mode: 'anomaly',
    encoder: 'none',
    thresholds: [
      {
        value: 10.5,
        pixel_value: 19.1,
        at: '2026-01-01T00:00:00.000Z',
        by: 'system',
        reason: 'calibration',
        target_false_alarm_rate: null,
      },
    ],
    files: Object.fromEntries(rows),
    dataset_sha256: null,
    job_id: null,
    ...changes,
  };
  return { record, files: new Map(files) };
}

/** Local files of a model that no detector could load. */
export async function fakeModel(
  parent: string,
  modelId: string,
  changes: Partial<ModelRecord> = {},
  files: Readonly<Record<string, string>> = fakeFiles(modelId),
): Promise<NewModel> {
  const folder = join(parent, `local-${modelId}`);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return modelOf(folder, modelId, changes);
}

/** Stores it and returns its record. */
export async function storeFake(
  context: Context,
  parent: string,
  modelId: string,
  changes: Partial<ModelRecord> = {},
  files?: Readonly<Record<string, string>>,
): Promise<ModelRecord> {
  const model = await fakeModel(parent, modelId, changes, files);
  await storeModel(context, model);
  return model.record;
}

function fakeFiles(modelId: string): Record<string, string> {
  const threshold = calibrateThreshold(calibration);
  return {
    'model.onnx': `graph of ${modelId}`,
    'model.safetensors': `weights of ${modelId}`,
    'model.pt': `torch weights of ${modelId}`,
    'config.yaml': 'img_size: 64\n',
    'threshold.json': writeThreshold(threshold, {
      scoreType: 'normalised-residual',
      bestValidationLoss: 0.1,
      calibration,
    }),
    'golden.png': 'picture',
    'golden.json': '{"score":1}',
    [manifestName]: '{}',
  };
}
