// What a detector of objects finds, with a model that gives no sound boxes told from one that does.
import type { Detection } from '../../vision/index.ts';
import { ServerError } from '../contract/errors.ts';

/** Throws model.corrupt when a box or a confidence is not finite. */
export function checkFinite(detections: readonly Detection[]): void {
  if (detections.every(({ confidence, box }) => [confidence, ...box].every(Number.isFinite))) return;
  throw new ServerError('model.corrupt', 'the model gives a picture boxes that are not finite');
}
