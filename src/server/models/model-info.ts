// What the API answers about a model.
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
    threshold: thresholdOf(record).value,
    note,
    base_model_id,
    training_mode,
    path: folderOf(record),
  };
}

/** The version that holds now. */
export function thresholdOf({ model_id, thresholds }: ModelRecord): ThresholdVersion {
  const last = thresholds.at(-1);
  if (last === undefined) throw new Error(`internal: the record of ${model_id} has no threshold`);
  return last;
}
