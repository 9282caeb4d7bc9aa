// Where good ends: the threshold from scores of good pictures that the model was not trained on, and how far to trust it.
import { OkapiError } from '../errors.ts';
import { betaQuantile } from './beta-quantile.ts';
import { highestBy, median, quantile, sorted } from './order-statistics.ts';

/**
 * How a threshold was found:
 * - `quantile-and-spread`: the original's rule, max(P99.5 (P99 under 50 scores), median + 3 * 1.4826 * MAD);
 * - `conformal`: the order statistic that holds a stated false-alarm rate (Vovk et al. 2005; Lei et al. 2018);
 * - `conformal-short`: a rate was stated, but there are too few scores to promise it: the largest score (the second, where
 *   the largest stands apart) or the original's rule, whichever is higher;
 * - `imported`: read from a model of the original.
 */
export const thresholdMethods = ['quantile-and-spread', 'conformal', 'conformal-short', 'imported'] as const;
export type ThresholdMethod = (typeof thresholdMethods)[number];

/** Scores of pictures held out of one training, or each scored by the one of several trainings that did not see it. */
export const scoreSources = ['held-out', 'cross-fitted'] as const;
export type ScoreSource = (typeof scoreSources)[number];

export interface ScoreStatistics {
  readonly mean: number;
  readonly p99: number;
  readonly p995: number;
  readonly median: number;
  /** Median absolute deviation, not scaled. */
  readonly mad: number;
}

/** Where the share of good pictures that are called anomalous lies, with 95 % confidence, 0..1. */
export interface RateInterval {
  readonly low: number;
  readonly high: number;
}

/** Scores that lie so near to the threshold that the few good pictures it rests on do not decide them. */
export interface UncertainBand {
  readonly low: number;
  readonly high: number;
}

export interface Threshold {
  /** A picture is anomalous when its score is above this. */
  readonly value: number;
  /** A pixel belongs to a region when its score is above this; null for imported models, which have none. */
  readonly pixelValue: number | null;
  readonly method: ThresholdMethod;
  readonly source: ScoreSource;
  /** How many scores the threshold rests on; 0 when an imported model does not say. */
  readonly sampleCount: number;
  /** The share of good pictures that the user lets be called anomalous; null when not stated. */
  readonly targetFalseAlarmRate: number | null;
  /** What may be expected of it, in plain words. */
  readonly trust: string;
  /** Of the scores it rests on; null when an imported model does not say. */
  readonly statistics: ScoreStatistics | null;
  /** Missing where a rate was not stated, and in files that were written before there was one. */
  readonly falseAlarmInterval?: RateInterval;
  /** Missing for imported models, which keep no scores. */
  readonly uncertain?: UncertainBand;
}

export interface CalibrationScores {
  /** Scores of good pictures from the very predict path that will serve. */
  readonly scores: readonly number[];
  /** The highest pixel of each of these pictures' maps, in the same order. */
  readonly peaks: readonly number[];
  readonly source: ScoreSource;
  readonly targetFalseAlarmRate?: number | null;
  /**
   * The names of the files of these pictures, in the same order; missing in files that were written before they were kept. Copies
   * of one picture have its name.
   */
  readonly names?: readonly string[];
}

/**
 * The highest score of each picture: what may be promised of fresh pictures rests on how many there are, and moved copies of one
 * are no others.
 */
export function scoreOfEach({
  scores,
  names,
}: Pick<CalibrationScores, 'scores' | 'names'>): readonly number[] {
  return names ? highestBy(scores, names) : scores;
}

/** 1.4826 makes the MAD of a normal distribution its standard deviation. */
const SPREADS = 3 * 1.4826;
const FEW_SCORES = 50;

/**
 * One good picture in twenty may show a region. It is a quantile over pictures of their highest pixel, not over all
 * pixels together: pooled, a million quiet pixels would hide that every picture has one loud spot.
 */
const PEAK_QUANTILE = 0.95;

