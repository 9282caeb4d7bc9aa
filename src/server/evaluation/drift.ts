// Whether what is tested today still looks like what the model was calibrated on: scores, brightness and sharpness.
import { type Spread, spreadOf } from '../../vision/hygiene/spread.ts';
import type { Drift } from '../contract/hygiene.ts';
import type { Frozen } from '../contract/route.ts';
import { type HygieneRecord, hygieneOf, logSharpness } from '../hygiene/get-hygiene.ts';
import type { PictureChecks } from '../hygiene/picture-checks.ts';
import { newestFirst, type TestResult } from '../inference/results.ts';
import { getModel } from '../models/get-model.ts';
import type { ModelRecord } from '../models/model-record.ts';
import { calibrationScores } from '../models/model-scores.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import { findsAnomalies } from './start-evaluation.ts';

/** Fewer results say nothing of the line. */
export const FEWEST_RESULTS = 20;
/** Shifts of the median in deviations of the calibration. By chance, 20 results shift it by 0.55 in one case of twenty. */
const WATCH = 1;
const DRIFTED = 2;
/** Results of other models in between are read too, but not for ever. */
const MOST_READ = 50_000;

type Verdict = Drift['verdict'];
type Figure = Frozen<Drift['score']>;
type Middle = Spread & { readonly count: number };

/**
 * The first call for a model may wait for its pictures to be measured. Throws model.not_found, model.wrong_task for object
 * detectors, model.base_only, model.corrupt.
 */
export async function driftOf(
  { context, checks }: { readonly context: Context; readonly checks: PictureChecks },
  modelId: string,
  { last = 200 }: { readonly last?: number },
): Promise<Frozen<Drift>> {
  const model = findsAnomalies(await getModel(context, modelId));
  const results = await lastResults(context, model, last);
  const quality = await learntQuality({ context, checks }, model);
  const noQuality = 'the pictures that the model learnt from are not known, or gone';
  const figures = {
    score: figure('score', {
      recent: results.map(({ score }) => score),
      calibration: await calibratedScores(context, model),
      missing: 'the model keeps no scores of good pictures',
    }),
    brightness: figure('brightness', {
      recent: present(results.map(({ brightness }) => brightness)),
      calibration: quality && { ...quality.brightness, count: quality.count },
      missing: noQuality,
    }),
    sharpness: figure('sharpness', {
      recent: present(results.map(({ sharpness }) => sharpness)).map(logSharpness),
      calibration: quality && { ...quality.logSharpness, count: quality.count },
      missing: noQuality,
      isLogarithm: true,
    }),
  };
  return { model_id: model.model_id, results: results.length, verdict: worstOf(figures), ...figures };
}

const present = (values: readonly (number | null)[]) => values.filter((v) => v !== null);

const ranks: readonly Verdict[] = ['unknown', 'stable', 'watch', 'drifted'];
function worstOf(figures: Readonly<Record<string, Figure>>): Verdict {
  return ranks[Math.max(...Object.values(figures).map(({ verdict }) => ranks.indexOf(verdict)))]!;
}

async function lastResults(context: Context, model: ModelRecord, last: number): Promise<TestResult[]> {
  const found: TestResult[] = [];
  let read = 0;
  for await (const { result } of newestFirst(context, model.owner)) {
    if (result.model_id === model.model_id) found.push(result);
    if (found.length === last || ++read === MOST_READ) break;
  }
  return found;
}

async function calibratedScores(context: Context, model: ModelRecord): Promise<Middle | null> {
  const calibration = await calibrationScores(context, model);
  if (calibration === null) return null;
  return { ...spreadOf(calibration.scores), count: calibration.scores.length };
}

async function learntQuality(
  services: { readonly context: Context; readonly checks: PictureChecks },
  { owner, dataset_sha256: sha256 }: ModelRecord,
): Promise<HygieneRecord['quality']> {
  if (sha256 === null) return null;
  const { docs } = services.context;
  const list = await docs.get<{ readonly images: readonly string[] }>(docKeys.snapshot(sha256));
  if (list === null) return null;
  return (await hygieneOf(services, owner, { sha256, names: list.value.images })).quality;
}

/** Shown on the scale that was measured; compared on the scale that was given. */
export function figure(
  name: 'score' | 'brightness' | 'sharpness',
  {
    recent,
    calibration,
    missing,
    isLogarithm = false,
  }: {
    readonly recent: readonly number[];
    readonly calibration: Middle | null;
    readonly missing: string;
    readonly isLogarithm?: boolean;
  },
): Figure {
  const now: Middle | null = recent.length === 0 ? null : { ...spreadOf(recent), count: recent.length };
  const shown = { recent: shownAs(now, isLogarithm), calibration: shownAs(calibration, isLogarithm) };
  const unknown = (sentence: string): Figure => ({ ...shown, shift: null, verdict: 'unknown', sentence });
  if (calibration === null) return unknown(`Nothing to compare the ${name} with: ${missing}.`);
  if (now === null || now.count < FEWEST_RESULTS)
    return unknown(`${now?.count ?? 0} results are too few for the ${name}: ${FEWEST_RESULTS} are needed.`);
  if (!(calibration.deviation > 0))
    return unknown(`The ${name} did not vary at all when the model was calibrated.`);
  const shift = (now.median - calibration.median) / calibration.deviation;
  const size = Math.abs(shift);
  const verdict = size >= DRIFTED ? 'drifted' : size >= WATCH ? 'watch' : 'stable';
  return { ...shown, shift, verdict, sentence: sentences[verdict](name, shift, now.count) };
}

const sentences: Readonly<
  Record<Exclude<Verdict, 'unknown'>, (name: string, shift: number, count: number) => string>
> = {
  stable: (name, _, count) => `The ${name} of the last ${count} results is as at the calibration.`,
  watch: (name, shift, count) =>
    `The median ${name} of the last ${count} results is ${amount(shift)} the calibration: keep an eye on it.`,
  drifted: (name, shift, count) =>
    `The median ${name} of the last ${count} results is ${amount(shift)} the calibration: something has changed; look at lamp, lens and parts, and train again if the change is meant.`,
};

const amount = (shift: number) => `${Math.abs(shift).toFixed(1)} deviations ${shift > 0 ? 'above' : 'below'}`;

/** A deviation of the logarithm is about the same share of the value. */
function shownAs(middle: Middle | null, isLogarithm: boolean): Middle | null {
  if (middle === null || !isLogarithm) return middle;
  const median = Math.exp(middle.median);
  return { median, deviation: median * middle.deviation, count: middle.count };
}
