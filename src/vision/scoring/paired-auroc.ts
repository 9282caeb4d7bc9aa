// Whether one model tells good from bad better than another on the same pictures, or only seems to.
import { Random } from '../../autodiff/random.ts';
import { auroc, type Interval, type Judged, type Metric } from './metrics.ts';
import { quantile, sorted } from './order-statistics.ts';

/** The truth of a picture and what two models score it. */
export interface JudgedTwice {
  readonly anomalous: boolean;
  readonly first: number;
  readonly second: number;
}

export interface AurocDifference {
  /** Of the second model minus that of the first. */
  readonly difference: Metric;
  /** null without both classes. Holds 0: these pictures do not tell which one is better. */
  readonly interval: Interval | null;
}

/**
 * The difference of the areas under the two ROC curves, with a percentile bootstrap interval. Both models are given the same
 * resampled pictures, so that what is hard for both does not widen it; good and anomalous ones are drawn each among
 * themselves.
 */
export function aurocDifference(
  pictures: readonly JudgedTwice[],
  {
    seed,
    rounds = 1000,
    level = 0.95,
  }: { readonly seed: number; readonly rounds?: number; readonly level?: number },
): AurocDifference {
  const first = auroc(by(pictures, 'first'));
  const second = auroc(by(pictures, 'second'));
  if (first.value === null || second.value === null)
    return { difference: first.value === null ? first : second, interval: null };
  const random = new Random(seed);
  const places = { first: placesOf(pictures, 'first'), second: placesOf(pictures, 'second') };
  const [good, anomalous] = [count(pictures, false), count(pictures, true)];
  const differences = Array.from({ length: rounds }, () => {
    const [g, a] = [draws(good, random), draws(anomalous, random)];
    return meanWin(places.second, a, g) - meanWin(places.first, a, g);
  });
  const ordered = sorted(differences);
  return {
    difference: { value: second.value - first.value },
    interval: { low: quantile(ordered, (1 - level) / 2), high: quantile(ordered, (1 + level) / 2) },
  };
}

type Model = 'first' | 'second';

function by(pictures: readonly JudgedTwice[], model: Model): Judged[] {
  return pictures.map((p) => ({ anomalous: p.anomalous, score: p[model] }));
}

function count(pictures: readonly JudgedTwice[], anomalous: boolean): number {
  return pictures.filter((p) => p.anomalous === anomalous).length;
}

/** Rank sums rather than all pairs: for each picture its place among the distinct scores of the model. */
interface Places {
  readonly distinct: number;
  readonly good: Int32Array;
  readonly anomalous: Int32Array;
}

function placesOf(pictures: readonly JudgedTwice[], model: Model): Places {
  const scores = [...new Set(pictures.map((p) => p[model]))].sort((a, b) => a - b);
  const place = new Map(scores.map((score, i) => [score, i]));
  const of = (anomalous: boolean) =>
    Int32Array.from(
      pictures.filter((p) => p.anomalous === anomalous),
      (p) => place.get(p[model])!,
    );
  return { distinct: scores.length, good: of(false), anomalous: of(true) };
}

function draws(n: number, random: Random): Int32Array {
  return Int32Array.from({ length: n }, () => random.int(n));
}

/** The share of pairs in which the anomalous picture scores higher, ties counted half. */
function meanWin({ distinct, good, anomalous }: Places, a: Int32Array, g: Int32Array): number {
  const lower = new Float64Array(distinct + 1);
  for (const i of g) lower[good[i]! + 1]!++;
  for (let i = 1; i <= distinct; i++) lower[i]! += lower[i - 1]!;
  let wins = 0;
  for (const i of a) wins += (lower[anomalous[i]!]! + lower[anomalous[i]! + 1]!) / 2;
  return wins / (a.length * g.length);
}
