// Removes the files of dataset versions that nobody needs: replaced, deleted, or never finished.
import type { JobState } from '../contract/job-states.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import { readProject } from '../projects/project-documents.ts';
import { changeDatasets, folderOf, isHeld, readDatasets, without } from './dataset-documents.ts';
import type { DatasetDoc } from './dataset-record.ts';
import { pinField } from './pin-dataset.ts';

const unfinished: readonly JobState[] = ['waiting_approval', 'queued', 'running', 'finalising'];

/** A training that has looked up the version adds its job within this time. */
export const SWEEP_GRACE_MS = 10 * 60_000;

/** How many versions were removed. Those that an unfinished job names in its request, or that are handed out, stay. */
export async function sweepDatasets(context: Context): Promise<number> {
  const { docs: ids } = await context.docs.list(docKeys.yoloDatasets);
  if (ids.length === 0) return 0;
  const pinned = new Set(
    (await context.queue.list({ states: unfinished })).map((job) => job.request[pinField]),
  );
  let removed = 0;
  for (const id of ids) {
    // A deleted project takes its datasets with it.
    const project = await readProject(context, id);
    if (project === null || project.value.deleted_at !== undefined) continue;
    for (const version of removable(context, await readDatasets(context, id))) {
      if (pinned.has(version)) continue;
      await removeVersion(context, id, version);
      removed++;
    }
  }
  return removed;
}

function removable(context: Context, { building, retired }: DatasetDoc): string[] {
  const before = context.clock.date().getTime() - SWEEP_GRACE_MS;
  const expired = Object.entries(retired).filter(([, at]) => Date.parse(at) <= before);
  return [...Object.keys(building), ...expired.map(([version]) => version)].filter(
    (version) => !isHeld(context, version),
  );
}

/** The files first: a sweep that is cut short finds the entry again. */
async function removeVersion(context: Context, projectId: string, version: string): Promise<void> {
  await context.blobs.deleteAll(folderOf(projectId, version));
  await changeDatasets(context, projectId, ({ current, versions, building, retired }) => ({
    current,
    versions: without(versions, version),
    building: without(building, version),
    retired: without(retired, version),
  }));
}
