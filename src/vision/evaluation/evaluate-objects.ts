// How well a detector finds the objects of pictures whose boxes are known.
import type { LabelledBox, LabelledPicture } from '../dataset/labelled.ts';
import type { DetectOptions, ObjectDetector } from '../detectors/detector.ts';
import { OkapiError } from '../errors.ts';
import type { Picture } from '../image/picture.ts';
import type { Detection } from '../scoring/detection.ts';
import {
  type DetectionReport,
  evaluateDetections,
  type JudgedDetections,
} from '../scoring/detection-metrics.ts';
import { inspectFiles, type UntestedFile } from './inspect-files.ts';

/** Nearly everything counts: average precision is a mean over all confidences. */
const LEAST_CONF = 1e-3;

export interface EvaluatedObjects {
  readonly file: string;
  readonly picture: Picture;
  /** Those above the confidence of the evaluation, in pixels of the picture. */
  readonly detections: readonly Detection[];
  /** Likewise. */
  readonly truths: readonly LabelledBox[];
}

export interface ObjectsEvaluation {
  readonly report: DetectionReport;
  readonly untested: readonly UntestedFile[];
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
    conf = detector.model.conf,
    iou = detector.model.iou,
  }: DetectOptions & {
    readonly signal?: AbortSignal | undefined;
    readonly onPicture?: (evaluated: EvaluatedObjects) => void | Promise<void>;
  } = {},
): Promise<ObjectsEvaluation> {
  const { model } = detector;
  const named = inClassesOf(model.classes, classes, pictures);
  const judged: JudgedDetections[] = [];
  const untested: UntestedFile[] = [];
  const thorough = {
    predict: (list: readonly Picture[]) => detector.predict(list, { conf: Math.min(LEAST_CONF, conf), iou }),
  };
  for await (const result of inspectFiles(thorough, [...named.keys()], { signal })) {
    if (result.status === 'untested') {
      untested.push(result);
      continue;
    }
    const { file, picture, prediction } = result;
    const truths = inPixels(named.get(file)!, picture);
    judged.push({ detections: prediction.detections, truths });
    const detections = prediction.detections.filter(({ confidence }) => confidence > conf);
    await onPicture?.({ file, picture, detections, truths });
  }
  const report = evaluateDetections(judged, model.classes, { confidence: conf });
  return { report, untested };
}

/** The boxes of each file, with the model's numbers of the classes. */
function inClassesOf(
  known: readonly string[],
  classes: readonly string[],
  pictures: readonly LabelledPicture[],
): Map<string, LabelledBox[]> {
  const idOf = (classId: number) => {
    const found = known.indexOf(classes[classId]!);
    if (found >= 0) return found;
    throw new OkapiError(
      'dataset.names',
      `expected boxes of the classes that the model knows (${known.join(', ')}), got "${classes[classId]}"`,
    );
  };
  return new Map(
    pictures.map(({ file, boxes }) => [
      file,
      boxes.map(({ classId, box }) => ({ classId: idOf(classId), box })),
    ]),
  );
}

function inPixels(boxes: readonly LabelledBox[], { width, height }: Picture): LabelledBox[] {
  return boxes.map(({ classId, box: [x1, y1, x2, y2] }) => ({
    classId,
    box: [x1 * width, y1 * height, x2 * width, y2 * height],
  }));
}
