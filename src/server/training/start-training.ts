// Starts a training: everything that can be refused is refused here, before there is a job.
import { patchKinds } from '../../vision/detectors/patches/patch-kinds.ts';
import { FEWEST_PICTURES } from '../../vision/training/good-pictures.ts';
import { ServerError } from '../contract/errors.ts';
import type { TrainingMethod } from '../contract/training.ts';
import { type DatasetSnapshot, snapshot } from '../datasets/snapshot.ts';
import { getModel, modelNotFound } from '../models/get-model.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import type { Owner } from '../platform/queue/job.ts';
import { getProject } from '../projects/get-project.ts';
import { regionsToTrain } from '../projects/regions.ts';
import { addTraining } from './add-training.ts';
import { type AnomalyOrder, putSnapshot } from './training-order.ts';
import { checkWork, type TrainingRequest, trainingSettings } from './training-settings.ts';
import { invalidField } from './yolo-settings.ts';

/**
 * The job is durable once this returns. Its images are those of now, without the ones marked as bad, and its regions too; it
 * keeps them, whatever is changed or deleted meanwhile. Throws request.invalid, project.not_found, project.wrong_mode (yolo), scene.not_found (also for one
 * without images), dataset.too_few_images, model.not_found, job.too_large, job.already_running, job.queue_full.
 */
export async function startTraining(
  context: Context,
  owner: Owner,
  request: TrainingRequest,
  actor: Actor,
): Promise<{ job_id: string }> {
  const settings = trainingSettings(request);
  const training_mode = await modeOf(context, owner);
  if (training_mode === 'finetune') checkFineTuning(settings.method);
  const base_model_id = await baseOf(context, owner, training_mode, request);
  const regions = owner.kind === 'project' ? await regionsToTrain(context, owner.id) : null;
  const images = await imagesOf(context, owner, settings.method);
  checkWork(settings, images.images.length, context.config.jobs.max_hours);
  await putSnapshot(context, images);
  const order: AnomalyOrder = {
    snapshot: images.sha256,
    images: images.images.length,
    ...settings,
    base_model_id,
    training_mode,
    regions,
  };
  return addTraining(context, owner, order, actor);
}

async function modeOf(context: Context, owner: Owner): Promise<AnomalyOrder['training_mode']> {
  if (owner.kind === 'scene') return 'anomaly';
  const { training_mode } = await getProject(context, owner.id);
  if (training_mode !== 'yolo') return training_mode;
  throw new ServerError(
    'project.wrong_mode',
    'expected a project of the mode anomaly or finetune, this one has yolo: train it at /yolo/train',
  );
}

/** Throws request.invalid for a method that cannot go on from a model. */
function checkFineTuning(method: TrainingMethod): void {
  if (method === 'autoencoder') return;
  throw invalidField(
    'method',
    `a project of the mode finetune goes on from a model, and ${method} cannot: leave method out, or train in a project of the mode anomaly`,
  );
}

/** The model to start from: one of the same project, trained or uploaded. */
async function baseOf(
  context: Context,
  owner: Owner,
  mode: AnomalyOrder['training_mode'],
  { base_model_id }: TrainingRequest,
): Promise<string | null> {
  if (base_model_id === undefined || base_model_id === null) {
    if (mode !== 'finetune') return null;
    throw invalidField(
      'base_model_id',
      'projects of the mode finetune need the id of the model to start from',
    );
  }
  const { owner: other, detector } = await getModel(context, base_model_id);
  if (other.kind !== owner.kind || other.id !== owner.id) throw modelNotFound(base_model_id);
  if (Object.hasOwn(patchKinds, detector))
    throw invalidField(
      'base_model_id',
      `${base_model_id} compares patches (${detector}) and has no network to go on from; POST /models/${base_model_id}/update adds good pictures to it`,
    );
  return base_model_id;
}

async function imagesOf(context: Context, owner: Owner, method: TrainingMethod): Promise<DatasetSnapshot> {
  const fewest = method === 'autoencoder' ? FEWEST_PICTURES : patchKinds[method].fewest;
  const found = await snapshot(context, owner);
  const { length } = found.images;
  if (length === 0 && owner.kind === 'scene')
    throw new ServerError('scene.not_found', 'there is no scene of this id with images');
  if (length >= fewest) return found;
  throw new ServerError(
    'dataset.too_few_images',
    `training needs at least ${fewest} good images, there are ${length}; images that are marked ng or held out are not counted`,
  );
}
