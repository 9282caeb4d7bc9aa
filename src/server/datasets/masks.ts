// Masks of defects: for an image of a project a PNG of the same size, in which every pixel that is not black is defective.
import type { Readable } from 'node:stream';
import { type ErrorCode, ServerError } from '../contract/errors.ts';
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { getImage } from './get-image.ts';
import { changeIndex, imageNotFound, inTurn, recordOf } from './image-index.ts';
import type { ImageIndex, ImageRecord, StagedFile } from './image-record.ts';
import type { Probes } from './probes.ts';

/**
 * The record with its mask; one that was there is replaced. Throws project.not_found, image.not_found, the image.* errors of a
 * file that is no PNG picture, and mask.wrong_size.
 */
export async function putMask(
  { context, probes }: { readonly context: Context; readonly probes: Probes },
  owner: Owner,
  stored: string,
  file: StagedFile,
  actor: Actor,
): Promise<ImageRecord> {
  const image = await getImage(context, owner, stored);
  if ('refused' in file) throw new ServerError(file.refused.code as ErrorCode, file.refused.detail);
  const mask = await probed(probes, file.path);
  const size = await sizeOf(context, probes, owner, image);
  if (mask.width !== size.width || mask.height !== size.height)
    throw new ServerError(
      'mask.wrong_size',
      `expected a mask of ${size.width}x${size.height} as its picture is, got ${mask.width}x${mask.height}`,
    );
  const changed = await inTurn(context, owner, async () => {
    const key = blobKeys.mask(owner, mask.hash);
    if ((await context.blobs.stat(key)) === null) await context.blobs.adopt(new Map([[key, file.path]]));
    return changeRecord(context, owner, stored, (record) => ({
      ...record,
      mask: { id: mask.hash, size: mask.sizeBytes },
    }));
  });
  await context.audit.record(actor, 'mask.put', blobKeys.image(owner, stored), { mask: mask.hash });
  return changed;
}

/** Throws project.not_found, image.not_found, mask.not_found. Its file goes with a later sweep. */
export async function deleteMask(
  context: Context,
  owner: Owner,
  stored: string,
  actor: Actor,
): Promise<void> {
  maskOf(await getImage(context, owner, stored));
  await inTurn(context, owner, () =>
    changeRecord(context, owner, stored, ({ mask: _, ...record }) => record),
  );
  await context.audit.record(actor, 'mask.delete', blobKeys.image(owner, stored));
}

/** Throws project.not_found, image.not_found, mask.not_found. */
export async function openMask(
  context: Context,
  owner: Owner,
  stored: string,
): Promise<{ readonly stream: Readable; readonly sizeBytes: number; readonly id: string }> {
  const { id } = maskOf(await getImage(context, owner, stored));
  const key = blobKeys.mask(owner, id);
  const stat = await context.blobs.stat(key);
  if (stat === null) throw new ServerError('mask.not_found', 'the file of this mask is missing');
  return { stream: await context.blobs.open(key), sizeBytes: stat.sizeBytes, id };
}

function maskOf({ filename, mask }: ImageRecord): NonNullable<ImageRecord['mask']> {
  if (mask !== undefined) return mask;
  throw new ServerError('mask.not_found', `the image ${filename} has no mask`);
}

/** Whatever types of pictures the settings accept: a mask has to be exact. */
async function probed(probes: Probes, path: string) {
  const answer = await probes.probe(path, { accepted: ['png'] });
  if ('hash' in answer) return answer;
  throw new ServerError(answer.code as ErrorCode, answer.detail);
}

/** Records of the original do not say it. */
async function sizeOf(
  { blobs }: Context,
  probes: Probes,
  owner: Owner,
  { filename, width, height }: ImageRecord,
): Promise<{ readonly width: number; readonly height: number }> {
  if (width !== undefined && height !== undefined) return { width, height };
  const answer = await probes.probe(await blobs.localPath(blobKeys.image(owner, filename)));
  if ('hash' in answer) return answer;
  throw new ServerError(answer.code as ErrorCode, `the picture of the mask: ${answer.detail}`);
}

async function changeRecord(
  context: Context,
  owner: Owner,
  stored: string,
  change: (record: ImageRecord) => ImageRecord,
): Promise<ImageRecord> {
  let next: ImageRecord | undefined;
  await changeIndex(context, owner, (index): ImageIndex => {
    const record = recordOf(index, stored);
    if (record === null) throw imageNotFound(stored);
    next = change(record);
    return { ...index, files: { ...index.files, [stored]: next } };
  });
  return next!;
}
