// Removes the files of deleted images, once no job can need them any more.

import type { JobState } from '../contract/job-states.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { slugPattern } from '../projects/project-id.ts';
import { deleteLabel } from './delete-image.ts';
import { changeIndex, inTurn, readIndex } from './image-index.ts';

const unfinished: readonly JobState[] = ['waiting_approval', 'queued', 'running', 'finalising'];

/** How many files were removed. Images of an owner whose job has not ended stay for a later sweep. */
export async function sweepImages(context: Context): Promise<number> {
  const busy = await context.queue.list({ states: unfinished });
  const isBusy = ({ kind, id }: Owner) => busy.some(({ owner }) => owner.kind === kind && owner.id === id);
  let removed = 0;
  for (const owner of await owners(context)) {
    if (!isBusy(owner)) removed += await sweepOwner(context, owner);
  }
  return removed;
}

async function owners({ docs }: Context): Promise<Owner[]> {
  const [projects, scenes] = [await docs.list(docKeys.projects), await docs.list(docKeys.scenes)];
  return [
    ...projects.folders.map((id): Owner => ({ kind: 'project', id })),
    ...scenes.folders.map((id): Owner => ({ kind: 'scene', id })),
  ].filter(({ id }) => slugPattern.test(id));
}

/** The file first: a sweep that is cut short finds the entry again. An upload of the same bytes waits for its turn. */
async function sweepOwner(context: Context, owner: Owner): Promise<number> {
  return inTurn(context, owner, async () => {
    const { index } = await readIndex(context, owner);
    const names = Object.keys(index.deleted ?? {});
    if (names.length === 0) return 0;
    for (const stored of names) {
      await context.blobs.delete(blobKeys.image(owner, stored));
      await context.blobs.delete(blobKeys.thumbnail(owner, stored));
      await deleteLabel(context, owner, stored);
    }
    await changeIndex(
      context,
      owner,
      ({ deleted = {}, ...index }) => {
        const left = Object.entries(deleted).filter(([stored]) => !names.includes(stored));
        return left.length === 0 ? index : { ...index, deleted: Object.fromEntries(left) };
      },
      { urgent: true },
    );
    return names.length;
  });
}
