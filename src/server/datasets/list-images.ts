// The images of a project or scene, in the order in which they came.
import type { Context } from '../platform/context.ts';
import type { Owner } from '../platform/queue/job.ts';
import { checkOwner } from './check-owner.ts';
import { readIndex } from './image-index.ts';
import type { ImageRecord } from './image-record.ts';

/** Oldest first; of one upload by display name. Empty for a scene without any. Throws project.not_found. */
export async function listImages(context: Context, owner: Owner): Promise<ImageRecord[]> {
  await checkOwner(context, owner);
  const { index } = await readIndex(context, owner);
  return Object.values(index.files).sort(
    (a, b) =>
      order(a.uploaded_at, b.uploaded_at) ||
      order(a.display_name, b.display_name) ||
      order(a.filename, b.filename),
  );
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
