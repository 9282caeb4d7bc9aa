// Marks an image as good or bad, or takes the mark away.
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { checkOwner } from './check-owner.ts';
import { changeIndex, imageNotFound, inTurn, recordOf } from './image-index.ts';
import type { ImageRecord, Mark } from './image-record.ts';

/** The record with the new mark. Throws project.not_found, image.not_found. */
export async function markImage(
  context: Context,
  owner: Owner,
  stored: string,
  mark: Mark | null,
  actor: Actor,
): Promise<ImageRecord> {
  await checkOwner(context, owner);
  const changed = await inTurn(context, owner, async () => {
    let next: ImageRecord | undefined;
    await changeIndex(context, owner, (index) => {
      const record = recordOf(index, stored);
      if (record === null) throw imageNotFound(stored);
      next = marked(record, mark);
      return { ...index, files: { ...index.files, [stored]: next } };
    });
    return next!;
  });
  await context.audit.record(actor, 'image.mark', blobKeys.image(owner, stored), { mark });
  return changed;
}

export function marked({ mark: _, ...unmarked }: ImageRecord, mark: Mark | null): ImageRecord {
  return mark === null ? unmarked : { ...unmarked, mark };
}
