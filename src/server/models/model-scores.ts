// The scores of good pictures that a model's threshold rests on, picture by picture, and how far the threshold can be trusted.
import { falseAlarmsAt } from '../../vision/scoring/false-alarms.ts';
import { type CalibrationScores, calibrateThreshold, uncertainBand } from '../../vision/scoring/threshold.ts';
import { readCalibration } from '../../vision/scoring/threshold-file.ts';
import { ServerError } from '../contract/errors.ts';
import type { ModelScores } from '../contract/models.ts';
import type { Frozen } from '../contract/route.ts';
import { readIndex, recordOf } from '../datasets/image-index.ts';
import { imageUrl, thumbnailUrl } from '../datasets/image-url.ts';
import type { Context } from '../platform/context.ts';
import { getModel } from './get-model.ts';
import { taskOf, thresholdOf } from './model-info.ts';
import type { ModelRecord } from './model-record.ts';
import { readModelText } from './open-model-file.ts';

type Calibration = Omit<CalibrationScores, 'targetFalseAlarmRate'>;

/** Rates that people ask for. */
const rates = [0.001, 0.01, 0.02, 0.05, 0.1];

/**
 * Without scores for models that keep none, such as those of the original. Throws model.not_found, model.wrong_task for
 * object detectors, model.base_only, model.corrupt.
 */
export async function modelScores(context: Context, id: string): Promise<Frozen<ModelScores>> {
  const model = await getModel(context, id);
  if (taskOf(model) !== 'anomaly')
    throw new ServerError('model.wrong_task', 'an object detector has no scores of good pictures');
  const threshold = thresholdOf(model);
  const calibration = await calibrationScores(context, model);
  const found = calibration && falseAlarmsAt(threshold.value, calibration);
  return {
    model_id: model.model_id,
    threshold: {
      ...threshold,
      iou: null,
      uncertain:
        threshold.uncertain ??
        (calibration &&
          uncertainBand(calibration.scores, threshold.value, threshold.target_false_alarm_rate)),
    },
    source: calibration?.source ?? null,
    false_alarms: found && {
      above: found.above,
      pictures: found.of,
      low: found.interval.low,
      high: found.interval.high,
    },
    trust:
      found?.words ??
      'this model keeps no scores of good pictures: how far its threshold can be trusted is not known',
    by_rate:
      calibration === null || calibration.scores.length < 2
        ? []
        : rates.map((rate) => atRate(calibration, rate)),
    items: calibration === null ? [] : await itemsOf(context, model, calibration),
  };
}

/** null: the model keeps none. Throws model.corrupt, and the checkpoint.* errors of scores that are not as they were written. */
export async function calibrationScores(context: Context, model: ModelRecord): Promise<Calibration | null> {
  const file = 'threshold.json';
  if (!Object.hasOwn(model.files, file)) return null;
  const calibration = readCalibration(await readModelText(context, model, file));
  return calibration === null || calibration.scores.length === 0 ? null : calibration;
}

function atRate(calibration: Calibration, rate: number) {
  const { value, method, trust } = calibrateThreshold({ ...calibration, targetFalseAlarmRate: rate });
  return { target_false_alarm_rate: rate, value, is_promised: method === 'conformal', trust };
}

/** The highest score first. Pictures may be gone, and older models do not say which they were. */
async function itemsOf(
  context: Context,
  { owner }: ModelRecord,
  { scores, peaks, names }: Calibration,
): Promise<Frozen<ModelScores['items']>> {
  const { index } = await readIndex(context, owner);
  const pictureOf = (name: string | undefined) => {
    const record = name === undefined ? null : recordOf(index, name);
    return {
      filename: name ?? null,
      display_name: record?.display_name ?? null,
      url: record && imageUrl(owner, record.filename),
      thumbnail_url: record && thumbnailUrl(owner, record.filename),
    };
  };
  return scores
    .map((score, i) => ({ ...pictureOf(names?.[i]), score, peak: peaks[i]! }))
    .sort((a, b) => b.score - a.score);
}