/**
 * The threshold from scores of good pictures. Throws `dataset.too_few_images` under two scores, `train.diverged` when one
 * is not finite, `option.invalid` for a rate outside 0..1.
 */
export function calibrateThreshold(calibration: CalibrationScores): Threshold {
  const { scores, peaks, source, targetFalseAlarmRate: rate = null } = calibration;
  check(scores, peaks, rate);
  const ordered = sorted(scores);
  const statistics = describe(ordered);
  const pictures = sorted(scoreOfEach(calibration));
  const found = rate === null ? byRule(statistics, ordered) : byRate(statistics, ordered, pictures, rate);
  const { value, method } = found;
  return {
    value,
    pixelValue: pixelCut(sorted(peaks), rate),
    method,
    source,
    sampleCount: scores.length,
    targetFalseAlarmRate: rate,
    trust: trustOf(found, source, pictures.length, rate),
    statistics,
    ...(rate !== null && { falseAlarmInterval: intervalAt(value, pictures) }),
    uncertain: bandAround(value, rate ?? shareAbove(value, ordered), statistics, ordered),
  };
}

/**
 * The band around any threshold of a model with these scores of good pictures. One that holds no stated rate is taken for the
 * rate that it lets through among them. null under two scores.
 */
export function uncertainBand(
  scores: readonly number[],
  value: number,
  rate: number | null,
): UncertainBand | null {
  if (scores.length < 2) return null;
  const ordered = sorted(scores);
  return bandAround(value, rate ?? shareAbove(value, ordered), describe(ordered), ordered);
}

/** Whether a score lies in the band. */
export function isUncertain(score: number, { low, high }: UncertainBand): boolean {
  return score > low && score <= high;
}

const shareAbove = (value: number, ordered: Float64Array) =>
  ordered.filter((score) => score > value).length / ordered.length;

function check(scores: readonly number[], peaks: readonly number[], rate: number | null): void {
  if (scores.length !== peaks.length)
    throw new Error(`internal: ${scores.length} scores with ${peaks.length} peaks`);
  if (scores.length < 2)
    throw new OkapiError(
      'dataset.too_few_images',
      `a threshold needs the scores of at least 2 good pictures that were not trained on, got ${scores.length}`,
    );
  const broken = [...scores, ...peaks].find((v) => !Number.isFinite(v));
  if (broken !== undefined)
    throw new OkapiError('train.diverged', `expected finite scores for the threshold, got ${broken}`);
  if (rate !== null && !(rate > 0 && rate < 1))
    throw new OkapiError('option.invalid', `the false-alarm rate must lie between 0 and 1, got ${rate}`);
}

/**
 * Where a rate is stated, the pixels keep theirs by the conformal rule too: of the next good pictures at most one in twenty. One
 * picture that stands apart does not count, as for the score.
 */
function pixelCut(peaks: Float64Array, rate: number | null): number {
  if (rate === null) return quantile(peaks, PEAK_QUANTILE);
  const n = peaks.length;
  const k = Math.min(Math.ceil((n + 1) * PEAK_QUANTILE - 1e-9), n);
  const apart = k === n && standsApart(median(peaks), peaks);
  return peaks[apart ? n - 2 : k - 1]!;
}

function describe(ordered: Float64Array): ScoreStatistics {
  const middle = median(ordered);
  return {
    mean: ordered.reduce((a, b) => a + b, 0) / ordered.length,
    p99: quantile(ordered, 0.99),
    p995: quantile(ordered, 0.995),
    median: middle,
    mad: median(sorted(ordered.map((v) => Math.abs(v - middle)))),
  };
}

interface Found {
  readonly value: number;
  readonly method: Exclude<ThresholdMethod, 'imported'>;
  /** Whether the highest score stands apart, so that the threshold does not rest on it. */
  readonly apart?: boolean;
}

/** Of fewer scores, none stands apart for sure. */
const ENOUGH_TO_STAND_APART = 10;
/** The largest score stands apart when the gap before it is this share of its way from the middle (after Dixon 1950). */
const APART = 0.4;

