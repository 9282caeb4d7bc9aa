// Starts an evaluation: everything that can be refused is refused here, before there is a job.

import type { Task } from '../../vision/detectors/detector.ts';
import { ServerError } from '../contract/errors.ts';
import type { EvaluationOptions } from '../contract/evaluations.ts';
import { getModel } from '../models/get-model.ts';
import { taskOf, thresholdOf } from '../models/model-info.ts';
import type { ModelRecord } from '../models/model-record.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import type { JobRecord } from '../platform/queue/job.ts';
import { pinField } from '../yolo/pin-dataset.ts';
import { objectSet, type Split, versionFor } from './object-set.ts';
import { testSet } from './test-set.ts';

export const evaluationKind = 'evaluate';

/** What the job of an evaluation keeps of its request. */
export type EvaluationOrder = {
  readonly unseen_by: readonly string[];
};

export type ObjectsOrder = EvaluationOrder & {
  /** The sweep leaves the version alone until the job has ended. */
  readonly [pinField]: string;
  readonly split: Split;
  readonly conf: number;
  readonly iou: number;
};

/**
 * The job is durable once this returns; its id is that of the evaluation too. Throws model.not_found, model.base_only,
 * model.wrong_task for options of the other task, dataset.too_few_images, job.already_running, job.queue_full; for object
 * detectors also yolo.no_dataset, dataset.names, dataset.changed, doc.corrupt.
 */
export async function startEvaluation(
  context: Context,
  modelId: string,
  options: EvaluationOptions,
  actor: Actor,
): Promise<{ job_id: string }> {
  const model = await getModel(context, modelId);
  const order = await orders[taskOf(model)](context, model, options);
  const { job_id } = await context.queue.add({
    kind: evaluationKind,
    owner: model.owner,
    model_id: model.model_id,
    uses_model: true,
    request: { ...order },
    created_by: actor.name,
    needs_approval: false,
  });
  await context.audit.record(actor, 'evaluation.start', `jobs/${job_id}`, {
    model_id: model.model_id,
    ...order,
  });
  return { job_id };
}

type MakeOrder = (
  context: Context,
  model: ModelRecord,
  options: EvaluationOptions,
) => Promise<EvaluationOrder | ObjectsOrder>;

const orders: Readonly<Record<Task, MakeOrder>> = {
  async anomaly(context, model, { unseen_by = [], ...forObjects }) {
    thresholdOf(model);
    const [foreign] = Object.keys(forObjects);
    if (foreign !== undefined)
      throw new ServerError(
        'model.wrong_task',
        `${foreign} is for object detectors; this model finds anomalies, in the pictures of the project that are marked`,
      );
    await testSet(context, model, unseen_by);
    return { unseen_by: [...unseen_by] };
  },

  async detect(context, model, { unseen_by = [], split = 'val', dataset_version, conf, iou }) {
    const own = thresholdOf(model);
    const version = await versionFor(context, model, dataset_version);
    await objectSet(context, model, { version, split, unseenBy: unseen_by });
    return {
      unseen_by: [...unseen_by],
      [pinField]: version,
      split,
      conf: conf ?? own.value,
      iou: iou ?? own.iou!,
    };
  },
};

/** Throws model.wrong_task for object detectors, model.base_only. */
export function findsAnomalies(model: ModelRecord): ModelRecord {
  if (taskOf(model) === 'detect')
    throw new ServerError(
      'model.wrong_task',
      'expected a model that finds anomalies, got an object detector',
    );
  thresholdOf(model);
  return model;
}

/** Records of jobs are ours. */
export const orderOf = ({ request }: Pick<JobRecord, 'request'>): EvaluationOrder & Partial<ObjectsOrder> =>
  ({ unseen_by: [], ...request }) as never;
