// How well detections find the true boxes of many pictures: COCO's average precision, curves, confusion.
import type { LabelledBox } from '../dataset/labelled.ts';
import { type ConfusionMatrix, confusionMatrix } from './confusion-matrix.ts';
import type { Detection } from './detection.ts';
import {
  CONFIDENCE_STEPS,
  type ConfidenceCounts,
  countByConfidence,
  interpolatedPrecision,
  type RankedClass,
  rankClass,
  recallPoints,
} from './detection-curves.ts';
import { iouThresholds, matchDetections } from './detection-matching.ts';

/** What was found in a picture and what is truly there, in the same pixels. */
export interface JudgedDetections {
  readonly detections: readonly Detection[];
  readonly truths: readonly LabelledBox[];
}

export interface DetectionMetricOptions {
  /** Only so many of the surest detections of a class count in a picture. */
  readonly maxDetections: number;
  /** For the confusion matrix: detections below `confidence` do not count, boxes belong together from `iou` on. */
  readonly confidence: number;
  readonly iou: number;
}

/** All 0..1; null where there is no such figure. Precision, recall and F1 are those at IoU 0.50. */
export interface DetectionFigures {
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
}

export interface ClassFigures extends DetectionFigures {
  readonly name: string;
  /** True boxes, the pictures that have any, and the detections that count. */
  readonly truths: number;
  readonly pictures: number;
  readonly detections: number;
  readonly ap50: number | null;
  readonly ap50_95: number | null;
}

/** The curves of a class, or their means; values to five decimals. */
export interface DetectionCurve {
  /** One value for each of `recalls`: the interpolated precision at IoU 0.50. */
  readonly precisionByRecall: readonly number[];
  /** One value for each of `confidences`; a precision is null where nothing is that sure. */
  readonly precision: readonly (number | null)[];
  readonly recall: readonly number[];
  readonly f1: readonly number[];
}

export interface DetectionCurves {
  /** 0, 0.01 .. 1 */
  readonly recalls: readonly number[];
  /** 0, 0.01 .. 1 */
  readonly confidences: readonly number[];
  /** One a class; null for a class without true boxes. */
  readonly classes: readonly (DetectionCurve | null)[];
  /** Null when there is no true box at all. */
  readonly mean: DetectionCurve | null;
}

/** Plain values, without NaN, so that it survives JSON. */
export interface DetectionReport extends DetectionFigures {
  readonly map50: number | null;
  readonly map50_95: number | null;
  /**
   * The confidence with the best mean F1 among 0, 0.001 .. 1, the middle one where several are the best in a row; null
   * when nothing is found. Precision, recall and F1 of the report and of its classes are taken there (without it at 0).
   */
  readonly bestConfidence: number | null;
  readonly perClass: readonly ClassFigures[];
  readonly curves: DetectionCurves;
  readonly confusion: ConfusionMatrix;
  readonly counts: { readonly pictures: number; readonly truths: number; readonly detections: number };
  /** Names of the classes without a true box: they have no figures and are left out of every mean. */
  readonly classesWithoutTruth: readonly string[];
}

export const detectionDefaults: DetectionMetricOptions = { maxDetections: 300, confidence: 0.25, iou: 0.45 };

/** Everything that the matching says about a class, before it is ranked. */
interface ClassTally {
  truths: number;
  pictures: number;
  readonly confidences: number[];
  readonly hits: number[];
}

/** A class with true boxes, ready for figures. */
interface ScoredClass {
  readonly ranked: RankedClass;
  /** One a threshold, the precision at each of the 101 recalls. */
  readonly precisions: readonly Float64Array[];
  readonly counts: ConfidenceCounts;
}

/**
 * Judge the detections of many pictures by the method of pycocotools (boxes, all areas, no crowds): greedy matching by
 * confidence at IoU 0.50:0.05:0.95, precision interpolated at 101 recalls, means over the classes that have true boxes.
 * F1 and its confidence come from exact counts, not smoothed. A mean precision leaves out classes that find nothing.
 */
export function evaluateDetections(
  pictures: readonly JudgedDetections[],
  classes: readonly string[],
  options: Partial<DetectionMetricOptions> = {},
): DetectionReport {
  const { maxDetections, confidence, iou } = { ...detectionDefaults, ...options };
  const tallies = tally(pictures, classes.length, maxDetections);
  const scored = tallies.map(scoreClass);
  const known = scored.filter((s) => s !== null);
  const best = bestStep(known);
  const perClass = classes.map((name, c) => classFigures(name, tallies[c]!, scored[c]!, best ?? 0));
  return {
    map50: mean(perClass.map((c) => c.ap50)),
    map50_95: mean(perClass.map((c) => c.ap50_95)),
    precision: mean(perClass.map((c) => c.precision)),
    recall: mean(perClass.map((c) => c.recall)),
    f1: mean(perClass.map((c) => c.f1)),
    bestConfidence: best === null ? null : best / CONFIDENCE_STEPS,
    perClass,
    curves: curvesOf(scored),
    confusion: confusionMatrix(pictures, classes.length, confidence, iou),
    counts: {
      pictures: pictures.length,
      truths: sum(tallies.map((t) => t.truths)),
      detections: sum(tallies.map((t) => t.confidences.length)),
    },
    classesWithoutTruth: classes.filter((_, c) => tallies[c]!.truths === 0),
  };
}

