// Trains a detector in a process of its own, which the caller can cancel and which may die without harm.
import { moduleBeside } from '../runtime/child.ts';
import { type ChildTrainingOptions, runChildTraining } from '../training/child-training.ts';
import type { TrainedModel, TrainRequest } from './detector.ts';

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

function isTrained(value: unknown, { folder }: TrainRequest): value is TrainedModel {
  const model = (value ?? {}) as Partial<TrainedModel>;
  return (
    model.folder === folder && Number.isFinite(model.threshold?.value) && Number.isFinite(model.bestLoss)
  );
}
