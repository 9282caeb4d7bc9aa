// Starts an evaluation: everything that can be refused is refused here, before there is a job.

import { ServerError } from '../contract/errors.ts';
import type { EvaluationOptions } from '../contract/evaluations.ts';
import { getModel } from '../models/get-model.ts';
import { taskOf, thresholdOf } from '../models/model-info.ts';
import type { ModelRecord } from '../models/model-record.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { testSet } from './test-set.ts';

export const evaluationKind = 'evaluate';

/**
 * The job is durable once this returns; its id is that of the evaluation too. Throws model.not_found, model.wrong_task for
 * object detectors, model.base_only, dataset.too_few_images, job.already_running, job.queue_full.
 */
export async function startEvaluation(
  context: Context,
  modelId: string,
  { unseen_by = [] }: EvaluationOptions,
  actor: Actor,
): Promise<{ job_id: string }> {
  const model = evaluable(await getModel(context, modelId));
  await testSet(context, model, unseen_by);
  const { job_id } = await context.queue.add({
    kind: evaluationKind,
    owner: model.owner,
    model_id: model.model_id,
    uses_model: true,
    request: { unseen_by: [...unseen_by] },
    created_by: actor.name,
    needs_approval: false,
  });
  await context.audit.record(actor, 'evaluation.start', `jobs/${job_id}`, {
    model_id: model.model_id,
    unseen_by: [...unseen_by],
  });
  return { job_id };
}

/** Throws model.wrong_task, model.base_only. */
export function evaluable(model: ModelRecord): ModelRecord {
  if (taskOf(model) === 'detect')
    throw new ServerError(
      'model.wrong_task',
      `expected a model that finds anomalies; the figures of an object detector are those of its val pictures, at /models/${model.model_id}/metrics`,
    );
  thresholdOf(model);
  return model;
}
