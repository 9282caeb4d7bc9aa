// The scores around the threshold of a model that a person should look at.
import { OkapiError } from '../../vision/errors.ts';
import { type UncertainBand, uncertainBand } from '../../vision/scoring/threshold.ts';
import type { Context } from '../platform/context.ts';
import { taskOf } from './model-info.ts';
import type { ModelRecord } from './model-record.ts';
import { calibrationScores } from './model-scores.ts';

/** Of the threshold that holds now; null for object detectors and for models that keep no sound scores. Throws model.corrupt. */
export async function uncertainOf(context: Context, model: ModelRecord): Promise<UncertainBand | null> {
  const version = model.thresholds.at(-1);
  if (version === undefined || taskOf(model) === 'detect') return null;
  if (version.uncertain !== undefined) return version.uncertain;
  return bandAt(context, model, version.value, version.target_false_alarm_rate);
}

/** Of another threshold of the model; null when it keeps no sound scores. Throws model.corrupt. */
export async function bandAt(
  context: Context,
  model: ModelRecord,
  value: number,
  rate: number | null,
): Promise<UncertainBand | null> {
  const calibration = await calibrationScores(context, model).catch((error: unknown) => {
    if (error instanceof OkapiError) return null;
    throw error;
  });
  return calibration && uncertainBand(calibration.scores, value, rate);
}
