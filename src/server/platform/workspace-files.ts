// The workspace as local folders below the data folder, so that files move into the stores without being copied.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ids } from './ids.ts';
import type { Workspace } from './workspace.ts';

/** Makes `.okapi/staging` and `.okapi/work` below the data folder where they are not there. */
export async function openWorkspace(dataDir: string, ids: Ids): Promise<Workspace> {
  const staging = join(dataDir, '.okapi', 'staging');
  const work = join(dataDir, '.okapi', 'work');
  for (const folder of [staging, work]) await mkdir(folder, { recursive: true });
  return {
    stage() {
      const path = join(staging, ids.random());
      return { path, release: () => rm(path, { force: true }) };
    },
    async jobFolder(jobId) {
      const folder = join(work, folderName(jobId));
      await mkdir(folder, { recursive: true });
      return folder;
    },
    removeJobFolder: (jobId) => rm(join(work, folderName(jobId)), { recursive: true, force: true }),
    async sweep(keepJobs) {
      for (const name of await readdir(staging))
        await rm(join(staging, name), { recursive: true, force: true });
      for (const name of await readdir(work))
        if (!keepJobs.has(name)) await rm(join(work, name), { recursive: true, force: true });
    },
  };
}

function folderName(jobId: string): string {
  if (/^[a-zA-Z0-9_-]{1,200}$/.test(jobId)) return jobId;
  throw new Error(`internal: expected the id of a job, got ${JSON.stringify(jobId.slice(0, 80))}`);
}
