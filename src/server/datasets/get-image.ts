// One image of a project or scene.
import type { Context } from '../platform/context.ts';
import type { Owner } from '../platform/queue/job.ts';
import { checkOwner } from './check-owner.ts';
import { imageNotFound, readIndex, recordOf } from './image-index.ts';
import type { ImageRecord } from './image-record.ts';

/** By its stored name. Throws project.not_found, image.not_found. */
export async function getImage(context: Context, owner: Owner, stored: string): Promise<ImageRecord> {
  await checkOwner(context, owner);
  const record = recordOf((await readIndex(context, owner)).index, stored);
  if (record === null) throw imageNotFound(stored);
  return record;
}
