// How the heads' distances become one score, and the threshold on it: from good views that were left out of what was learnt.
import { highestBy, median, sorted } from '../../scoring/order-statistics.ts';
import { smoothPlane } from '../../scoring/smooth-plane.ts';
import { type CalibrationScores, calibrateThreshold, type Threshold } from '../../scoring/threshold.ts';
import { gridOf } from './features.ts';
import { distancesGraph, type Fusion, type HeadName, neighbourMean, topCount } from './graphs.ts';
import { eachView, type Lesson, type Lessons } from './learn.ts';
import { blurInside, type PatchRegion, valuesInside } from './patch-region.ts';
import type { View } from './views.ts';

export interface Calibration {
  readonly fusion: Fusion;
  readonly calibration: CalibrationScores;
  readonly threshold: Threshold;
  /** How much each head counts, 0..1; together 1. */
  readonly shares: readonly HeadShare[];
}

export interface HeadShare {
  readonly head: HeadName;
  readonly weight: number;
}

/** The distances of one view: a plane [g * g] for each head. */
type Planes = readonly Float32Array[];

/** What good parts give at each place: planes [g * g]. */
interface Place {
  readonly mean: Float64Array;
  /** Above zero everywhere. */
  readonly spread: Float64Array;
}

/** How far the mean of a place counts instead of that of all places: fully, parts that lie freely are judged too harshly. */
const PLACE_SHARE = 0.5;
/** Places are blurred by so many patches, since a few pictures say little of one place alone. */
const BLUR = 2;
/** Added to the spread of each place, as a share of the typical one. */
const LEAST_SPREAD = 0.3;
/** Added to the spread of scores, as a share of their median: a few alike pictures are not trusted far. */
const LEAST_SCORE_SPREAD = 0.02;
/**
 * No peak counts as lower, in spreads of good scores: the middle of good scores is zero, and a cut at or below it would colour
 * every good part.
 */
const LEAST_PEAK = 0.5;
/**
 * How much each head counts where there are several: found once over all sets of bench/quality.ts. Weights by made-up defects
 * (CutPaste) were tried and were worse: on aliens they prefer the subspace, and the memory bank is better.
 */
const headWeights: Readonly<Record<HeadName, number>> = { 'memory-bank': 0.6, subspace: 0.4 };

/** Measures, fuses and calibrates. Throws what calibrateThreshold throws. */
export async function calibrate(
  lesson: Lesson,
  { without }: Lessons,
  names: readonly HeadName[],
): Promise<Calibration> {
  const { settings, plan, region, pictures } = lesson;
  const grid = gridOf(settings.imageSize);
  const { samples } = plan;
  const good = await leftOut(lesson, without, plan.scored);
  const heads = names.map((_, head) => {
    const planes = good.map((view) => view[head]!);
    const others = [...new Set(samples)].map((sample) => {
      const rest = planes.filter((_, i) => samples[i] !== sample);
      return placeOf(rest.length > 0 ? rest : planes, grid, region);
    });
    return { whole: placeOf(planes, grid, region), others, planes };
  });
  // Scores of each head alone, in spreads of good parts, by places that the view itself had no part in.
  const alone = heads.map(({ planes, others }) => {
    const own = planes.map((plane, i) =>
      topMean(valuesInside(inSpreads(plane, others[samples[i]!]!), region)),
    );
    return highestBy(own, samples); // where a picture is cut into tiles, its worst tile speaks for it
  });
  const levels = alone.map(levelOf);
  const weights = weightsOf(names);
  const fuse = (places: readonly Place[]) => fusionOf(places, levels, weights);
  const scores: number[] = [];
  const peaks: number[] = [];
  for (const [i, view] of good.entries()) {
    const fused = fusedPlane(view, fuse(heads.map(({ others }) => others[samples[i]!]!)));
    scores.push(topMean(valuesInside(fused, region)));
    // What is drawn between patches is never higher than the patches.
    const calm = blurInside(fused, region, (plane) => neighbourMean(plane, grid));
    peaks.push(Math.max(LEAST_PEAK, highest(valuesInside(calm, region))));
  }
  const calibration: CalibrationScores = {
    scores: highestBy(scores, samples),
    peaks: highestBy(peaks, samples),
    source: 'cross-fitted',
    names: plan.scored
      .filter((_, i) => samples.indexOf(samples[i]!) === i)
      .map(({ picture }) => pictures.names[pictures.pieces[picture]!]!),
    targetFalseAlarmRate: settings.falseAlarmRate,
  };
  return {
    fusion: fuse(heads.map(({ whole }) => whole)),
    calibration,
    threshold: calibrateThreshold(calibration),
    shares: names.map((head, i) => ({ head, weight: weights[i]! })),
  };
}

