// What a model has learnt from: the stored names of images or, of object detectors, the hashes of pictures.
import { ServerError } from '../contract/errors.ts';
import { getModel } from '../models/get-model.ts';
import { readModel } from '../models/model-documents.ts';
import type { ModelRecord } from '../models/model-record.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';

/** What the models that it was started from have learnt from is among it; null when that is not known. */
export async function learntFrom(
  context: Context,
  model: ModelRecord,
  visited: readonly string[] = [],
): Promise<ReadonlySet<string> | null> {
  const own = await listOf(context, model);
  const { base_model_id: base } = model;
  if (own === null || base === null || visited.includes(base)) return own === null ? null : new Set(own);
  const record = await readModel(context, base);
  // What a base model that is gone has learnt from, nobody knows.
  const before =
    record === null ? null : await learntFrom(context, record.value, [...visited, model.model_id]);
  return before === null ? null : new Set([...own, ...before]);
}

async function listOf({ docs }: Context, { dataset_sha256 }: ModelRecord): Promise<readonly string[] | null> {
  if (dataset_sha256 === null) return null;
  const doc = await docs.get<{ readonly images: readonly string[] }>(docKeys.snapshot(dataset_sha256));
  return doc?.value.images ?? null;
}

/** The model by its id. Throws model.not_found, also for one of another owner or for another task. */
export async function siblingOf(context: Context, model: ModelRecord, id: string): Promise<ModelRecord> {
  const record = await getModel(context, id);
  const isSibling =
    record.owner.kind === model.owner.kind &&
    record.owner.id === model.owner.id &&
    (record.objects === undefined) === (model.objects === undefined);
  if (isSibling) return record;
  throw new ServerError('model.not_found', `the project has no such model ${JSON.stringify(id)}`);
}
