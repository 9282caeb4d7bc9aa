// One model by its id.
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import { readModel } from './model-documents.ts';
import type { ModelRecord } from './model-record.ts';

/** Throws model.not_found. */
export async function getModel(context: Context, id: string): Promise<ModelRecord> {
  const doc = await readModel(context, id);
  if (doc === null) throw modelNotFound(id);
  return doc.value;
}

export function modelNotFound(id: string): ServerError {
  return new ServerError('model.not_found', `there is no model ${JSON.stringify(id.slice(0, 200))}`);
}
