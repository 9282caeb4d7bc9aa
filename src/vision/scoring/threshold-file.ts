// threshold.json of a model folder: the original's keys, so that its tools read ours, and what it does not record.
import { OkapiError } from '../errors.ts';
import {
  type CalibrationScores,
  type ScoreStatistics,
  scoreSources,
  type Threshold,
  type ThresholdMethod,
  thresholdMethods,
  uncertainBand,
} from './threshold.ts';

export interface ThresholdOrigin {
  /** The kind of score that the threshold is for. */
  readonly scoreType: string;
  readonly bestValidationLoss: number | null;
  /** What the threshold rests on; kept, so that another one can be found without the pictures. */
  readonly calibration: CalibrationScores | null;
}

/** The text of threshold.json. Throws `internal` for a threshold that is not finite: none must ever reach the disk. */
export function writeThreshold(threshold: Threshold, origin: ThresholdOrigin): string {
  const { value, pixelValue, statistics } = threshold;
  const record = {
    threshold_score: value,
    threshold_mse: value,
    score_type: origin.scoreType,
    val_size: threshold.sampleCount,
    val_err_mean: statistics?.mean ?? null,
    val_err_p99: statistics?.p99 ?? null,
    val_err_p995: statistics?.p995 ?? null,
    val_err_median: statistics?.median ?? null,
    val_err_mad: statistics?.mad ?? null,
    best_val_loss: origin.bestValidationLoss,
    note: threshold.trust,
    threshold_pixel: pixelValue,
    method: threshold.method,
    score_source: threshold.source,
    target_false_alarm_rate: threshold.targetFalseAlarmRate,
    false_alarm_low: threshold.falseAlarmInterval?.low ?? null,
    false_alarm_high: threshold.falseAlarmInterval?.high ?? null,
    uncertain_low: threshold.uncertain?.low ?? null,
    uncertain_high: threshold.uncertain?.high ?? null,
    calibration_scores: origin.calibration?.scores ?? null,
    calibration_peaks: origin.calibration?.peaks ?? null,
    calibration_pictures: origin.calibration?.names ?? null,
  };
  for (const [key, v] of Object.entries(record))
    for (const n of Array.isArray(v) ? v : [v])
      if (typeof n === 'number' && !Number.isFinite(n)) throw new Error(`internal: ${key} is ${n}`);
  return `${JSON.stringify(record, null, 2)}\n`;
}

/**
 * The threshold from the text of threshold.json, ours or the original's (which has no method, no pixel threshold and may
 * lack the statistics). Throws `checkpoint.malformed` or `checkpoint.not_finite` with the key at fault.
 */
export function readThreshold(text: string): Threshold {
  const record = parse(text);
  const value = number(record, 'threshold_score') ?? number(record, 'threshold_mse');
  if (value === null) malformed('threshold_score', 'a number', undefined);
  const method = record.method === undefined ? 'imported' : oneOf(record, 'method', thresholdMethods);
  const sampleCount = number(record, 'val_size') ?? 0;
  const rest = method === 'imported' ? importedRest(sampleCount) : ownRest(record, method, value);
  return { value, sampleCount, statistics: statisticsOf(record), ...rest };
}

/**
 * The scores that the threshold of a threshold.json rests on, without the rate that was asked for; null when the file does
 * not keep them, as those of the original. Throws as readThreshold does.
 */
export function readCalibration(text: string): Omit<CalibrationScores, 'targetFalseAlarmRate'> | null {
  const record = parse(text);
  const scores = numbers(record, 'calibration_scores');
  const peaks = numbers(record, 'calibration_peaks');
  if (scores === null || peaks === null) return null;
  if (scores.length !== peaks.length) malformed('calibration_peaks', `${scores.length} numbers`, peaks);
  const names = texts(record, 'calibration_pictures');
  if (names !== null && names.length !== scores.length)
    malformed('calibration_pictures', `${scores.length} texts`, names);
  const source = oneOf(record, 'score_source', scoreSources);
  return { scores, peaks, source, ...(names && { names }) };
}

/** What else a threshold.json of ours says of where it comes from. Throws as readThreshold does. */
export function readThresholdOrigin(text: string): Omit<ThresholdOrigin, 'calibration'> {
  const record = parse(text);
  const scoreType = record.score_type;
  if (typeof scoreType !== 'string') malformed('score_type', 'a text', scoreType);
  return { scoreType, bestValidationLoss: number(record, 'best_val_loss') };
}

