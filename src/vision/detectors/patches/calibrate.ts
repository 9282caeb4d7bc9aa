// How the heads' distances become one score, and the threshold on it: from good views that were left out of what was learnt.
import { highestBy, median, sorted } from '../../scoring/order-statistics.ts';
import { smoothPlane } from '../../scoring/smooth-plane.ts';
import { type CalibrationScores, calibrateThreshold, type Threshold } from '../../scoring/threshold.ts';
import { countOfShare } from '../region-graph.ts';
import { gridOf } from './features.ts';
import {
  distancesGraph,
  type Fusion,
  type HeadName,
  headOfPart,
  neighbourMean,
  type PlaneName,
  planesOf,
} from './graphs.ts';
import { eachView, type Lesson, type Lessons } from './learn.ts';
import { blurInside, type PatchRegion, valuesInside } from './patch-region.ts';
import type { View } from './views.ts';

export interface Calibration {
  readonly fusion: Fusion;
  readonly calibration: CalibrationScores;
  readonly threshold: Threshold;
  readonly shares: readonly HeadShare[];
}

export interface HeadShare {
  readonly head: HeadName;
  /** The share of the left-out good pictures whose score this head gave, 0..1; together 1. */
  readonly weight: number;
}

/** The distances of one view: a plane [g * g] for each part. */
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
const LEAST_SPREAD = 0.1;
/** Added to the spread of scores, as a share of their median: a few alike pictures are not trusted far. */
const LEAST_SCORE_SPREAD = 0.02;
/**
 * No peak counts as lower, in spreads of good scores: the middle of good scores is zero, and a cut at or below it would colour
 * every good part.
 */
const LEAST_PEAK = 0.5;
/**
 * What a spread of each part counts: found once over all sets of bench/quality.ts. A weight of 1 for subspace and autoencoder costs
 * aliens up to 0.008: good parts in rare poses are strange to both. Weights by made-up defects (CutPaste) were tried and were worse.
 */
const partWeights: Readonly<Record<PlaneName, number>> = {
  fine: 1,
  coarse: 1,
  subspace: 0.6,
  autoencoder: 0.6,
};
/** Of fewer pictures, fine patches know too few good places: a weight of 1 costs aliens 0.006 to 0.017 from eight of them. */
const FINE_PICTURES = 20;
const FINE_OF_FEW = 0.6;

/**
 * The share of its patches, the worst ones, whose mean is the score of a part. A coarse patch lies under four of the plane, so that
 * 1 % of them would be two or three coarse ones.
 */
const topShares: Readonly<Record<PlaneName, number>> = {
  fine: 0.01,
  coarse: 0.04,
  subspace: 0.01,
  autoencoder: 0.01,
};

/** Measures, fuses and calibrates. Throws what calibrateThreshold throws. */
export async function calibrate(
  lesson: Lesson,
  { without, whole }: Lessons,
  names: readonly HeadName[],
): Promise<Calibration> {
  const { settings, plan, region, pictures } = lesson;
  const grid = gridOf(settings.imageSize);
  const measured = [...plan.scored, ...plan.besides];
  const samples = plan.samples.slice(0, plan.scored.length);
  // Of tiles, the worst speaks for its picture; a moved view for itself.
  const speakers = [...samples, ...plan.besides.map((_, i) => -1 - i)];
  const good = await leftOut(lesson, without, measured);
  const parts = planesOf(whole);
  const weights = pictures.count < FINE_PICTURES ? { ...partWeights, fine: FINE_OF_FEW } : partWeights;
  // Each part in spreads of good parts, by places that the view itself had no part in; then in spreads of good scores.
  const planes = parts.map((part, k) => {
    const places = new Places(
      good.map((view) => view[k]!),
      plan.samples,
      grid,
      region,
    );
    const own = good.map((view, i) => inSpreads(view[k]!, places.without(plan.samples[i]!)));
    const scores = own.map((plane) => topMean(valuesInside(plane, region), topShares[part]));
    const level = levelOf(highestBy(scores, speakers));
    const factor = weights[part] / weights[parts[0]!] / level.spread;
    return {
      fusion: { ...planeOf(places.all(), level.middle, factor), topShare: topShares[part] },
      own: own.map((plane) => plane.map((v) => factor * (v - level.middle))),
      scores: scores.map((score) => factor * (score - level.middle)),
    };
  });
  const scores = plan.scored.map((_, i) => Math.max(...planes.map((part) => part.scores[i]!)));
  const peaks = plan.scored.map((_, i) => {
    const highestPlane = planes[0]!.own[i]!.map((_, at) =>
      Math.max(...planes.map(({ own }) => own[i]![at]!)),
    );
    // What is drawn between patches is never higher than the patches.
    const calm = blurInside(highestPlane, region, (plane) => neighbourMean(plane, grid));
    return Math.max(LEAST_PEAK, highest(valuesInside(calm, region)));
  });
  const calibration: CalibrationScores = {
    scores: highestBy(scores, samples),
    peaks: highestBy(peaks, samples),
    source: 'cross-fitted',
    names: plan.scored
      .filter((_, i) => samples.indexOf(samples[i]!) === i)
      .map(({ picture }) => pictures.names[pictures.pieces[picture]!]!),
    targetFalseAlarmRate: settings.falseAlarmRate,
  };
  const deciding = scores.map(
    (score, i) => headOfPart[parts[planes.findIndex((p) => p.scores[i] === score)]!],
  );
  return {
    fusion: planes.map(({ fusion }) => fusion),
    calibration,
    threshold: calibrateThreshold(calibration),
    shares: names.map((head) => ({
      head,
      weight: deciding.filter((name) => name === head).length / deciding.length,
    })),
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
      const parts = Array.from({ length: dims[0]! }, (_, p) => data.slice(p * patches, (p + 1) * patches));
      found.set(view, parts as Float32Array[]);
    };
    await eachView(lesson, graph, own, keep);
  }
  return views.map((view) => found.get(view)!);
}

