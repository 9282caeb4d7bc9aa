// Starts the training of an object detector: everything that can be refused is refused here, before there is a job.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { weightsNamePattern } from '../contract/yolo.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { needVersion } from '../yolo/dataset-documents.ts';
import { datasetHash, learntPictures } from '../yolo/dataset-hash.ts';
import { pinField, readManifest } from '../yolo/pin-dataset.ts';
import { addTraining } from './add-training.ts';
import { putSnapshot, type YoloOrder } from './training-order.ts';
import type { WeightsChecks } from './weights-checks.ts';
import {
  checkYoloMemory,
  checkYoloWork,
  invalidField,
  type YoloTrainingRequest,
  yoloSettings,
} from './yolo-settings.ts';

export interface YoloTrainingParts {
  readonly context: Context;
  readonly weightsChecks: WeightsChecks;
}

/**
 * The job is durable once this returns. Its dataset is the version of now; it keeps that, whatever is uploaded or deleted
 * meanwhile. Throws project.not_found, project.wrong_mode, request.invalid, yolo.no_dataset, job.too_large,
 * the checkpoint.* errors of a file of weights that is no detector of the variant, job.already_running, job.queue_full.
 */
export async function startYoloTraining(
  { context, weightsChecks }: YoloTrainingParts,
  projectId: string,
  request: YoloTrainingRequest,
  actor: Actor,
): Promise<{ job_id: string }> {
  const version = await needVersion(context, projectId);
  const settings = yoloSettings(request);
  const weights = await weightsOf(context, request);
  const { images } = version.health.train;
  const { jobs, training } = context.config;
  checkYoloWork(settings, images + version.health.val.images, jobs.max_hours);
  checkYoloMemory(settings, images, jobs);
  if (weights !== null)
    await weightsChecks.check({
      path: join(training.weights_dir, weights),
      variant: settings.variant,
      classes: version.classes.length,
    });
  const manifest = await readManifest(context, projectId, version.version);
  const dataset_sha256 = datasetHash(manifest);
  // Outlives the dataset: evaluations leave out what the model has learnt from.
  const learnt = learntPictures(manifest).map((filename) => ({ filename }));
  await putSnapshot(context, { images: learnt, sha256: dataset_sha256 });
  const order: YoloOrder = {
    [pinField]: version.version,
    dataset_sha256,
    images,
    ...settings,
    weights,
    training_mode: 'yolo',
  };
  return addTraining(context, { kind: 'project', id: projectId }, order, actor);
}

/**
 * The name of the file to start from: the one that is asked for, or the one whose name the variant is. Users of the original
 * ask for yolov8n.pt whether they have that file or not.
 */
async function weightsOf(
  { config }: Context,
  { weights, model_variant = '' }: YoloTrainingRequest,
): Promise<string | null> {
  const isThere = async (name: string) =>
    (await stat(join(config.training.weights_dir, name)).catch(() => null))?.isFile() ?? false;
  if (weights === undefined)
    return model_variant.endsWith('.pt') && (await isThere(model_variant)) ? model_variant : null;
  if (new RegExp(weightsNamePattern).test(weights) && (await isThere(weights))) return weights;
  throw invalidField(
    'weights',
    `expected the name of a file in training.weights_dir, there is no ${weights}`,
  );
}
