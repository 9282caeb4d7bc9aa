// How well a detector finds the objects of pictures whose boxes are known.
import type { LabelledBox, LabelledPicture } from '../dataset/labelled.ts';
import type { DetectOptions, ObjectDetector } from '../detectors/detector.ts';
import type { Picture } from '../image/picture.ts';
import type { Detection } from '../scoring/detection.ts';
import { inspectFiles } from './inspect-files.ts';
import { ObjectEvaluator, type ObjectsEvaluation } from './object-evaluator.ts';

export interface EvaluatedObjects {
  readonly file: string;
  readonly picture: Picture;
  /** Those above the confidence of the evaluation, in pixels of the picture. */
  readonly detections: readonly Detection[];
  /** Likewise. */
  readonly truths: readonly LabelledBox[];
}

/**
 * Predicts each picture and compares with its boxes by COCO's method. `classes` are those of the pictures; they are matched
 * with the model's by name. `conf` and `iou` in place of the model's: what is shown and what the confusion counts, and the
 * overlap above which the surer box stays. Throws dataset.names when a box is of a class that the model does not know, and
 * option.invalid for a threshold that is not from 0 to 1.
 */
export async function evaluateObjects(
  detector: ObjectDetector,
  {
    classes,
    pictures,
  }: { readonly classes: readonly string[]; readonly pictures: readonly LabelledPicture[] },
  {
    signal,
    onPicture,
    ...thresholds
  }: DetectOptions & {
    readonly signal?: AbortSignal | undefined;
    readonly onPicture?: (evaluated: EvaluatedObjects) => void | Promise<void>;
  } = {},
): Promise<ObjectsEvaluation> {
  const evaluator = new ObjectEvaluator(detector, classes, thresholds);
  const labelled = new Map(pictures.map((picture) => [picture.file, picture]));
  for (const picture of pictures) evaluator.check(picture);
  for await (const result of inspectFiles(evaluator, [...labelled.keys()], { signal })) {
    if (result.status === 'untested') {
      evaluator.leaveOut(result);
      continue;
    }
    const { file, picture, prediction } = result;
    const { detections, truths } = evaluator.add(labelled.get(file)!, picture, prediction);
    await onPicture?.({ file, picture, detections, truths });
  }
  return evaluator.finish();
}
