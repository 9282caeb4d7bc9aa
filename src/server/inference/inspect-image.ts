// What a model says about a picture that its project has stored: for people who look at it, not for the history.
import { ServerError } from '../contract/errors.ts';
import { getImage } from '../datasets/get-image.ts';
import type { StagedFile } from '../datasets/image-record.ts';
import { getModel } from '../models/get-model.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys } from '../platform/layout.ts';
import type { Inference } from './open-inference.ts';
import type { TestedItem } from './test-item.ts';

/**
 * With preview pictures, which expire; nothing is remembered, so that the history and the drift are of tests alone. Throws
 * model.not_found, model.base_only, model.corrupt, image.not_found, the image.* errors of a picture that cannot be read,
 * server.busy.
 */
export async function inspectImage(
  { context, inference }: { readonly context: Context; readonly inference: Inference },
  modelId: string,
  stored: string,
  actor: Actor,
): Promise<TestedItem> {
  const { owner } = await getModel(context, modelId);
  const { display_name, size } = await getImage(context, owner, stored);
  const path = await context.blobs.localPath(blobKeys.image(owner, stored));
  const file: StagedFile = { displayName: display_name, path, sizeBytes: size };
  const { items } = await inference.test(
    modelId,
    only(file),
    { store: true, remember: false, map: true },
    actor,
  );
  const item = items[0]!;
  if ('error' in item) throw new ServerError(item.error_code, item.error_detail);
  return item;
}

async function* only(file: StagedFile): AsyncGenerator<StagedFile> {
  yield file;
}
