import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { snapshot } from '../datasets/snapshot.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import type { JobRecord } from '../platform/queue/job.ts';
import { TestClock, type TestContext, testActor, testContext } from '../testing/context.ts';
import type { IdleQueue } from '../testing/idle-queue.ts';
import { startTraining } from './start-training.ts';
import { sweepJobs } from './sweep-jobs.ts';
import { project, putParts, putProject } from './testing/parts.ts';
import { putSnapshot } from './training-order.ts';

const DAY_MS = 86_400_000;
let test: TestContext;
let context: Context;
let clock: TestClock;
beforeEach(async () => {
  clock = new TestClock();
  test = await testContext({ clock });
  context = test.context;
  await putProject(context, 'p');
  await putParts(context, project('p'), 6);
});
afterEach(() => test.close());

const start = async () => (await startTraining(context, project('p'), {}, testActor)).job_id;
const snapshots = async () => (await context.docs.list(docKeys.snapshots)).docs;

async function end(jobId: string): Promise<JobRecord> {
  const queue = context.queue as IdleQueue;
  const job = (await queue.get(jobId))!;
  return queue.set({ ...job, state: 'finished', finished_at: clock.date().toISOString() });
}

describe('jobs that have ended', () => {
  it('are forgotten after the days of the setting, with their events, and the list of their images', async () => {
    const id = await start();
    await end(id);
    clock.advance(89 * DAY_MS);
    expect(await sweepJobs(context)).toEqual({ jobs: 0, snapshots: 0 });
    expect(await context.queue.events(id, 0)).not.toEqual([]);
    clock.advance(2 * DAY_MS);
    expect(await sweepJobs(context)).toEqual({ jobs: 1, snapshots: 1 });
    expect(await context.queue.get(id)).toBeNull();
    expect((await context.docs.list(docKeys.jobs)).journals).toEqual([]);
    expect(await snapshots()).toEqual([]);
  });

  it('stay as long as another setting says', async () => {
    await end(await start());
    const jobs = { ...context.config.jobs, keep_days: 0.5 };
    clock.advance(DAY_MS / 2 - 1000);
    expect((await sweepJobs({ ...context, config: { ...context.config, jobs } })).jobs).toBe(0);
    clock.advance(2000);
    expect((await sweepJobs({ ...context, config: { ...context.config, jobs } })).jobs).toBe(1);
  });
});

describe('jobs that have not ended', () => {
  it('stay however old they are, with the list of their images', async () => {
    const id = await start();
    clock.advance(1000 * DAY_MS);
    expect(await sweepJobs(context)).toEqual({ jobs: 0, snapshots: 0 });
    expect((await context.queue.get(id))?.state).toBe('queued');
    expect(await snapshots()).toHaveLength(1);
  });
});

describe('a list of images', () => {
  it('stays while a model names it', async () => {
    const id = await start();
    const { request, model_id } = await end(id);
    await context.docs.put(docKeys.model(model_id), { model_id, dataset_sha256: request.snapshot });
    clock.advance(100 * DAY_MS);
    expect(await sweepJobs(context)).toEqual({ jobs: 1, snapshots: 0 });
    await context.docs.delete(docKeys.model(model_id));
    expect(await sweepJobs(context)).toEqual({ jobs: 0, snapshots: 1 });
  });

  it('stays while the record of a model cannot be read', async () => {
    await end(await start());
    await context.docs.put(docKeys.model('m'), {});
    await writeFile(`${test.folder}/data/${docKeys.model('m')}.json`, '{');
    clock.advance(100 * DAY_MS);
    expect(await sweepJobs(context)).toEqual({ jobs: 1, snapshots: 0 });
  });

  it('that was just written stays: its job comes next', async () => {
    await putSnapshot(context, await snapshot(context, project('p')));
    expect((await sweepJobs(context)).snapshots).toBe(0);
    clock.advance(3_600_001);
    expect((await sweepJobs(context)).snapshots).toBe(1);
  });

  it('that is written anew while the sweep looks around stays', async () => {
    const found = await snapshot(context, project('p'));
    await putSnapshot(context, found);
    clock.advance(2 * 3_600_000);
    const { docs } = context;
    const list = docs.list.bind(docs);
    // Between reading the lists and deleting one, a training begins.
    docs.list = async (prefix) => {
      if (prefix === docKeys.models) await putSnapshot(context, found);
      return list(prefix);
    };
    expect((await sweepJobs(context)).snapshots).toBe(0);
    expect(await snapshots()).toHaveLength(1);
  });
});