/** What planes have in common at each place, all of them or all but those of one sample; in time that does not grow with them. */
class Places {
  readonly #planes: readonly Float32Array[];
  readonly #samples: readonly number[];
  readonly #grid: number;
  readonly #region: PatchRegion | null;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;

  constructor(
    planes: readonly Float32Array[],
    samples: readonly number[],
    grid: number,
    region: PatchRegion | null,
  ) {
    this.#planes = planes;
    this.#samples = samples;
    this.#grid = grid;
    this.#region = region;
    this.#sums = new Float64Array(grid * grid);
    this.#squares = new Float64Array(grid * grid);
    for (const plane of planes) this.#count(plane, 1, this.#sums, this.#squares);
  }

  all(): Place {
    return this.#place(this.#planes.length, this.#sums, this.#squares);
  }

  /** Of the others; of all when there are none. */
  without(sample: number): Place {
    const own = this.#planes.filter((_, i) => this.#samples[i] === sample);
    if (own.length === this.#planes.length) return this.all();
    const [sums, squares] = [this.#sums.slice(), this.#squares.slice()];
    for (const plane of own) this.#count(plane, -1, sums, squares);
    return this.#place(this.#planes.length - own.length, sums, squares);
  }

  #count(plane: Float32Array, times: number, sums: Float64Array, squares: Float64Array): void {
    for (let i = 0; i < plane.length; i++) {
      sums[i]! += times * plane[i]!;
      squares[i]! += times * plane[i]! ** 2;
    }
  }

  /** Patches that do not count have no part in it. */
  #place(count: number, sums: Float64Array, squares: Float64Array): Place {
    const region = this.#region;
    const blur = (plane: Float64Array) =>
      blurInside(plane, region, (whole) => smoothPlane(whole, this.#grid, BLUR));
    const mean = blur(sums.map((sum) => sum / count));
    // The mean of (plane - mean)^2 over the planes.
    const variance = blur(
      mean.map((m, i) => Math.max(0, squares[i]! / count - (2 * m * sums[i]!) / count + m * m)),
    );
    const typical = Math.sqrt(average(valuesInside(variance, region)));
    const level = average(valuesInside(mean, region));
    const between = mean.map((m) => level + PLACE_SHARE * (m - level));
    return { mean: between, spread: variance.map((v) => Math.sqrt(v) + LEAST_SPREAD * typical + 1e-6) };
  }
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

/**
 * The spread is the deviation, or what the highest score speaks for, whichever is more: a part to which one good picture looks
 * strange may find others strange too, and is trusted less.
 */
function levelOf(scores: readonly number[]): Level {
  const middle = median(sorted(scores));
  const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length;
  const reach = (scores.reduce((a, b) => Math.max(a, b)) - middle) / expectedReach(scores.length);
  const spread = Math.max(Math.sqrt(variance), reach);
  return { middle, spread: spread + LEAST_SCORE_SPREAD * Math.abs(middle) + 1e-6 };
}

/** How far the highest of so many normal values lies above their middle, in deviations, about. */
const expectedReach = (count: number) => Math.max(0.5, Math.sqrt(2 * Math.log(count)) - 0.5);

/** gain * distance + offset = factor * ((distance - mean) / spread - middle of good scores). */
function planeOf(
  { mean, spread }: Place,
  middle: number,
  factor: number,
): Pick<Fusion[number], 'gain' | 'offset'> {
  return {
    gain: Float32Array.from(spread, (s) => factor / s),
    offset: Float32Array.from(mean, (m, i) => -factor * (m / spread[i]! + middle)),
  };
}

/** The mean of the worst patches, as the inspection graph takes it. */
function topMean(plane: ArrayLike<number>, share: number): number {
  const count = countOfShare(plane.length, share);
  const worst = sorted(plane).subarray(plane.length - count);
  return worst.reduce((a, b) => a + b, 0) / count;
}

/** The highest of the map's patches. */
function highest(plane: Float64Array): number {
  return plane.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}
