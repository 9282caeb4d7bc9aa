// Starts a training: everything that can be refused is refused here, before there is a job.
import { FEWEST_PICTURES } from '../../vision/training/good-pictures.ts';
import { ServerError } from '../contract/errors.ts';
import { type DatasetSnapshot, snapshot } from '../datasets/snapshot.ts';
import { getModel, modelNotFound } from '../models/get-model.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import type { JobRecord, Owner } from '../platform/queue/job.ts';
import { getProject } from '../projects/get-project.ts';
import type { TrainingMode } from '../projects/project.ts';
import { stampOf } from '../projects/project-id.ts';
import { orderFields, putSnapshot, type TrainingOrder, trainingKind } from './training-order.ts';
import { checkWork, type TrainingRequest, trainingSettings } from './training-settings.ts';

/**
 * The job is durable once this returns. Its images are those of now, without the ones marked as bad; it keeps them, whatever
 * is deleted meanwhile. Throws request.invalid, project.not_found, project.wrong_mode (yolo), scene.not_found (also for one
 * without images), dataset.too_few_images, model.not_found, job.too_large, job.already_running, job.queue_full.
 */
export async function startTraining(
  context: Context,
  owner: Owner,
  request: TrainingRequest,
  actor: Actor,
): Promise<{ job_id: string }> {
  const { config, audit } = context;
  const settings = trainingSettings(request);
  const training_mode = await modeOf(context, owner);
  const base_model_id = await baseOf(context, owner, training_mode, request);
  const images = await imagesOf(context, owner);
  checkWork(settings, images.images.length, config.jobs.max_hours);
  await putSnapshot(context, images);
  const order: TrainingOrder = {
    snapshot: images.sha256,
    images: images.images.length,
    ...settings,
    base_model_id,
    training_mode,
  };
  const job = await addJob(context, owner, order, actor);
  await audit.record(actor, 'training.start', `jobs/${job.job_id}`, {
    [owner.kind]: owner.id,
    model_id: job.model_id,
    ...orderFields(order),
  });
  return { job_id: job.job_id };
}

async function modeOf(context: Context, owner: Owner): Promise<TrainingMode> {
  if (owner.kind === 'scene') return 'anomaly';
  const { training_mode } = await getProject(context, owner.id);
  if (training_mode !== 'yolo') return training_mode;
  throw new ServerError(
    'project.wrong_mode',
    'expected a project of the mode anomaly or finetune, this one has yolo: train it at /yolo/train',
  );
}

/** The model to start from: one of the same project, trained or uploaded. */
async function baseOf(
  context: Context,
  owner: Owner,
  mode: TrainingMode,
  { base_model_id }: TrainingRequest,
): Promise<string | null> {
  if (base_model_id === undefined || base_model_id === null) {
    if (mode !== 'finetune') return null;
    const detail = 'projects of the mode finetune need the id of the model to start from';
    throw new ServerError('request.invalid', `body.base_model_id: ${detail}`, {
      errors: [{ path: 'body.base_model_id', code: 'request.invalid', detail }],
    });
  }
  const { owner: other } = await getModel(context, base_model_id);
  if (other.kind !== owner.kind || other.id !== owner.id) throw modelNotFound(base_model_id);
  return base_model_id;
}

async function imagesOf(context: Context, owner: Owner): Promise<DatasetSnapshot> {
  const found = await snapshot(context, owner);
  const { length } = found.images;
  if (length === 0 && owner.kind === 'scene')
    throw new ServerError('scene.not_found', 'there is no scene of this id with images');
  if (length >= FEWEST_PICTURES) return found;
  throw new ServerError(
    'dataset.too_few_images',
    `training needs at least ${FEWEST_PICTURES} good images, there are ${length}`,
  );
}

/** Until an id is found that no other model has. */
async function addJob(
  context: Context,
  owner: Owner,
  order: TrainingOrder,
  actor: Actor,
): Promise<JobRecord> {
  for (let number = 1; ; number++) {
    const model_id = modelId(owner, context.clock.date(), number);
    if ((await context.docs.get(docKeys.model(model_id))) !== null) continue;
    try {
      return await context.queue.add({
        kind: trainingKind,
        owner,
        model_id,
        request: orderFields(order),
        created_by: actor.name,
        needs_approval: context.config.training.require_approval,
      });
    } catch (error) {
      const isTaken = error instanceof ServerError && error.code === 'revision.conflict';
      if (!isTaken) throw error;
    }
  }
}

const SLUG_LENGTH = 200;

/** OWNER-YYYYMMDD-HHMMSS, cut to the length of a slug; from the second of one second on with its number. */
export function modelId({ id }: Owner, date: Date, number: number): string {
  const end = `-${stampOf(date)}${number === 1 ? '' : `-${number}`}`;
  return id.slice(0, SLUG_LENGTH - end.length) + end;
}
