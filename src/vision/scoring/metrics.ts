// How well image scores part anomalous pictures from good ones, when the truth is known.
import { Random } from '../../autodiff/random.ts';
import { quantile, sorted } from './order-statistics.ts';

/** A measure, or the reason why the pictures at hand do not have it. */
export type Metric =
  | { readonly value: number; readonly reason?: never }
  | { readonly value: null; readonly reason: string };

/** One picture: its score and whether it is truly anomalous. */
export interface Judged {
  readonly score: number;
  readonly anomalous: boolean;
}

/** Area under the ROC curve: the chance that an anomalous picture scores higher than a good one, ties counted half. */
export function auroc(pictures: readonly Judged[]): Metric {
  return missingClass(pictures) ?? { value: areaUnderRoc(steps(pictures)) };
}

/** Average precision: precision at each distinct score, weighted by the recall it adds (no interpolation). */
export function averagePrecision(pictures: readonly Judged[]): Metric {
  const missing = missingClass(pictures);
  if (missing !== null) return missing;
  const points = precisionRecallCurve(pictures);
  let [area, recall] = [0, 0];
  for (const p of points) {
    area += (p.recall - recall) * p.precision;
    recall = p.recall;
  }
  return { value: area };
}

export interface BestF1 {
  readonly f1: number;
  /** Half way between the lowest score called anomalous and the next lower one. */
  readonly threshold: number;
}

/** The highest F1 that any threshold reaches on these very pictures: a bound, not a promise. Null without both classes. */
export function bestF1(pictures: readonly Judged[]): BestF1 | null {
  if (missingClass(pictures) !== null) return null;
  const groups = steps(pictures);
  const anomalous = groups.at(-1)!.truePositives;
  const f1 = (s: Step) => (2 * s.truePositives) / (s.truePositives + s.falsePositives + anomalous);
  let best = 0;
  for (let i = 1; i < groups.length; i++) if (f1(groups[i]!) > f1(groups[best]!)) best = i;
  const { score } = groups[best]!;
  const below = groups[best + 1]?.score ?? score - Math.max(1e-6, Math.abs(score) * 1e-6);
  return { f1: f1(groups[best]!), threshold: (score + below) / 2 };
}

/** Counts at a threshold: "positive" is called anomalous, "true" is rightly so. */
export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

/** Counts with the verdict rule of the product: anomalous when the score is above the threshold. */
export function confusionAt(pictures: readonly Judged[], threshold: number): Confusion {
  const count = (anomalous: boolean, called: boolean) =>
    pictures.filter((p) => p.anomalous === anomalous && p.score > threshold === called).length;
  return {
    truePositives: count(true, true),
    falsePositives: count(false, true),
    trueNegatives: count(false, false),
    falseNegatives: count(true, false),
  };
}

/** The share of good pictures that are called anomalous. */
export function falseAlarmRate(c: Confusion): Metric {
  const good = c.falsePositives + c.trueNegatives;
  return good > 0 ? { value: c.falsePositives / good } : { value: null, reason: NO_GOOD };
}

/** The share of anomalous pictures that are found. */
export function recall(c: Confusion): Metric {
  const anomalous = c.truePositives + c.falseNegatives;
  return anomalous > 0 ? { value: c.truePositives / anomalous } : { value: null, reason: NO_ANOMALOUS };
}

/** The share of pictures called anomalous that are. */
export function precision(c: Confusion): Metric {
  const called = c.truePositives + c.falsePositives;
  return called > 0
    ? { value: c.truePositives / called }
    : { value: null, reason: 'no picture is called anomalous' };
}

/** Those on the wrong side of the threshold, the one farthest from it first; of equally far ones in the order given. */
export function worstFirst<P extends Judged>(pictures: readonly P[], threshold: number): P[] {
  return pictures
    .filter((p) => p.score > threshold !== p.anomalous)
    .sort((a, b) => Math.abs(b.score - threshold) - Math.abs(a.score - threshold));
}

export interface RocPoint {
  /** Pictures that score this or more are called anomalous; Infinity for the first point, where none is. */
  readonly score: number;
  readonly falsePositiveRate: number;
  readonly truePositiveRate: number;
}

/** The ROC curve, one point a distinct score, from (0, 0) to (1, 1). Empty without both classes. */
export function rocCurve(pictures: readonly Judged[]): RocPoint[] {
  if (missingClass(pictures) !== null) return [];
  const groups = steps(pictures);
  const end = groups.at(-1)!;
  const origin = { score: Number.POSITIVE_INFINITY, falsePositiveRate: 0, truePositiveRate: 0 };
  return [
    origin,
    ...groups.map((s) => ({
      score: s.score,
      falsePositiveRate: s.falsePositives / end.falsePositives,
      truePositiveRate: s.truePositives / end.truePositives,
    })),
  ];
}

