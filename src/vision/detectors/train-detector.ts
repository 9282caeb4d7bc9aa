// The door to training, whatever the kind of detector.
import type { TrainContext, TrainedModel, TrainRequest } from './detector.ts';
import { kindOf } from './kinds.ts';

/**
 * Trains in this process; see trainInChild for a process of its own. Throws OkapiError; no half-made model is ever left.
 */
export async function trainDetector(
  request: TrainRequest,
  context: Partial<TrainContext> = {},
): Promise<TrainedModel> {
  return kindOf(request.kind, 'option.invalid').train(request, {
    signal: new AbortController().signal,
    onEvent: () => {},
    now: () => performance.now(),
    date: () => new Date(),
    ...context,
  });
}
