// Collects what a detector finds in pictures whose boxes are known, one picture at a time, and measures all at the end.
import type { LabelledBox, LabelledPicture } from '../dataset/labelled.ts';
import type { DetectOptions, DetectPrediction, ObjectDetector } from '../detectors/detector.ts';
import { OkapiError } from '../errors.ts';
import type { Picture } from '../image/picture.ts';
import { pairedBoxes } from '../scoring/confusion-matrix.ts';
import type { Detection } from '../scoring/detection.ts';
import {
  type DetectionReport,
  detectionDefaults,
  evaluateDetections,
  type JudgedDetections,
} from '../scoring/detection-metrics.ts';
import type { UntestedFile } from './inspect-files.ts';

/** Nearly everything counts: average precision is a mean over all confidences. */
const LEAST_CONF = 1e-3;

/** A detection above the confidence of the evaluation: right, of another class than the box it lies on, or on no box. */
export type FoundBox = Detection & { readonly outcome: 'right' | 'confused' | 'extra' };
/** A true box: found, taken for another class, or missed. */
export type TrueBox = LabelledBox & { readonly outcome: 'found' | 'confused' | 'missed' };

/** How one picture fared at the confidence of the evaluation; boxes in its pixels. */
export interface JudgedObjects {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  /** The surest first. */
  readonly detections: readonly FoundBox[];
  readonly truths: readonly TrueBox[];
  /** A box that is taken for another class is one mistake, not two. */
  readonly counts: ObjectCounts;
}

export interface ObjectCounts {
  readonly found: number;
  readonly confused: number;
  readonly missed: number;
  readonly extra: number;
}

export interface ObjectsEvaluation {
  readonly report: DetectionReport;
  /** Those with the most mistakes first; of equal ones, in the order of the pictures. */
  readonly pictures: readonly JudgedObjects[];
  readonly untested: readonly UntestedFile[];
}

export class ObjectEvaluator {
  readonly #detector: ObjectDetector;
  readonly #thresholds: Required<DetectOptions>;
  /** The model's number of each class of the pictures; -1 for one that it does not know. */
  readonly #numbers: readonly number[];
  readonly #classes: readonly string[];
  readonly #judged: JudgedDetections[] = [];
  readonly #pictures: JudgedObjects[] = [];
  readonly #untested: UntestedFile[] = [];

  /**
   * `classes` are those of the pictures; they are matched with the model's by name. `conf` and `iou`: what is shown and what the
   * confusion counts, and the overlap above which the surer box stays; left out, the model's.
   */
  constructor(detector: ObjectDetector, classes: readonly string[], { conf, iou }: DetectOptions = {}) {
    const { model } = detector;
    this.#detector = detector;
    this.#thresholds = { conf: conf ?? model.conf, iou: iou ?? model.iou };
    this.#classes = classes;
    this.#numbers = classes.map((name) => model.classes.indexOf(name));
  }

  /** All that the detector finds, also what it is not sure of. Throws option.invalid for thresholds outside 0..1. */
  predict(pictures: readonly Picture[]): Promise<DetectPrediction[]> {
    const { conf, iou } = this.#thresholds;
    return this.#detector.predict(pictures, { conf: Math.min(LEAST_CONF, conf), iou });
  }

  /** Throws dataset.names when a box is of a class that the model does not know. */
  check({ boxes }: Pick<LabelledPicture, 'boxes'>): void {
    const unknown = boxes.find(({ classId }) => this.#numbers[classId] === -1);
    if (unknown === undefined) return;
    throw new OkapiError(
      'dataset.names',
      `expected boxes of the classes that the model knows (${this.#detector.model.classes.join(', ')}), got "${this.#classes[unknown.classId]}"`,
    );
  }

  /** What `predict` said about the picture beside its boxes. Throws as check. */
  add(labelled: LabelledPicture, picture: Picture, { detections }: DetectPrediction): JudgedObjects {
    this.check(labelled);
    const { file } = labelled;
    const { width, height } = picture;
    const truths = labelled.boxes.map(({ classId, box: [x1, y1, x2, y2] }) => ({
      classId: this.#numbers[classId]!,
      box: [x1 * width, y1 * height, x2 * width, y2 * height] as const,
    }));
    this.#judged.push({ detections, truths });
    const judged = { file, width, height, ...outcomes(detections, truths, this.#thresholds.conf) };
    this.#pictures.push(judged);
    return judged;
  }

  leaveOut(file: UntestedFile): void {
    this.#untested.push(file);
  }

  finish(): ObjectsEvaluation {
    const { conf: confidence } = this.#thresholds;
    const mistakes = ({ counts }: JudgedObjects) => counts.missed + counts.confused + counts.extra;
    return {
      report: evaluateDetections(this.#judged, this.#detector.model.classes, { confidence }),
      pictures: [...this.#pictures].sort((a, b) => mistakes(b) - mistakes(a)),
      untested: this.#untested,
    };
  }
}

/** By the matching of the confusion matrix, so that its counts are the sums over the pictures. */
function outcomes(detections: readonly Detection[], truths: readonly LabelledBox[], conf: number) {
  const { sure, found } = pairedBoxes(detections, truths, conf, detectionDefaults.iou);
  const truthOf = new Map(found.map((detection, truth) => [detection, truth]));
  const isSame = (truth: number, detection: number) => truths[truth]!.classId === sure[detection]!.classId;
  const judgedTruths = truths.map((box, i): TrueBox => {
    const outcome = found[i] === -1 ? 'missed' : isSame(i, found[i]!) ? 'found' : 'confused';
    return { ...box, outcome };
  });
  const judgedDetections = sure.map((box, i): FoundBox => {
    const truth = truthOf.get(i);
    const outcome = truth === undefined ? 'extra' : isSame(truth, i) ? 'right' : 'confused';
    return { ...box, outcome };
  });
  const count = (list: readonly { readonly outcome: string }[], outcome: string) =>
    list.filter((one) => one.outcome === outcome).length;
  return {
    detections: judgedDetections,
    truths: judgedTruths,
    counts: {
      found: count(judgedTruths, 'found'),
      confused: count(judgedTruths, 'confused'),
      missed: count(judgedTruths, 'missed'),
      extra: count(judgedDetections, 'extra'),
    },
  };
}