export interface PrecisionRecallPoint {
  readonly score: number;
  readonly precision: number;
  readonly recall: number;
}

/** Precision and recall at each distinct score, by falling score. Empty without both classes. */
export function precisionRecallCurve(pictures: readonly Judged[]): PrecisionRecallPoint[] {
  if (missingClass(pictures) !== null) return [];
  const groups = steps(pictures);
  const anomalous = groups.at(-1)!.truePositives;
  return groups.map((s) => ({
    score: s.score,
    precision: s.truePositives / (s.truePositives + s.falsePositives),
    recall: s.truePositives / anomalous,
  }));
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  readonly seed: number;
  readonly rounds?: number;
  /** The share of resampled areas inside the interval. */
  readonly level?: number;
}

/**
 * Percentile bootstrap interval of the AUROC: good and anomalous pictures are resampled each among themselves, so that no
 * resample lacks a class. Null without both classes. With all pictures apart the interval is a point: it then says
 * nothing about pictures not seen.
 */
export function aurocInterval(
  pictures: readonly Judged[],
  { seed, rounds = 1000, level = 0.95 }: BootstrapOptions,
): Interval | null {
  if (missingClass(pictures) !== null) return null;
  const random = new Random(seed);
  const groups = groupIndices(pictures);
  const areas = Array.from({ length: rounds }, () => areaUnderRoc(resample(groups, random)));
  const ordered = sorted(areas);
  return { low: quantile(ordered, (1 - level) / 2), high: quantile(ordered, (1 + level) / 2) };
}

const NO_GOOD = 'there is no good picture among them';
const NO_ANOMALOUS = 'there is no anomalous picture among them';

/** Also the place where scores are checked: throws `internal` for one that is not finite. */
function missingClass(pictures: readonly Judged[]): { value: null; reason: string } | null {
  const broken = pictures.find((p) => !Number.isFinite(p.score));
  if (broken !== undefined) throw new Error(`internal: a picture has the score ${broken.score}`);
  if (!pictures.some((p) => !p.anomalous)) return { value: null, reason: NO_GOOD };
  if (!pictures.some((p) => p.anomalous)) return { value: null, reason: NO_ANOMALOUS };
  return null;
}

/** Cumulative counts of all pictures that score `score` or more. */
interface Step {
  readonly score: number;
  readonly truePositives: number;
  readonly falsePositives: number;
}

/** One step a distinct score, by falling score. */
function steps(pictures: readonly Judged[]): Step[] {
  const ordered = [...pictures].sort((a, b) => b.score - a.score);
  const out: Step[] = [];
  let [truePositives, falsePositives] = [0, 0];
  ordered.forEach((p, i) => {
    if (p.anomalous) truePositives++;
    else falsePositives++;
    if (ordered[i + 1]?.score !== p.score) out.push({ score: p.score, truePositives, falsePositives });
  });
  return out;
}

/** Trapezoids under the steps. */
function areaUnderRoc(groups: readonly Pick<Step, 'truePositives' | 'falsePositives'>[]): number {
  let [area, tp, fp] = [0, 0, 0];
  for (const s of groups) {
    area += ((s.falsePositives - fp) * (s.truePositives + tp)) / 2;
    [tp, fp] = [s.truePositives, s.falsePositives];
  }
  return area / (tp * fp);
}

/** For every good and anomalous picture the number of its distinct score, by falling score. */
interface GroupIndices {
  readonly count: number;
  readonly good: Int32Array;
  readonly anomalous: Int32Array;
}

function groupIndices(pictures: readonly Judged[]): GroupIndices {
  const numbers = new Map(steps(pictures).map((s, i) => [s.score, i]));
  const of = (anomalous: boolean) =>
    Int32Array.from(
      pictures.filter((p) => p.anomalous === anomalous),
      (p) => numbers.get(p.score)!,
    );
  return { count: numbers.size, good: of(false), anomalous: of(true) };
}

function resample({ count, good, anomalous }: GroupIndices, random: Random) {
  const draw = (from: Int32Array) => {
    const counts = new Float64Array(count);
    for (let i = 0; i < from.length; i++) counts[from[random.int(from.length)]!]!++;
    for (let i = 1; i < count; i++) counts[i]! += counts[i - 1]!;
    return counts;
  };
  const [falsePositives, truePositives] = [draw(good), draw(anomalous)];
  return Array.from({ length: count }, (_, i) => ({
    falsePositives: falsePositives[i]!,
    truePositives: truePositives[i]!,
  }));
}
