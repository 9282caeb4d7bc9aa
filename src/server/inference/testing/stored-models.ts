// Real models for tests: one that is trained in seconds, and one as the original writes it.
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DeterministicTensor, deterministicValues } from '../../../autodiff/testing/deterministic.ts';
import { torchPieces } from '../../../vision/checkpoint/torch-writer.ts';
import { tinyRequest, writeParts } from '../../../vision/detectors/testing/tiny-training.ts';
import { trainDetector } from '../../../vision/index.ts';
import { readThreshold } from '../../../vision/scoring/threshold-file.ts';
import type { StagedFile } from '../../datasets/image-record.ts';
import type { ModelRecord } from '../../models/model-record.ts';
import { storeModel } from '../../models/store-model.ts';
import { modelOf } from '../../models/testing/fake-model.ts';
import type { Context } from '../../platform/context.ts';

/** Trains a model of 64 pixels on generated parts and returns its folder. */
export async function trainTiny(dir: string): Promise<string> {
  const pictures = await writeParts(join(dir, 'good'), 10);
  return (await trainDetector(tinyRequest(dir, 'tiny', pictures))).folder;
}

/** A folder of the original's older net, with the weights of the fixtures. */
export async function writeOriginal(dir: string): Promise<string> {
  const text = await readFile(fixture('original-legacy.json'), 'utf8');
  const { parameters, imageSize } = JSON.parse(text) as {
    parameters: DeterministicTensor[];
    imageSize: number;
  };
  const folder = join(dir, 'original');
  await mkdir(folder, { recursive: true });
  const tensor = (p: DeterministicTensor) =>
    [p.name, { dtype: 'float32', shape: p.shape, data: deterministicValues(p) }] as const;
  await writeFile(join(folder, 'model.pt'), torchPieces(new Map(parameters.map(tensor))));
  await writeFile(join(folder, 'config.yaml'), `img_size: ${imageSize}\n`);
  await writeFile(join(folder, 'threshold.json'), '{"threshold_score": 0.2, "val_size": 8}');
  return folder;
}

export const fixture = (name: string) =>
  new URL(`../../../vision/detectors/fixtures/${name}`, import.meta.url);

/** Stores a copy of a folder as a model, with the threshold of its files. */
export async function storeCopy(
  context: Context,
  folder: string,
  modelId: string,
  changes: Partial<ModelRecord> = {},
): Promise<ModelRecord> {
  const copy = join(context.config.tmp_dir, `copy-of-${modelId}`);
  await cp(folder, copy, { recursive: true });
  const { value, pixelValue } = readThreshold(await readFile(join(copy, 'threshold.json'), 'utf8'));
  const version = {
    value,
    pixel_value: pixelValue,
    at: '2026-01-01T00:00:00.000Z',
    by: 'system',
    reason: 'calibration',
    target_false_alarm_rate: null,
  };
  const model = await modelOf(copy, modelId, { thresholds: [version], ...changes });
  await storeModel(context, model);
  return model.record;
}

/** Uploaded files, one after the other. */
export async function* uploads(files: readonly StagedFile[]): AsyncGenerator<StagedFile> {
  yield* files;
}

/** A file that was uploaded with these bytes. */
export async function staged(dir: string, displayName: string, bytes: Uint8Array): Promise<StagedFile> {
  await mkdir(dir, { recursive: true });
  const path = join(dir, `${stagedCount++}`);
  await writeFile(path, bytes);
  return { displayName, path, sizeBytes: bytes.length };
}
let stagedCount = 0;
