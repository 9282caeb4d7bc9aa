// A stored model as a child loads it: its files in one local folder.
import { dirname } from 'node:path';
import { ServerError } from '../contract/errors.ts';
import { folderOf } from '../models/model-documents.ts';
import { taskOf } from '../models/model-info.ts';
import type { ModelRecord } from '../models/model-record.ts';
import type { Context } from '../platform/context.ts';
import type { ModelToLoad } from './inspect-request.ts';

/** Throws model.corrupt when a file is missing. */
export async function modelToLoad({ blobs }: Context, record: ModelRecord): Promise<ModelToLoad> {
  const { model_id: id, files, img_size: imageSize } = record;
  const [first = ''] = Object.keys(files);
  try {
    // The files of a model share a key prefix, and so a local folder.
    const folder = dirname(await blobs.localPath(`${folderOf(record)}/${first}`));
    return { id, files, imageSize, folder, task: taskOf(record) };
  } catch (error) {
    if (!(error instanceof ServerError && error.code === 'blob.not_found')) throw error;
    throw new ServerError('model.corrupt', `the model ${id} is damaged: ${first} is missing`);
  }
}
