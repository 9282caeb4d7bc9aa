// The document with all images of an owner: read, and changed by compare-and-swap.
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import type { PutOptions } from '../platform/docs/doc-store.ts';
import { KeyLocks } from '../platform/docs/key-locks.ts';
import { isConflict } from '../platform/docs/update-doc.ts';
import { docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { slugPattern } from '../projects/project-id.ts';
import type { ImageIndex, ImageRecord } from './image-record.ts';

export interface StoredIndex {
  readonly index: ImageIndex;
  /** null when there is none yet. */
  readonly revision: string | null;
}

/** An owner without images, or of an unknown shape, has an empty one. */
export async function readIndex(context: Context, owner: Owner): Promise<StoredIndex> {
  const doc = slugPattern.test(owner.id) ? await context.docs.get<ImageIndex>(docKeys.images(owner)) : null;
  return doc === null
    ? { index: { files: {} }, revision: null }
    : { index: doc.value, revision: doc.revision };
}

/**
 * Changes the index: `change` is given the present one and returns the next one, or null to leave it. It may be called
 * again when another process was quicker. Call it within `inTurn`.
 */
export async function changeIndex(
  context: Context,
  owner: Owner,
  change: (index: ImageIndex) => ImageIndex | null | Promise<ImageIndex | null>,
  options: Pick<PutOptions, 'urgent'> = {},
): Promise<void> {
  for (;;) {
    const { index, revision } = await readIndex(context, owner);
    const next = await change(index);
    if (next === null) return;
    try {
      await context.docs.put(docKeys.images(owner), next, { ...options, ifRevision: revision });
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

/** The record under a stored name, if there is one. Names such as __proto__ find nothing. */
export function recordOf(index: ImageIndex, stored: string): ImageRecord | null {
  return Object.hasOwn(index.files, stored) ? index.files[stored]! : null;
}

export function imageNotFound(stored: string): ServerError {
  return new ServerError('image.not_found', `there is no image ${stored.slice(0, 100)}`);
}

// Between an upload that adopts a file and one sweep that removes it, the order matters and no revision guards it.
const locksOf = new WeakMap<object, KeyLocks>();

/** One change at a time to the files and the index of an owner, among those of this process on these stores. */
export function inTurn<T>({ docs }: Context, owner: Owner, task: () => Promise<T>): Promise<T> {
  const locks = locksOf.get(docs) ?? new KeyLocks();
  locksOf.set(docs, locks);
  return locks.run(`${owner.kind}/${owner.id}`, task);
}
