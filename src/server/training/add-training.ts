// Adds a training to the queue, under the id of a model that no other has.
import { ServerError } from '../contract/errors.ts';
import { checkOwner } from '../datasets/check-owner.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import type { JobRecord, Owner } from '../platform/queue/job.ts';
import { stampOf } from '../projects/project-id.ts';
import { orderFields, type TrainingOrder, taskOfMode, trainingKind, updateKind } from './training-order.ts';

/** The job is durable once this returns. Throws project.not_found, job.already_running, job.queue_full. */
export async function addTraining(
  context: Context,
  owner: Owner,
  order: TrainingOrder,
  actor: Actor,
): Promise<{ job_id: string }> {
  const { job_id, model_id } = await addJob(context, owner, order, actor);
  await dropOfDeleted(context, owner, job_id);
  const action = 'adds' in order ? 'model.update' : 'training.start';
  await context.audit.record(actor, action, `jobs/${job_id}`, {
    [owner.kind]: owner.id,
    model_id,
    ...orderFields(order),
  });
  return { job_id };
}

/** A project that was deleted meanwhile must not come back with this job. Throws project.not_found. */
async function dropOfDeleted(context: Context, owner: Owner, jobId: string): Promise<void> {
  try {
    await checkOwner(context, owner);
  } catch (error) {
    // A disk that fails now changes nothing: the job is there.
    if (!(error instanceof ServerError && error.code === 'project.not_found')) return;
    // Its deletion may have canceled it already.
    await context.queue.cancel(jobId, 'system').catch(() => {});
    await context.queue.forget(jobId);
    throw error;
  }
}

/** Until an id is found that no other model has. */
async function addJob(
  context: Context,
  owner: Owner,
  order: TrainingOrder,
  actor: Actor,
): Promise<JobRecord> {
  const infix = taskOfMode[order.training_mode] === 'detect' ? '-yolo' : '';
  for (let number = 1; ; number++) {
    const model_id = modelId(owner, context.clock.date(), number, infix);
    if ((await context.docs.get(docKeys.model(model_id))) !== null) continue;
    try {
      return await context.queue.add({
        kind: 'adds' in order ? updateKind : trainingKind,
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
export function modelId({ id }: Owner, date: Date, number: number, infix = ''): string {
  const end = `${infix}-${stampOf(date)}${number === 1 ? '' : `-${number}`}`;
  return id.slice(0, SLUG_LENGTH - end.length) + end;
}
