// What the API answers about a model.
import type { Task } from '../../vision/detectors/detector.ts';
import { ServerError } from '../contract/errors.ts';
import { folderOf } from './model-documents.ts';
import type { ModelInfo, ModelRecord, ThresholdVersion } from './model-record.ts';

export function modelInfo(record: ModelRecord): ModelInfo {
  const { owner, model_id, created_at, img_size, epochs_run, lr, note, base_model_id, training_mode } =
    record;
  return {
    model_id,
    mode: owner.kind,
    scene_id: owner.kind === 'scene' ? owner.id : null,
    project_id: owner.kind === 'project' ? owner.id : null,
    created_at,
    img_size,
    epochs_run,
    lr,
    // Base models that were uploaded have none.
    threshold: record.thresholds.at(-1)?.value ?? 0,
    note,
    base_model_id,
    training_mode,
    path: folderOf(record),
    task: taskOf(record),
    detector: record.detector,
    bytes: Object.values(record.files).reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** What the model looks for. */
export function taskOf({ objects }: ModelRecord): Task {
  return objects === undefined ? 'anomaly' : 'detect';
}

/** The version that holds now. Throws model.base_only for weights that were uploaded to train from. */
export function thresholdOf({ model_id, thresholds }: ModelRecord): ThresholdVersion {
  const last = thresholds.at(-1);
  if (last !== undefined) return last;
  throw new ServerError(
    'model.base_only',
    `${model_id} holds weights to train from; it has no threshold to test by`,
  );
}
