// Deletes a model: its record first, so that it is gone at once; then its files and previews.
import { ServerError } from '../contract/errors.ts';
import { jobStates } from '../contract/job-states.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { JobRecord } from '../platform/queue/job.ts';
import { modelNotFound } from './get-model.ts';
import { folderOf, readModel } from './model-documents.ts';
import { nameLastModel } from './store-model.ts';

/** Who uses models at the moment. */
export interface ModelUses {
  /** Resolves when no request that was begun before works with the model. */
  whenIdle(modelId: string): Promise<void>;
}

/**
 * Requests in flight finish with the model before its files go. Throws model.not_found, and model.in_use while an unfinished
 * job makes the model or starts from it.
 */
export async function deleteModel(
  context: Context,
  id: string,
  actor: Actor,
  uses?: ModelUses,
): Promise<void> {
  const doc = await readModel(context, id);
  if (doc === null) throw modelNotFound(id);
  const unfinished = await context.queue.list({ states: jobStates.filter((state) => !ended.has(state)) });
  const job = unfinished.find((candidate) => needs(candidate, id));
  if (job !== undefined)
    throw new ServerError(
      'model.in_use',
      `the job ${job.job_id} needs the model ${id}: wait or cancel it first`,
    );
  await context.audit.record(actor, 'model.delete', folderOf(doc.value));
  await context.docs.delete(docKeys.model(id));
  await nameLastModel(context, doc.value.owner, { urgent: true });
  await uses?.whenIdle(id);
  await context.blobs.deleteAll(folderOf(doc.value));
  await context.blobs.deleteAll(blobKeys.previews(id));
  await context.docs.deleteAll(docKeys.evaluationsOf(id));
  await context.blobs.deleteAll(blobKeys.evaluations(doc.value.owner, id));
}

const ended = new Set<string>(['finished', 'failed', 'canceled']);

function needs({ model_id, request }: JobRecord, id: string): boolean {
  return model_id === id || request.base_model_id === id;
}
