// Pictures and their scores, and what a threshold makes of them. Pure.
import { falseAlarmsAt } from '../../../../../src/vision/scoring/false-alarms.ts';
import { type CalibrationScores, calibrateThreshold } from '../../../../../src/vision/scoring/threshold.ts';
import type { ResultOf } from '../../../server/client.ts';

export type Scores = ResultOf<'getModelScores'>;
export type Evaluation = Extract<ResultOf<'getEvaluation'>, { readonly task: 'anomaly' }>;

/** Good ones that the threshold rests on, and those of an evaluation. */
export type Group = 'good' | 'tested' | 'bad';

export interface Scored {
  readonly key: string;
  readonly group: Group;
  readonly score: number;
  /** null: not known, or gone. */
  readonly name: string | null;
  readonly filename: string | null;
  readonly thumbnail: string | null;
}

export function scoredPictures(scores: Scores, evaluation: Evaluation | null): Scored[] {
  const good = scores.items.map(
    ({ filename, display_name, thumbnail_url, score }, i): Scored => ({
      key: `good ${i}`,
      group: 'good',
      score,
      name: display_name,
      filename: thumbnail_url === null ? null : filename,
      thumbnail: thumbnail_url,
    }),
  );
  const tested = (evaluation?.pictures ?? []).map(
    ({ filename, display_name, url, truth, score }): Scored => ({
      key: `tested ${filename}`,
      group: truth === 'ng' ? 'bad' : 'tested',
      score,
      name: display_name,
      filename,
      thumbnail: thumbnailOf(url),
    }),
  );
  return [...good, ...tested];
}

/** The small picture of a stored one, by the address of the large one. */
export function thumbnailOf(url: string): string {
  const [, , , owner, , filename] = url.split('/');
  return `/projects/${owner}/images/${filename}/thumbnail`;
}

/** Those that are called otherwise at another threshold: first what becomes NG, the farthest from good leading. */
export function changedSides(
  pictures: readonly Scored[],
  before: number,
  now: number,
): { readonly nowNg: readonly Scored[]; readonly nowOk: readonly Scored[] } {
  const highFirst = [...pictures].sort((a, b) => b.score - a.score);
  return {
    nowNg: highFirst.filter(({ score }) => score > now && score <= before),
    nowOk: highFirst.filter(({ score }) => score <= now && score > before),
  };
}

/** How many of a group lie above. */
export function above(pictures: readonly Scored[], group: Group, threshold: number) {
  const own = pictures.filter((picture) => picture.group === group);
  return { above: own.filter(({ score }) => score > threshold).length, of: own.length };
}

/** As the server computes it for a threshold that holds the rate; null without enough scores. */
export function heldRate(scores: Scores, rate: number) {
  if (scores.source === null || scores.items.length < 2 || !(rate > 0 && rate < 1)) return null;
  const { value, method, uncertain } = calibrateThreshold({
    ...calibrationOf(scores.items, scores.source),
    targetFalseAlarmRate: rate,
  });
  return { value, isPromised: method === 'conformal', band: uncertain ?? null };
}

/** With the interval of the share among further good parts; null without scores. */
export function alarmsAt(scores: Scores, threshold: number) {
  if (scores.source === null || scores.items.length === 0) return null;
  return falseAlarmsAt(threshold, calibrationOf(scores.items, scores.source));
}

/** Older models do not say which pictures the scores are of. */
function calibrationOf(items: Scores['items'], source: NonNullable<Scores['source']>): CalibrationScores {
  const names = items.map(({ filename }) => filename).filter((name) => name !== null);
  return {
    scores: items.map(({ score }) => score),
    peaks: items.map(({ peak }) => peak),
    source,
    ...(names.length === items.length && { names }),
  };
}

export interface Histogram {
  readonly low: number;
  readonly high: number;
  /** Of each step; the last one also holds all that is higher. */
  readonly bins: readonly Readonly<Record<Group, number>>[];
  /** Whether something is higher. */
  readonly hasMore: boolean;
}

const BINS = 48;

/** Good scores and thresholds are shown whole; far above them everything is NG, and one bar says how many. */
export function histogramOf(pictures: readonly Scored[], thresholds: readonly number[]): Histogram {
  const all = pictures.map(({ score }) => score);
  const lowest = Math.min(...all, ...thresholds);
  const highest = Math.max(...all, ...thresholds);
  const goodEnd = Math.max(
    ...thresholds,
    ...pictures.filter(({ group }) => group !== 'bad').map(({ score }) => score),
  );
  const core = goodEnd - lowest || Math.abs(goodEnd) || 1;
  const low = lowest - core * 0.05;
  const high = Math.min(highest + core * 0.05, goodEnd + core * 1.5);
  const bins = Array.from({ length: BINS }, () => ({ good: 0, tested: 0, bad: 0 }));
  for (const { score, group } of pictures) {
    const at = Math.floor(((score - low) / (high - low)) * BINS);
    bins[Math.min(BINS - 1, Math.max(0, at))]![group]++;
  }
  return { low, high, bins, hasMore: highest > high };
}
