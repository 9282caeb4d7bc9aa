// Trains a detector in a process of its own, which the caller can cancel and which may die without harm.
import { moduleBeside } from '../runtime/child.ts';
import { type ChildTrainingOptions, runChildTraining } from '../training/child-training.ts';
import type { Task, TrainedModel, TrainRequest } from './detector.ts';

/**
 * As trainDetector, in a child process of low priority. Throws what that throws, train.canceled after an abort and
 * train.crashed when the process ends without an answer; in both cases the unfinished training can be resumed.
 */
export function trainInChild(
  request: TrainRequest,
  options: Omit<ChildTrainingOptions<TrainedModel>, 'parseResult'> = {},
): Promise<TrainedModel> {
  const parseResult = (value: unknown) => (isTrained(value, request) ? value : null);
  return runChildTraining(moduleBeside(import.meta.url, './train-child'), request, {
    ...options,
    parseResult,
  });
}

/** What each task's result must have, besides what all have. */
const sound: { readonly [T in Task]: (model: Partial<Extract<TrainedModel, { task: T }>>) => boolean } = {
  anomaly: ({ threshold }) => Number.isFinite(threshold?.value),
  detect: ({ metrics }) => Number.isFinite(metrics?.map50),
};

function isTrained(value: unknown, { folder }: TrainRequest): value is TrainedModel {
  const model = (value ?? {}) as Partial<TrainedModel>;
  const { task } = model;
  if (task === undefined || !Object.hasOwn(sound, task)) return false;
  const check = sound[task] as (model: Partial<TrainedModel>) => boolean;
  return model.folder === folder && Number.isFinite(model.bestLoss) && check(model);
}
