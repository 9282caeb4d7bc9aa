// Deletes an image: its record at once, its label after that, its file by the next sweep.
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { checkOwner } from './check-owner.ts';
import { changeIndex, imageNotFound, inTurn, recordOf } from './image-index.ts';
import type { ImageIndex } from './image-record.ts';

/** Throws project.not_found, image.not_found. The file stays until `sweepImages`, since a job may be learning from it. */
export async function deleteImage(
  context: Context,
  owner: Owner,
  stored: string,
  actor: Actor,
): Promise<void> {
  await checkOwner(context, owner);
  await inTurn(context, owner, async () => {
    const remove = (index: ImageIndex) => {
      if (recordOf(index, stored) === null) throw imageNotFound(stored);
      const { [stored]: _, ...files } = index.files;
      const deleted = { ...index.deleted, [stored]: context.clock.date().toISOString() };
      return { ...index, files, deleted };
    };
    await changeIndex(context, owner, remove, { urgent: true });
    await deleteLabel(context, owner, stored);
  });
  await context.audit.record(actor, 'image.delete', blobKeys.image(owner, stored));
}

/** Only projects have labels. */
export async function deleteLabel(context: Context, owner: Owner, stored: string): Promise<void> {
  if (owner.kind === 'project') await context.docs.delete(docKeys.label(owner.id, stored));
}
