// Marks, holds out or deletes several images in one change of the index; those that are gone meanwhile are told, and hold up none.
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { checkOwner } from './check-owner.ts';
import { deleteLabel } from './delete-image.ts';
import { changeIndex, inTurn, recordOf } from './image-index.ts';
import type { ImageIndex } from './image-record.ts';
import { type ImageChange, said, withChange } from './mark-image.ts';

export interface ChangedImages {
  readonly changed: number;
  /** Stored names that the owner does not have. */
  readonly missing: readonly string[];
}

/** A mark of null takes the marks away. Throws project.not_found. */
export async function markImages(
  context: Context,
  owner: Owner,
  stored: readonly string[],
  change: ImageChange,
  actor: Actor,
): Promise<ChangedImages> {
  const { found, missing } = await changeFound(context, owner, stored, (index, found) => {
    const records = found.map((name) => [name, withChange(index.files[name]!, change)] as const);
    return { ...index, files: { ...index.files, ...Object.fromEntries(records) } };
  });
  if (found.length > 0)
    await context.audit.record(actor, 'image.mark', blobKeys.images(owner), {
      ...said(change),
      images: found,
    });
  return { changed: found.length, missing };
}

/** As `deleteImage` does it with one. Throws project.not_found. */
export async function deleteImages(
  context: Context,
  owner: Owner,
  stored: readonly string[],
  actor: Actor,
): Promise<ChangedImages> {
  const deletedAt = context.clock.date().toISOString();
  const { found, missing } = await changeFound(
    context,
    owner,
    stored,
    (index, found) => {
      const gone = new Set(found);
      const left = Object.entries(index.files).filter(([name]) => !gone.has(name));
      const deleted = Object.fromEntries(found.map((name) => [name, deletedAt]));
      return { ...index, files: Object.fromEntries(left), deleted: { ...index.deleted, ...deleted } };
    },
    async (found) => {
      for (const name of found) await deleteLabel(context, owner, name);
    },
  );
  if (found.length > 0)
    await context.audit.record(actor, 'image.delete', blobKeys.images(owner), { images: found });
  return { changed: found.length, missing };
}

async function changeFound(
  context: Context,
  owner: Owner,
  stored: readonly string[],
  change: (index: ImageIndex, found: readonly string[]) => ImageIndex,
  then: (found: readonly string[]) => Promise<void> = async () => {},
): Promise<{ readonly found: readonly string[]; readonly missing: readonly string[] }> {
  await checkOwner(context, owner);
  const asked = [...new Set(stored)];
  return inTurn(context, owner, async () => {
    let found: string[] = [];
    const inIndex = (index: ImageIndex) => {
      found = asked.filter((name) => recordOf(index, name) !== null);
      return found.length === 0 ? null : change(index, found);
    };
    await changeIndex(context, owner, inIndex, { urgent: true });
    await then(found);
    return { found, missing: asked.filter((name) => !found.includes(name)) };
  });
}
