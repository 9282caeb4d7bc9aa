// Adds good pictures to a model: a job that makes a new model in seconds, while the old one stays as it is.
import { createHash } from 'node:crypto';
import { OkapiError } from '../../vision/errors.ts';
import { ServerError } from '../contract/errors.ts';
import { type ModelUpdate, type TrainingMethod, trainingMethods } from '../contract/training.ts';
import { getImage } from '../datasets/get-image.ts';
import type { ImageRecord } from '../datasets/image-record.ts';
import type { Probes } from '../datasets/probes.ts';
import { getModel } from '../models/get-model.ts';
import { thresholdOf } from '../models/model-info.ts';
import type { ModelRecord } from '../models/model-record.ts';
import { calibrationScores } from '../models/model-scores.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { addTraining } from '../training/add-training.ts';
import { type AnomalyOrder, putSnapshot } from '../training/training-order.ts';
import { addToGood } from './add-to-good.ts';
import { findsAnomalies } from './start-evaluation.ts';

interface Services {
  readonly context: Context;
  readonly probes: Probes;
}

/**
 * The job is durable once this returns. Pictures of `results` are added to the good ones first. Throws model.not_found,
 * model.wrong_task, model.base_only, model.not_updatable, model.corrupt, image.not_found, request.invalid for images that are
 * marked ng or that the model has learnt from already, the errors of addToGood, job.already_running, job.queue_full.
 */
export async function updateModel(
  services: Services,
  modelId: string,
  { images = [], results = [] }: ModelUpdate,
  actor: Actor,
): Promise<{ job_id: string }> {
  const { context } = services;
  const model = findsAnomalies(await getModel(context, modelId));
  const method = await methodOf(context, model);
  const known = await learntNames(context, model);
  const named = await Promise.all(images.map((name) => goodImage(context, model.owner, name, known)));
  for (const id of results) named.push((await addToGood(services, model.owner, id, actor)).image);
  const added = [...new Map(named.map((image) => [image.filename, image])).values()];
  const names = [...new Set([...known, ...added.map(({ filename }) => filename)])].sort();
  const snapshot = { images: names.map((filename) => ({ filename })), sha256: hashOf(names) };
  await putSnapshot(context, snapshot);
  const order: AnomalyOrder = {
    training_mode: model.training_mode === 'finetune' ? 'finetune' : 'anomaly',
    method,
    snapshot: snapshot.sha256,
    images: added.length,
    img_size: model.img_size,
    epochs: 0,
    lr: null,
    base_model_id: model.model_id,
    adds: added.map(({ filename }) => filename),
    false_alarm_rate: thresholdOf(model).target_false_alarm_rate,
  };
  return addTraining(context, model.owner, order, actor);
}

/** Throws model.not_updatable. */
async function methodOf(context: Context, model: ModelRecord): Promise<TrainingMethod> {
  const method = trainingMethods.find((name) => name === model.detector);
  const scores = await calibrationScores(context, model).catch((error: unknown) => {
    if (error instanceof OkapiError) return null;
    throw error;
  });
  if (method !== undefined && scores !== null) return method;
  throw new ServerError(
    'model.not_updatable',
    `${model.model_id} keeps no scores of the good pictures that its threshold rests on: train a new model`,
  );
}

/** Stored names of what the model has learnt from, as far as that is known. */
async function learntNames({ docs }: Context, { dataset_sha256 }: ModelRecord): Promise<Set<string>> {
  if (dataset_sha256 === null) return new Set();
  const doc = await docs.get<{ readonly images: readonly string[] }>(docKeys.snapshot(dataset_sha256));
  return new Set(doc?.value.images ?? []);
}

async function goodImage(
  context: Context,
  owner: Owner,
  name: string,
  known: ReadonlySet<string>,
): Promise<ImageRecord> {
  const image = await getImage(context, owner, name);
  const refusal =
    image.mark === 'ng'
      ? 'is marked ng'
      : image.holdout
        ? 'is held out'
        : known.has(name)
          ? 'is one that the model has learnt from'
          : null;
  if (refusal === null) return image;
  const detail = `${image.display_name} ${refusal}`;
  throw new ServerError('request.invalid', `body.images: ${detail}`, {
    errors: [{ path: 'body.images', code: 'request.invalid', detail }],
  });
}

/** Over the names, one a line: other than that of a training on the same images, whose ids it is over. */
function hashOf(names: readonly string[]): string {
  const hash = createHash('sha256').update('update\n');
  for (const name of names) hash.update(`${name}\n`);
  return hash.digest('hex');
}
