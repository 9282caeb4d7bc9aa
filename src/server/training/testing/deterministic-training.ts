// A training that takes a second and makes the same model however often it is interrupted, and what it must make.
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { TrainRequest } from '../../../vision/detectors/detector.ts';
import { trainInChild } from '../../../vision/detectors/train-in-child.ts';
import { listModels } from '../../models/list-models.ts';
import type { Context } from '../../platform/context.ts';
import type { Train } from '../train-runner.ts';

/** The older net with two short trainings for the calibration. */
export function deterministic(request: TrainRequest): TrainRequest {
  const settings = { ...request.settings, encoder: 'none', folds: 2, epochs: 3, batchSize: 4 };
  return { ...request, threads: 1, settings };
}

export const trainDeterministic: Train = (request, options) => trainInChild(deterministic(request), options);

/** SHA-256 of the files that hold nothing but what was learnt, of each model there is. */
export async function whatWasLearnt(context: Context): Promise<Record<string, string>[]> {
  const models = await listModels(context, {});
  return Promise.all(
    models.map(async ({ path }) => {
      const names = ['model.safetensors', 'model.pt', 'threshold.json', 'golden.json'];
      const rows = names.map(async (name) => {
        const bytes = await buffer(await context.blobs.open(`${path}/${name}`));
        return [name, createHash('sha256').update(bytes).digest('hex')] as const;
      });
      return Object.fromEntries(await Promise.all(rows));
    }),
  );
}
