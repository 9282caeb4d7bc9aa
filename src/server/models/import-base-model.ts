// Takes uploaded weights over as a base model of a project: checked whole first, stored under no name of the user's.
import { join } from 'node:path';
import { defaultLimits } from '../../vision/checkpoint/limits.ts';
import { type ErrorCode, ServerError } from '../contract/errors.ts';
import type { StagedFile } from '../datasets/image-record.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { getProject } from '../projects/get-project.ts';
import { stampOf } from '../projects/project-id.ts';
import type { BaseModelChecks } from './base-model-checks.ts';
import type { CheckedBaseModel } from './check-base-model.ts';
import { allModels, folderOf, isOf, readModel } from './model-documents.ts';
import type { ModelRecord } from './model-record.ts';
import { storeModel } from './store-model.ts';

const weights = 'model.safetensors';

/**
 * The same weights twice are one model. Throws project.not_found, project.wrong_mode, the checkpoint.* errors of the file;
 * nothing is left behind then.
 */
export async function importBaseModel(
  { context, checks }: { readonly context: Context; readonly checks: BaseModelChecks },
  projectId: string,
  file: StagedFile,
  actor: Actor,
): Promise<{ readonly model_id: string; readonly filename: string }> {
  const { training_mode } = await getProject(context, projectId);
  if (training_mode === 'yolo')
    throw new ServerError('project.wrong_mode', 'a yolo project takes no base model of the autoencoder');
  if ('refused' in file) throw new ServerError(file.refused.code as ErrorCode, file.refused.detail);
  const { path, displayName, sizeBytes } = file;
  if (sizeBytes > defaultLimits.bytes)
    throw new ServerError(
      'checkpoint.too_large',
      `${displayName}: expected at most ${defaultLimits.bytes} bytes, got ${sizeBytes}`,
    );
  const work = `import-${context.ids.random()}`;
  const folder = join(await context.workspace.jobFolder(work), 'model');
  try {
    const checked = await checks.check({ path, displayName, folder });
    const owner: Owner = { kind: 'project', id: projectId };
    const model_id = await checks.inTurn(async () => {
      const known = await sameWeights(context, owner, checked);
      if (known !== null) return known;
      const record = await newRecord(context, owner, displayName, checked);
      const names = Object.keys(checked.files);
      await storeModel(context, { record, files: new Map(names.map((name) => [name, join(folder, name)])) });
      await dropOfDeleted(context, record);
      await context.audit.record(actor, 'model.import', `models/${record.model_id}`, { displayName });
      return record.model_id;
    });
    return { model_id, filename: displayName };
  } finally {
    await context.workspace.removeJobFolder(work);
  }
}

/** A project that was deleted meanwhile must not come back with this model. Throws project.not_found. */
async function dropOfDeleted(context: Context, record: ModelRecord): Promise<void> {
  try {
    await getProject(context, record.owner.id);
  } catch (error) {
    // A disk that fails now changes nothing: the model is there.
    if (!(error instanceof ServerError && error.code === 'project.not_found')) return;
    await context.docs.delete(docKeys.model(record.model_id));
    await context.blobs.deleteAll(folderOf(record));
    throw error;
  }
}

async function newRecord(
  context: Context,
  owner: Owner,
  displayName: string,
  { encoder, notes, files }: CheckedBaseModel,
): Promise<ModelRecord> {
  const date = context.clock.date();
  return {
    model_id: await freeId(context, `import-${stampOf(date)}`),
    owner,
    imported: true,
    detector: 'autoencoder',
    created_at: date.toISOString(),
    img_size: 256,
    epochs_run: 0,
    lr: 0,
    note: [displayName, ...notes].join('; '),
    base_model_id: null,
    training_mode: 'finetune',
    encoder,
    thresholds: [],
    files,
    dataset_sha256: null,
    job_id: null,
  };
}

/** The plain id, or with the first number that is free. */
async function freeId(context: Context, plain: string): Promise<string> {
  for (let n = 1; ; n++) {
    const id = n === 1 ? plain : `${plain}-${n}`;
    if ((await readModel(context, id)) === null) return id;
  }
}

async function sameWeights(
  context: Context,
  owner: Owner,
  { files }: CheckedBaseModel,
): Promise<string | null> {
  const wanted = files[weights]!.sha256;
  const models = await allModels(context);
  const same = models.find(
    (record) => record.imported && isOf(record, owner) && record.files[weights]?.sha256 === wanted,
  );
  return same?.model_id ?? null;
}
