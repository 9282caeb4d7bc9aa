// A context whose stores lie on a disk in memory, and what a start of the server does to such a disk.
import { join } from 'node:path';
import pino from 'pino';
import { sweepImages } from '../datasets/sweep-images.ts';
import { openAudit } from '../platform/audit-log.ts';
import { FileBlobs } from '../platform/blobs/file-blobs.ts';
import type { Context } from '../platform/context.ts';
import { withDiskErrors } from '../platform/docs/disk-errors.ts';
import { FileDocs } from '../platform/docs/file-docs.ts';
import { removeUnfinished } from '../platform/docs/remove-unfinished.ts';
import type { StoreDisk } from '../platform/docs/store-disk.ts';
import { storeRoots } from '../platform/docs/store-folders.ts';
import type { JobRunner } from '../platform/queue/job-queue.ts';
import { LocalQueue } from '../platform/queue/local-queue.ts';
import type { Workspace } from '../platform/workspace.ts';
import { sweepDeleted } from '../projects/sweep-deleted.ts';
import { sweepDatasets } from '../yolo/sweep-datasets.ts';
import { countingIds, TestClock, testConfig } from './context.ts';

const config = testConfig('/server');
const log = pino({ level: 'silent' });

/** A context as of a server that starts now, with the ids that were not given out before. */
export function crashContext(
  disk: StoreDisk,
  { run = 0, runner }: { readonly run?: number; readonly runner?: (context: Context) => JobRunner } = {},
): Context {
  const docs = new FileDocs(storeRoots(config), disk);
  const clock = new TestClock();
  // Later than whatever the run before waited for.
  clock.advance(run * 60 * 60_000);
  const counting = countingIds();
  const ids = { random: () => `${run}${counting.random().slice(1)}` };
  const workspace = new DiskWorkspace(disk);
  const blobs = new FileBlobs(storeRoots(config), disk);
  const audit = openAudit(docs, clock);
  const runners: Record<string, JobRunner> = {};
  const queue = new LocalQueue({ docs, clock, ids, log, workspace, config, runners });
  const context: Context = { config, docs, blobs, queue, log, clock, ids, audit, workspace };
  if (runner !== undefined) runners.train = runner(context);
  return context;
}

/** The folders that a server makes before anything else. */
export async function formatDisk(disk: StoreDisk): Promise<void> {
  for (const path of [config.root_dir, config.data_dir, config.tmp_dir, staging, jobs])
    await disk.mkdir(path);
}

/** What a start does before it answers. */
export async function recover(disk: StoreDisk, context: Context): Promise<void> {
  await removeUnfinished(storeRoots(config), disk);
  await sweepDeleted(context);
  await sweepImages(context);
  await sweepDatasets(context);
}

const staging = join(config.tmp_dir, 'staging');
const jobs = join(config.tmp_dir, 'jobs');

class DiskWorkspace implements Workspace {
  readonly #disk: StoreDisk;
  #staged = 0;

  constructor(disk: StoreDisk) {
    this.#disk = disk;
  }

  stage(): { readonly path: string; release(): Promise<void> } {
    const path = join(staging, String(++this.#staged));
    return { path, release: () => this.#disk.unlink(path).catch(() => {}) };
  }

  async jobFolder(jobId: string): Promise<string> {
    const path = join(jobs, jobId);
    await withDiskErrors('make a folder', async () => {
      if ((await this.#disk.kind(path)) === null) await this.#disk.mkdir(path);
    });
    return path;
  }

  async removeJobFolder(jobId: string): Promise<void> {
    const path = join(jobs, jobId);
    if ((await this.#disk.kind(path)) === null) return;
    for (const name of await this.#disk.list(path)) await this.#disk.unlink(join(path, name));
    await this.#disk.rmdir(path);
  }

  async sweep(): Promise<void> {}
}

/** As an upload or a child writes it: nothing of it is synced. */
export async function writeUnsynced(disk: StoreDisk, path: string, content: string): Promise<void> {
  await withDiskErrors('stage a file', async () => {
    const file = await disk.create(path);
    try {
      await file.write(Buffer.from(content));
    } finally {
      await file.close();
    }
  });
}
