// Removes what deleted projects have left. Called after a deletion and at the start; it may be cut short anywhere.
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys, docKeys, journalKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { openJobs } from './open-jobs.ts';
import { allProjects, readProject } from './project-documents.ts';

/** All deleted projects; the ids of those that are now gone. */
export async function sweepDeleted(context: Context): Promise<string[]> {
  const gone: string[] = [];
  for (const { project_id, deleted_at } of await allProjects(context)) {
    if (deleted_at !== undefined && (await sweepProject(context, project_id))) gone.push(project_id);
  }
  return gone;
}

/** Whether it is gone: while a job of the project still works, nothing is removed. */
export async function sweepProject(context: Context, id: string): Promise<boolean> {
  const owner = { kind: 'project', id } as const;
  if ((await readProject(context, id))?.value.deleted_at === undefined) return false;
  if ((await openJobs(context, owner)).length > 0) return false;
  const { docs, blobs } = context;
  if (!(await removeJobs(context, owner))) return false;
  await removeModels(context, owner);
  await docs.deleteJournal(journalKeys.results(owner));
  await docs.deleteAll(docKeys.labels(id));
  await docs.delete(docKeys.yolo(id));
  await docs.delete(docKeys.regions(id));
  await docs.delete(docKeys.images(owner));
  await blobs.deleteAll(blobKeys.owner(owner));
  for (const folder of (await docs.list(blobKeys.owner(owner))).folders)
    await docs.deleteAll(`${blobKeys.owner(owner)}/${folder}`);
  // Last, for it is what tells the next sweep that there is something to do.
  await docs.delete(docKeys.project(id));
  return true;
}

async function removeModels({ docs, blobs }: Context, owner: Owner): Promise<void> {
  for (const id of (await docs.list(docKeys.models)).docs) {
    // One that cannot be read is left: nobody knows whose it is, and fsck names it.
    const record = await docs.get<{ owner: Owner }>(docKeys.model(id)).catch(nullWhenCorrupt);
    if (!isOf(record?.value.owner, owner)) continue;
    await blobs.deleteAll(blobKeys.previews(id));
    await docs.deleteAll(docKeys.evaluationsOf(id));
    await docs.delete(docKeys.model(id));
  }
}

/** Whether all are gone: the child of a canceled job may still be ending. */
async function removeJobs({ queue }: Context, owner: Owner): Promise<boolean> {
  let gone = true;
  for (const { job_id } of await queue.list({ owner })) gone = (await queue.forget(job_id)) && gone;
  return gone;
}

function nullWhenCorrupt(error: unknown): null {
  if (error instanceof ServerError && error.code === 'doc.corrupt') return null;
  throw error;
}

function isOf(found: Owner | undefined, { kind, id }: Owner): boolean {
  return found?.kind === kind && found.id === id;
}
