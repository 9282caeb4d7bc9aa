// Marks an image as good or bad, or takes the mark away; holds it out of trainings, or lets them have it again.
import type { Actor } from '../platform/audit.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { checkOwner } from './check-owner.ts';
import { changeIndex, imageNotFound, inTurn, recordOf } from './image-index.ts';
import type { ImageRecord, Mark } from './image-record.ts';

/** What a person says of an image; what is left out stays as it is. */
export interface ImageChange {
  readonly mark?: Mark | null | undefined;
  readonly holdout?: boolean | undefined;
}

export function markImage(
  context: Context,
  owner: Owner,
  stored: string,
  mark: Mark | null,
  actor: Actor,
): Promise<ImageRecord> {
  return changeImage(context, owner, stored, { mark }, actor);
}

/** The record with what is new. Throws project.not_found, image.not_found. */
export async function changeImage(
  context: Context,
  owner: Owner,
  stored: string,
  change: ImageChange,
  actor: Actor,
): Promise<ImageRecord> {
  await checkOwner(context, owner);
  const changed = await inTurn(context, owner, async () => {
    let next: ImageRecord | undefined;
    await changeIndex(context, owner, (index) => {
      const record = recordOf(index, stored);
      if (record === null) throw imageNotFound(stored);
      next = withChange(record, change);
      return { ...index, files: { ...index.files, [stored]: next } };
    });
    return next!;
  });
  await context.audit.record(actor, 'image.mark', blobKeys.image(owner, stored), said(change));
  return changed;
}

export function withChange(record: ImageRecord, { mark, holdout }: ImageChange): ImageRecord {
  const { mark: markBefore, holdout: heldBefore, ...rest } = record;
  const nextMark = mark === undefined ? markBefore : mark;
  const isHeld = holdout ?? heldBefore;
  return { ...rest, ...(nextMark && { mark: nextMark }), ...(isHeld && { holdout: true }) };
}

/** For the audit: what was said, and nothing else. */
export function said({ mark, holdout }: ImageChange): { mark?: Mark | null; holdout?: boolean } {
  return { ...(mark !== undefined && { mark }), ...(holdout !== undefined && { holdout }) };
}