type Rest = Omit<Threshold, 'value' | 'sampleCount' | 'statistics'>;
type JsonObject = Record<string, unknown>;

function importedRest(sampleCount: number): Rest {
  return {
    pixelValue: null,
    method: 'imported',
    source: 'held-out',
    targetFalseAlarmRate: null,
    trust: `taken over with an imported model; it rests on ${sampleCount || 'an unknown number of'} validation pictures`,
  };
}

function ownRest(record: JsonObject, method: ThresholdMethod, value: number): Rest {
  const pixelValue = number(record, 'threshold_pixel');
  if (pixelValue === null) malformed('threshold_pixel', 'a number', record.threshold_pixel);
  if (typeof record.note !== 'string') malformed('note', 'a text', record.note);
  const falseAlarmInterval = pair(record, 'false_alarm_low', 'false_alarm_high');
  const targetFalseAlarmRate = number(record, 'target_false_alarm_rate');
  // Files of older models keep the scores, but not always the band.
  const uncertain =
    pair(record, 'uncertain_low', 'uncertain_high') ??
    uncertainBand(numbers(record, 'calibration_scores') ?? [], value, targetFalseAlarmRate);
  return {
    pixelValue,
    method,
    source: oneOf(record, 'score_source', scoreSources),
    targetFalseAlarmRate,
    trust: record.note,
    ...(falseAlarmInterval && { falseAlarmInterval }),
    ...(uncertain && { uncertain }),
  };
}

/** Two numbers that belong together; null when either is missing, as in older files. */
function pair(record: JsonObject, lowKey: string, highKey: string): { low: number; high: number } | null {
  const [low, high] = [number(record, lowKey), number(record, highKey)];
  return low === null || high === null ? null : { low, high };
}

function statisticsOf(record: JsonObject): ScoreStatistics | null {
  const mean = number(record, 'val_err_mean');
  const p99 = number(record, 'val_err_p99');
  const p995 = number(record, 'val_err_p995');
  const median = number(record, 'val_err_median');
  const mad = number(record, 'val_err_mad');
  if (mean === null || p99 === null || p995 === null || median === null || mad === null) return null;
  return { mean, p99, p995, median, mad };
}

/** Python writes NaN and Infinity bare; they are named as such instead of as bad syntax. */
function parse(text: string): JsonObject {
  const bare = /"(\w+)"\s*:\s*(-?Infinity|NaN)/.exec(text);
  if (bare !== null)
    throw new OkapiError(
      'checkpoint.not_finite',
      `threshold.json: ${bare[1]} is ${bare[2]}, expected a number`,
    );
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (cause) {
    throw new OkapiError('checkpoint.malformed', 'threshold.json is not valid JSON', { cause });
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    throw new OkapiError('checkpoint.malformed', 'threshold.json: expected an object');
  return record as JsonObject;
}

/** A finite number, or null when the key is missing or null. */
function number(record: JsonObject, key: string): number | null {
  const value = record[key];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number') malformed(key, 'a number', value);
  if (!Number.isFinite(value))
    throw new OkapiError(
      'checkpoint.not_finite',
      `threshold.json: ${key} is ${value}, expected a finite number`,
    );
  return value;
}

/** Finite numbers, or null when the key is missing or null. */
function numbers(record: JsonObject, key: string): number[] | null {
  const values = record[key] ?? null;
  if (values === null) return null;
  if (!Array.isArray(values) || !values.every((v) => Number.isFinite(v)))
    return malformed(key, 'finite numbers', values);
  return values;
}

/** Texts, or null when the key is missing or null. */
function texts(record: JsonObject, key: string): string[] | null {
  const values = record[key] ?? null;
  if (values === null) return null;
  if (!Array.isArray(values) || !values.every((v) => typeof v === 'string'))
    return malformed(key, 'texts', values);
  return values;
}

function oneOf<T extends string>(record: JsonObject, key: string, words: readonly T[]): T {
  const word = words.find((w) => w === record[key]);
  return word ?? malformed(key, `one of ${words.join(', ')}`, record[key]);
}

function malformed(key: string, expected: string, got: unknown): never {
  throw new OkapiError(
    'checkpoint.malformed',
    `threshold.json: expected ${key} to be ${expected}, got ${JSON.stringify(got) ?? 'nothing'}`,
  );
}
