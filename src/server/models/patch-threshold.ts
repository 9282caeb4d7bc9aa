// Sets another threshold for a model: a new version in its record. The model's own files never change.
import type { Task } from '../../vision/detectors/detector.ts';
import { type CalibrationScores, calibrateThreshold } from '../../vision/scoring/threshold.ts';
import { ServerError } from '../contract/errors.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { modelNotFound } from './get-model.ts';
import { putModel, readModel } from './model-documents.ts';
import { taskOf, thresholdOf } from './model-info.ts';
import type { ModelRecord, ThresholdVersion } from './model-record.ts';
import { calibrationScores } from './model-scores.ts';
import { bandAt } from './uncertain-band.ts';

export interface ThresholdPatch {
  /** Of object detectors: the least confidence. */
  readonly value?: number;
  /** The share of good parts that may be called anomalous, between 0 and 1; the value then comes from the calibration. */
  readonly target_false_alarm_rate?: number;
  /** Of object detectors: the overlap above which the surer box of a class stays. */
  readonly iou?: number;
  readonly note?: string;
}

/**
 * The record with the new version as its last. Throws model.not_found, request.invalid for anything but one of the two
 * wishes (value or iou, or both, for object detectors), model.wrong_task for a wish that the other kind of model has,
 * option.invalid for a rate outside 0..1, model.corrupt when the calibration scores are not as they were stored.
 */
export async function patchThreshold(
  context: Context,
  id: string,
  patch: ThresholdPatch,
  actor: Actor,
): Promise<ModelRecord> {
  for (;;) {
    const doc = await readModel(context, id);
    if (doc === null) throw modelNotFound(id);
    const wanted = await wantedBy[taskOf(doc.value)](context, doc.value, patch);
    const version: ThresholdVersion = {
      ...wanted,
      pixel_value: thresholdOf(doc.value).pixel_value,
      at: context.clock.date().toISOString(),
      by: actor.name,
    };
    const changed: ModelRecord = { ...doc.value, thresholds: [...doc.value.thresholds, version] };
    try {
      await putModel(context, changed, { ifRevision: doc.revision });
    } catch (error) {
      if (error instanceof ServerError && error.code === 'revision.conflict') continue;
      throw error;
    }
    const { value, target_false_alarm_rate, iou } = version;
    await context.audit.record(actor, 'model.threshold', `models/${id}`, {
      value,
      target_false_alarm_rate,
      ...(iou !== undefined && { iou }),
    });
    return changed;
  }
}

type Wanted = Pick<ThresholdVersion, 'value' | 'target_false_alarm_rate' | 'reason' | 'iou' | 'uncertain'>;

const wantedBy: Readonly<
  Record<Task, (context: Context, record: ModelRecord, patch: ThresholdPatch) => Promise<Wanted>>
> = { anomaly: wantedThreshold, detect: wantedConfidence };

async function wantedThreshold(
  context: Context,
  record: ModelRecord,
  { value, target_false_alarm_rate: rate, iou, note }: ThresholdPatch,
): Promise<Wanted> {
  if (iou !== undefined)
    throw new ServerError('model.wrong_task', 'iou is for object detectors; this model finds anomalies');
  if ((value === undefined) === (rate === undefined))
    throw new ServerError(
      'request.invalid',
      'expected either value or target_false_alarm_rate, and not both',
    );
  if (rate !== undefined) {
    const scores = await calibrationOf(context, record);
    const {
      value: found,
      trust,
      uncertain = null,
    } = calibrateThreshold({ ...scores, targetFalseAlarmRate: rate });
    return { value: found, target_false_alarm_rate: rate, reason: note ?? trust, uncertain };
  }
  if (!Number.isFinite(value))
    throw new ServerError('request.invalid', `expected value to be a finite number, got ${value}`);
  const uncertain = await bandAt(context, record, value!, null);
  return { value: value!, target_false_alarm_rate: null, reason: note ?? 'set by hand', uncertain };
}

async function wantedConfidence(
  _: Context,
  record: ModelRecord,
  { value, target_false_alarm_rate: rate, iou, note }: ThresholdPatch,
): Promise<Wanted> {
  if (rate !== undefined)
    throw new ServerError(
      'model.wrong_task',
      'an object detector has no rate of false alarms to hold: state a value, the least confidence',
    );
  if (value === undefined && iou === undefined)
    throw new ServerError('request.invalid', 'expected value, the least confidence, or iou, or both');
  const now = thresholdOf(record);
  const next = { value: value ?? now.value, iou: iou ?? now.iou! };
  for (const [name, share] of Object.entries(next))
    if (!(share >= 0 && share <= 1))
      throw new ServerError('request.invalid', `expected ${name} to be a number from 0 to 1, got ${share}`);
  return { ...next, target_false_alarm_rate: null, reason: note ?? 'set by hand' };
}

async function calibrationOf(context: Context, record: ModelRecord): Promise<CalibrationScores> {
  const scores = await calibrationScores(context, record);
  if (scores !== null) return scores;
  throw new ServerError(
    'request.invalid',
    'this model keeps no scores of good parts, from which a false-alarm rate could be held: state a value instead',
  );
}
