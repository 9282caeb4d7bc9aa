// The records of models in the DocStore: one reading, all of an owner, the newest.
import type { Context } from '../platform/context.ts';
import type { Doc } from '../platform/docs/doc-store.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import type { ModelRecord } from './model-record.ts';

const slug = /^[a-z0-9_-]{1,200}$/;

/** The record and its revision; null for ids that no model has, whatever their shape. */
export async function readModel({ docs }: Context, id: string): Promise<Doc<ModelRecord> | null> {
  if (!slug.test(id)) return null;
  return docs.get<ModelRecord>(docKeys.model(id));
}

/** As DocStore.put. */
export function putModel(
  { docs }: Context,
  record: ModelRecord,
  options: { readonly ifRevision?: string | null },
): Promise<string> {
  return docs.put(docKeys.model(record.model_id), record, options);
}

/** Newest first; of one second, by id. */
export async function allModels(context: Context): Promise<ModelRecord[]> {
  const { docs } = await context.docs.list(docKeys.models);
  const found = await Promise.all(docs.map((id) => readModel(context, id)));
  return found
    .flatMap((doc) => (doc === null ? [] : [doc.value]))
    .sort((a, b) => order(b.created_at, a.created_at) || order(b.model_id, a.model_id));
}

/** The newest model that was trained for this owner: base models that were uploaded do not count. */
export async function newestTrained(context: Context, owner: Owner): Promise<ModelRecord | null> {
  const models = await allModels(context);
  return models.find((record) => isOf(record, owner) && !record.imported) ?? null;
}

export function isOf({ owner }: ModelRecord, { kind, id }: Owner): boolean {
  return owner.kind === kind && owner.id === id;
}

/** The key of the model's folder. */
export function folderOf({ owner, model_id, imported }: ModelRecord): string {
  return blobKeys.model(owner, model_id, imported);
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
