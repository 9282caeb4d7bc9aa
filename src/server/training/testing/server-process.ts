// A small server for the tests that kill it: opens a data folder, starts one training unless there is one, runs until it has
// ended. Arguments: the data folder, and the point at which the process kills itself, or "never".
import pino from 'pino';
import type { TrainingEvent } from '../../../vision/training/events.ts';
import { FileBlobs } from '../../platform/blobs/file-blobs.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Context } from '../../platform/context.ts';
import type { DocStore } from '../../platform/docs/doc-store.ts';
import { FileDocs } from '../../platform/docs/file-docs.ts';
import { storeRoots } from '../../platform/docs/store-folders.ts';
import { systemIds } from '../../platform/ids.ts';
import type { JobRecord } from '../../platform/queue/job.ts';
import { LocalQueue } from '../../platform/queue/local-queue.ts';
import { openWorkspace } from '../../platform/workspace-files.ts';
import { TestAudit, testActor, testConfig } from '../../testing/context.ts';
import { startTraining } from '../start-training.ts';
import { type Train, trainRunner } from '../train-runner.ts';
import { trainDeterministic } from './deterministic-training.ts';
import { project } from './parts.ts';

/** What this process tells on its standard output, a line each. */
export type Told =
  /** Acknowledged: from here on the job must never be lost. */
  | { readonly told: 'started'; readonly job_id: string }
  | { readonly told: 'child'; readonly pid: number; readonly afterMs: number }
  | { readonly told: 'ended'; readonly job: JobRecord };

const [folder = '', fault = 'never'] = process.argv.slice(2);
const startedMs = performance.now();
const tell = (told: Told) => process.stdout.write(`${JSON.stringify(told)}\n`);

/** Dies here, at once and without a word, when this is the point. */
function reach(point: string): void {
  if (point === fault) process.kill(process.pid, 'SIGKILL');
}

async function around<T>(point: string, action: () => Promise<T>): Promise<T> {
  reach(`before ${point}`);
  const result = await action();
  reach(`after ${point}`);
  return result;
}

const config = { ...testConfig(folder), jobs: { ...testConfig(folder).jobs, poll_interval_seconds: 0.05 } };
const fileDocs = new FileDocs(storeRoots(config));
const fileBlobs = new FileBlobs(storeRoots(config));
const docs: DocStore = {
  get: (key) => fileDocs.get(key),
  put: (key, value, options) => around(nameOf(key, value), () => fileDocs.put(key, value, options)),
  delete: (...args) => fileDocs.delete(...args),
  list: (prefix) => fileDocs.list(prefix),
  append: (journal, values, options) => around('an event', () => fileDocs.append(journal, values, options)),
  read: (...args) => fileDocs.read(...args),
  deleteJournal: (journal) => fileDocs.deleteJournal(journal),
  deleteAll: (prefix) => fileDocs.deleteAll(prefix),
};
let adopted = 0;
const blobs: Context['blobs'] = {
  put: (...args) => around('a preview', () => fileBlobs.put(...args)),
  adopt: (files) => around(adopted++ === 0 ? 'the files' : 'the manifest', () => fileBlobs.adopt(files)),
  stat: (key) => fileBlobs.stat(key),
  open: (...args) => fileBlobs.open(...args),
  read: (key) => fileBlobs.read(key),
  localPath: (key) => fileBlobs.localPath(key),
  list: (prefix) => fileBlobs.list(prefix),
  delete: (key) => fileBlobs.delete(key),
  deleteAll: (prefix) => fileBlobs.deleteAll(prefix),
};

/** Such as "queued" for the record of a job in that state, "the model", "the project". */
function nameOf(key: string, value: unknown): string {
  if (key.startsWith('.okapi/jobs/')) return (value as JobRecord).state;
  if (key.startsWith('.okapi/models/')) return 'the model';
  if (key.startsWith('.okapi/snapshots/')) return 'the snapshot';
  return 'the project';
}

const workspace = await openWorkspace(config.data_dir, systemIds);
const stores = {
  config,
  docs,
  blobs,
  workspace: {
    ...workspace,
    removeJobFolder: (id: string) => around('clearing up', () => workspace.removeJobFolder(id)),
  },
  log: pino({ level: 'silent' }),
  clock: systemClock,
  ids: systemIds,
  audit: new TestAudit(),
};
const train: Train = (request, options) =>
  trainDeterministic(request, {
    ...options,
    onStart: (pid) => tell({ told: 'child', pid, afterMs: performance.now() - startedMs }),
    onEvent: (event) => {
      reach(pointOf(event));
      options.onEvent?.(event);
    },
  });

function pointOf(event: TrainingEvent): string {
  if (event.type === 'step' || event.type === 'epoch') return `${event.phase} ${event.type} ${event.epoch}`;
  return event.type === 'stage' ? event.stage : event.type;
}

const context: Context = { ...stores, queue: null as never };
const queue = new LocalQueue({ ...stores, runners: { train: trainRunner(context, { train }) } });
await queue.start();
if ((await queue.list()).length === 0) {
  const settings = { img_size: 64, epochs: 3 };
  const { job_id } = await startTraining({ ...context, queue }, project('p'), settings, testActor);
  tell({ told: 'started', job_id });
}
const [{ job_id } = { job_id: '' }] = await queue.list();
const timer = setInterval(async () => {
  const job = await queue.get(job_id);
  if (!job || !['finished', 'failed', 'canceled'].includes(job.state)) return;
  clearInterval(timer);
  await queue.stop();
  tell({ told: 'ended', job });
}, 20);
process.on('SIGTERM', () => {
  clearInterval(timer);
  void queue.stop();
});
