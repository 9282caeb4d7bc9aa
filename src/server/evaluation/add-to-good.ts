// Adds the picture of a false alarm to the good pictures of its project, so that the next training learns it.
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type ErrorCode, ServerError } from '../contract/errors.ts';
import { addImages } from '../datasets/add-images.ts';
import { getImage } from '../datasets/get-image.ts';
import type { ImageRecord, StagedFile } from '../datasets/image-record.ts';
import { changeImage } from '../datasets/mark-image.ts';
import type { Probes } from '../datasets/probes.ts';
import { openPreview } from '../inference/previews.ts';
import { findResult, type JudgedResult } from '../inference/results.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import type { Owner } from '../platform/queue/job.ts';

export interface AddedToGood {
  /** `duplicate`: the project had the picture already; it is marked as good now. */
  readonly status: 'stored' | 'duplicate';
  readonly image: ImageRecord;
}

/**
 * The picture is the one that the history shows: encoded anew as JPEG when it was tested. Throws project.not_found,
 * result.not_found, result.not_false_alarm, result.picture_expired, and the image.* errors of a picture that the settings do not
 * accept.
 */
export async function addToGood(
  { context, probes }: { readonly context: Context; readonly probes: Probes },
  owner: Owner,
  resultId: string,
  actor: Actor,
): Promise<AddedToGood> {
  const result = await findResult(context, owner, resultId);
  if (result.feedback !== 'false_alarm')
    throw new ServerError(
      'result.not_false_alarm',
      'expected a result that a person has marked as a false alarm; mark it first',
    );
  const { path, release } = context.workspace.stage();
  try {
    await copyPicture(context, result, path);
    const file = {
      displayName: displayName(result),
      path,
      sizeBytes: (await stat(path)).size,
      mark: 'ok',
    } as const;
    const { items } = await addImages({ context, probes }, owner, only(file), actor);
    const { status, filename, code, detail } = items[0]!;
    if (status === 'rejected') throw new ServerError(code as ErrorCode, detail!);
    if (status === 'duplicate')
      await changeImage(context, owner, filename!, { mark: 'ok', holdout: false }, actor);
    await context.audit.record(actor, 'result.add_to_good', `results/${resultId}`, { filename: filename! });
    return { status, image: await getImage(context, owner, filename!) };
  } finally {
    await release();
  }
}

/** Throws result.picture_expired. */
async function copyPicture(
  context: Context,
  { model_id, image_url }: JudgedResult,
  path: string,
): Promise<void> {
  const name = image_url.slice(image_url.lastIndexOf('/') + 1);
  try {
    const { stream } = await openPreview(context, model_id, name);
    await pipeline(stream, createWriteStream(path));
  } catch (error) {
    if (!(error instanceof ServerError && error.code === 'blob.not_found')) throw error;
    throw new ServerError(
      'result.picture_expired',
      `the picture of this result is no longer stored; pictures of results are kept for ${context.config.inference.preview_hours} hours. Upload it to the project instead`,
    );
  }
}

/** The stored picture is a JPEG, whatever was tested. */
function displayName({ filename }: JudgedResult): string {
  return `${filename.replace(/\.[A-Za-z]{3,4}$/, '')}.jpg`;
}

async function* only(file: StagedFile): AsyncGenerator<StagedFile> {
  yield file;
}
