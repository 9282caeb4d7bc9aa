// The small preview of an image: drawn when it is asked for first, kept beside the image, and swept with it.
import type { BlobKey } from '../platform/blobs/blob-store.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { getImage } from './get-image.ts';
import { imageNotFound, inTurn } from './image-index.ts';
import type { Thumbnails } from './thumbnails.ts';

interface Services {
  readonly context: Context;
  readonly thumbnails: Thumbnails;
}

/**
 * A WebP, and the id of the image. Throws project.not_found, scene.not_found, image.not_found, blob.not_found when the file
 * of the image is missing, the image.* errors of one that cannot be decoded.
 */
export async function readThumbnail(
  services: Services,
  owner: Owner,
  stored: string,
): Promise<{ readonly bytes: Uint8Array; readonly id: string }> {
  const { blobs } = services.context;
  const { filename, id } = await getImage(services.context, owner, stored);
  const key = blobKeys.thumbnail(owner, filename);
  const drawn = await blobs.read(key);
  if (drawn !== null) return { bytes: drawn, id };
  await drawOnce(services, owner, filename, key);
  const bytes = await blobs.read(key);
  if (bytes === null) throw imageNotFound(stored);
  return { bytes, id };
}

const underway = new WeakMap<Thumbnails, Map<BlobKey, Promise<void>>>();

/** Who asks while it is being drawn waits for that. */
function drawOnce(services: Services, owner: Owner, stored: string, key: BlobKey): Promise<void> {
  const { thumbnails } = services;
  const running = underway.get(thumbnails) ?? new Map<BlobKey, Promise<void>>();
  underway.set(thumbnails, running);
  const drawing = running.get(key) ?? draw(services, owner, stored, key).finally(() => running.delete(key));
  running.set(key, drawing);
  return drawing;
}

/** The image may have been deleted, and swept, meanwhile: then nothing of it may stay. */
async function draw(
  { context, thumbnails }: Services,
  owner: Owner,
  stored: string,
  key: BlobKey,
): Promise<void> {
  const { blobs, workspace } = context;
  const { path, release } = workspace.stage();
  try {
    await thumbnails.draw(await blobs.localPath(blobKeys.image(owner, stored)), path);
    await inTurn(context, owner, async () => {
      await blobs.adopt(new Map([[key, path]]));
      await getImage(context, owner, stored).catch(async (error: unknown) => {
        await blobs.delete(key);
        throw error;
      });
    });
  } finally {
    await release();
  }
}