/** The planes of views, each measured by what was learnt without its fold; in the order of `views`. */
async function leftOut(
  lesson: Lesson,
  without: Lessons['without'],
  views: readonly View[],
): Promise<Planes[]> {
  const { encoder, settings } = lesson;
  const found = new Map<View, Planes>();
  for (const [fold, learnt] of without.entries()) {
    const own = views.filter((view) => view.fold === fold);
    if (own.length === 0) continue;
    const graph = distancesGraph(encoder, settings.imageSize, learnt);
    const keep: Parameters<typeof eachView>[3] = ({ distances }, view) => {
      const { data, dims } = distances!;
      const patches = dims[1]!;
      const heads = Array.from({ length: dims[0]! }, (_, h) => data.slice(h * patches, (h + 1) * patches));
      found.set(view, heads as Float32Array[]);
    };
    await eachView(lesson, graph, own, keep);
  }
  return views.map((view) => found.get(view)!);
}

/** What the planes have in common at each place. Patches that do not count have no part in it. */
function placeOf(used: readonly Float32Array[], grid: number, region: PatchRegion | null): Place {
  const patches = grid * grid;
  const sums = new Float64Array(patches);
  for (const plane of used) for (let i = 0; i < patches; i++) sums[i]! += plane[i]! / used.length;
  const blur = (plane: Float64Array) => blurInside(plane, region, (whole) => smoothPlane(whole, grid, BLUR));
  const mean = blur(sums);
  const squares = new Float64Array(patches);
  for (const plane of used)
    for (let i = 0; i < patches; i++) squares[i]! += (plane[i]! - mean[i]!) ** 2 / used.length;
  const variance = blur(squares);
  const typical = Math.sqrt(average(valuesInside(variance, region)));
  const level = average(valuesInside(mean, region));
  const between = mean.map((m) => level + PLACE_SHARE * (m - level));
  return { mean: between, spread: variance.map((v) => Math.sqrt(v) + LEAST_SPREAD * typical + 1e-6) };
}

function average(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function inSpreads(plane: Float32Array, { mean, spread }: Place): Float64Array {
  return mean.map((m, i) => (plane[i]! - m) / spread[i]!);
}

interface Level {
  readonly middle: number;
  readonly spread: number;
}

function levelOf(scores: readonly number[]): Level {
  const middle = median(sorted(scores));
  const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length;
  return { middle, spread: Math.sqrt(variance) + LEAST_SCORE_SPREAD * Math.abs(middle) + 1e-6 };
}

/** The shares of the heads that there are; together 1. */
function weightsOf(names: readonly HeadName[]): number[] {
  const sum = names.reduce((total, head) => total + headWeights[head], 0);
  return names.map((head) => headWeights[head] / sum);
}

/** fused = sum of weight * ((distance - mean) / spread - middle of good scores) / their spread. */
function fusionOf(places: readonly Place[], levels: readonly Level[], weights: readonly number[]): Fusion {
  const patches = places[0]!.mean.length;
  const offset = new Float64Array(patches);
  const gains = places.map(({ mean, spread }, head) => {
    const { middle, spread: scoreSpread } = levels[head]!;
    const factor = weights[head]! / scoreSpread;
    for (let i = 0; i < patches; i++) offset[i]! -= factor * (mean[i]! / spread[i]! + middle);
    return Float32Array.from(spread, (s) => factor / s);
  });
  return { gains, offset: Float32Array.from(offset) };
}

export function fusedPlane(planes: Planes, { gains, offset }: Fusion): Float64Array {
  return Float64Array.from(offset, (start, i) =>
    gains.reduce((sum, gain, head) => sum + gain[i]! * planes[head]![i]!, start),
  );
}

/** The mean of the worst patches, as the inspection graph takes it. */
export function topMean(plane: ArrayLike<number>): number {
  const count = topCount(plane.length);
  const worst = sorted(plane).subarray(plane.length - count);
  return worst.reduce((a, b) => a + b, 0) / count;
}

/** The highest of the map's patches. */
function highest(plane: Float64Array): number {
  return plane.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}