function tally(pictures: readonly JudgedDetections[], classes: number, maxDetections: number): ClassTally[] {
  const tallies = Array.from(
    { length: classes },
    (): ClassTally => ({ truths: 0, pictures: 0, confidences: [], hits: [] }),
  );
  for (const picture of pictures) {
    const detections = byClass(picture.detections, classes);
    const truths = byClass(picture.truths, classes);
    for (const classId of new Set([...detections.keys(), ...truths.keys()])) {
      const [found, there] = [detections.get(classId) ?? [], truths.get(classId) ?? []];
      const matched = matchDetections(found, there, maxDetections);
      const into = tallies[classId]!;
      into.truths += there.length;
      if (there.length > 0) into.pictures++;
      for (const v of matched.confidences) into.confidences.push(finite(v));
      for (const bits of matched.hits) into.hits.push(bits);
    }
  }
  return tallies;
}

function byClass<B extends LabelledBox>(boxes: readonly B[], classes: number): Map<number, B[]> {
  const groups = new Map<number, B[]>();
  for (const box of boxes) {
    if (!Number.isInteger(box.classId) || box.classId < 0 || box.classId >= classes)
      throw new Error(`internal: a box has class ${box.classId} of ${classes}`);
    const group = groups.get(box.classId);
    if (group === undefined) groups.set(box.classId, [box]);
    else group.push(box);
  }
  return groups;
}

function scoreClass({ truths, confidences, hits }: ClassTally): ScoredClass | null {
  if (truths === 0) return null;
  const ranked = rankClass(truths, confidences, hits);
  return {
    ranked,
    precisions: iouThresholds.map((_, bit) => interpolatedPrecision(ranked, bit)),
    counts: countByConfidence(ranked),
  };
}

/** The step of the best mean F1: the middle of the first run of equal ones; null when no detection is right. */
function bestStep(classes: readonly ScoredClass[]): number | null {
  if (classes.length === 0) return null;
  const meanF1 = (step: number) => sum(classes.map((c) => figuresAt(c, step).f1)) / classes.length;
  const curve = Float64Array.from({ length: CONFIDENCE_STEPS + 1 }, (_, step) => meanF1(step));
  const highest = curve.reduce((a, b) => Math.max(a, b), 0);
  if (highest === 0) return null;
  const first = curve.indexOf(highest);
  let last = first;
  while (curve[last + 1] === highest) last++;
  return Math.floor((first + last) / 2);
}

function figuresAt({ ranked, counts }: ScoredClass, step: number) {
  const [right, found] = [counts.right[step]!, counts.found[step]!];
  return {
    precision: found === 0 ? null : right / found,
    recall: right / ranked.truths,
    f1: (2 * right) / (found + ranked.truths),
  };
}

function classFigures(
  name: string,
  { truths, pictures, confidences }: ClassTally,
  scored: ScoredClass | null,
  step: number,
): ClassFigures {
  const counts = { name, truths, pictures, detections: confidences.length };
  if (scored === null)
    return { ...counts, ap50: null, ap50_95: null, precision: null, recall: null, f1: null };
  const areas = scored.precisions.map((points) => sum(points) / points.length);
  return {
    ...counts,
    ap50: areas[0]!,
    ap50_95: sum(areas) / areas.length,
    ...figuresAt(scored, step),
  };
}

function curvesOf(scored: readonly (ScoredClass | null)[]): DetectionCurves {
  const confidences = recallPoints.map((_, i) => i / 100);
  const curves = scored.map((c) => (c === null ? null : curveOf(c, confidences)));
  return {
    recalls: confidences,
    confidences,
    classes: curves.map((c) => (c === null ? null : shortened(c))),
    mean: meanCurve(curves.filter((c) => c !== null)),
  };
}

function curveOf(scored: ScoredClass, confidences: readonly number[]): DetectionCurve {
  const at = confidences.map((c) => figuresAt(scored, Math.round(c * CONFIDENCE_STEPS)));
  return {
    precisionByRecall: [...scored.precisions[0]!],
    precision: at.map((f) => f.precision),
    recall: at.map((f) => f.recall),
    f1: at.map((f) => f.f1),
  };
}

function meanCurve(curves: readonly DetectionCurve[]): DetectionCurve | null {
  if (curves.length === 0) return null;
  const means = (values: (c: DetectionCurve) => readonly number[]) =>
    values(curves[0]!).map((_, i) => sum(curves.map((c) => values(c)[i]!)) / curves.length);
  return shortened({
    precisionByRecall: means((c) => c.precisionByRecall),
    precision: curves[0]!.precision.map((_, i) => mean(curves.map((c) => c.precision[i]!))),
    recall: means((c) => c.recall),
    f1: means((c) => c.f1),
  });
}

function shortened({ precisionByRecall, precision, recall, f1 }: DetectionCurve): DetectionCurve {
  const round = (v: number) => Math.round(v * 1e5) / 1e5;
  return {
    precisionByRecall: precisionByRecall.map(round),
    precision: precision.map((v) => (v === null ? null : round(v))),
    recall: recall.map(round),
    f1: f1.map(round),
  };
}

/** The mean of the figures that exist; null when none does. */
function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((v) => v !== null);
  return known.length === 0 ? null : sum(known) / known.length;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}

function finite(confidence: number): number {
  if (!Number.isFinite(confidence)) throw new Error(`internal: a detection has the confidence ${confidence}`);
  return confidence;
}
