// Removes masks that no image names any more, once no job can need them.
import type { Context } from '../platform/context.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { openJobs } from '../projects/open-jobs.ts';
import { slugPattern } from '../projects/project-id.ts';
import { inTurn, readIndex } from './image-index.ts';

/** How many files were removed. */
export async function sweepMasks(context: Context): Promise<number> {
  let removed = 0;
  for (const id of (await context.docs.list(docKeys.projects)).folders)
    if (slugPattern.test(id)) removed += await sweepOwner(context, { kind: 'project', id });
  return removed;
}

/** An upload stores its mask and names it in one turn, so that none is taken from between the two. */
async function sweepOwner(context: Context, owner: Owner): Promise<number> {
  const stored = await context.blobs.list(blobKeys.masks(owner));
  if (stored.length === 0 || (await openJobs(context, owner)).length > 0) return 0;
  return inTurn(context, owner, async () => {
    const { index } = await readIndex(context, owner);
    const named = new Set(
      Object.values(index.files).flatMap(({ mask }) =>
        mask === undefined ? [] : [blobKeys.mask(owner, mask.id)],
      ),
    );
    const left = stored.filter((key) => !named.has(key));
    for (const key of left) await context.blobs.delete(key);
    return left.length;
  });
}