function standsApart(middle: number, ordered: Float64Array): boolean {
  const [second, largest] = ordered.subarray(ordered.length - 2) as unknown as [number, number];
  return ordered.length >= ENOUGH_TO_STAND_APART && largest - second > APART * (largest - middle);
}

function byRule({ p99, p995, median, mad }: ScoreStatistics, ordered: Float64Array): Found {
  const high = ordered.length < FEW_SCORES ? p99 : p995;
  return { value: Math.max(high, median + SPREADS * mad), method: 'quantile-and-spread' };
}

/**
 * One odd picture among few would put the threshold above most defects. So where the rate cannot be promised anyway and the largest
 * score stands apart, the next one is taken; the interval of the rate counts the picture that is above.
 * With n exchangeable scores of good pictures, the next one exceeds the k-th smallest with probability at most
 * 1 - k / (n + 1). So k = ceil((n + 1) (1 - rate)), when there is such a score.
 */
function byRate(
  statistics: ScoreStatistics,
  ordered: Float64Array,
  pictures: Float64Array,
  rate: number,
): Found {
  const n = ordered.length;
  const k = Math.ceil((pictures.length + 1) * (1 - rate) - 1e-9);
  if (k <= pictures.length) return { value: pictures[k - 1]!, method: 'conformal' };
  const apart = standsApart(statistics.median, ordered);
  const used = apart ? ordered.subarray(0, n - 1) : ordered;
  const rule = byRule(apart ? describe(used) : statistics, used);
  return { value: Math.max(used[used.length - 1]!, rule.value), method: 'conformal-short', apart };
}

/** 95 %. */
const TAIL = 0.025;

/**
 * The share of good pictures above the k-th smallest of the scores of n is distributed as Beta(n + 1 - k, k). Above the largest score the
 * share may be as low as 0.
 */
function intervalAt(value: number, pictures: Float64Array): RateInterval {
  const n = pictures.length;
  const k = pictures.filter((score) => score <= value).length;
  const beyond = value > pictures[n - 1]!;
  return {
    low: beyond ? 0 : betaQuantile(TAIL, n + 1 - k, k),
    high: betaQuantile(1 - TAIL, n + 1 - k, k),
  };
}

/** How many times the stated rate the lower edge of the uncertain band lets pass; at least a twentieth. */
const LENIENCE = 5;

/**
 * From the threshold for a five times higher rate to the highest that good pictures give reason for: with some others of them, the
 * threshold might have come out anywhere between.
 */
function bandAround(
  value: number,
  rate: number,
  statistics: ScoreStatistics,
  ordered: Float64Array,
): UncertainBand {
  const lenient = Math.min(0.5, Math.max(LENIENCE * rate, 0.05));
  const highest = Math.max(ordered[ordered.length - 1]!, byRule(statistics, ordered).value);
  return {
    low: Math.min(value, quantile(ordered, 1 - lenient)),
    high: Math.max(value, highest),
  };
}

const percent = (share: number) => `${Number((share * 100).toPrecision(2))} %`;

/** In words that a person at the line can use. */
function trustOf({ method, apart }: Found, source: ScoreSource, n: number, rate: number | null): string {
  const limit = `a false-alarm rate under ${percent(1 / (n + 1))} cannot be promised`;
  const wanted = percent(rate ?? 0);
  const needed = Math.ceil(1 / (rate ?? 1) - 1e-9) - 1;
  const pictures = n === 1 ? '1 good picture' : `${n} good pictures`;
  const words: Record<typeof method, string> = {
    'quantile-and-spread': `${pictures}: ${limit}`,
    conformal: `${pictures}: ${wanted} false alarms are to be expected as long as good parts look like these`,
    'conformal-short': `${pictures} ${n === 1 ? 'is' : 'are'} too few for ${wanted} false alarms (${needed} are needed): ${limit}`,
  };
  return [
    words[method],
    ...(apart ? ['one of them stands apart and does not count: look whether it is good'] : []),
    ...(source === 'cross-fitted' ? ['the scores are cross-fitted, so this is approximate'] : []),
  ].join('; ');
}
