import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { OkapiError } from '../../../vision/errors.ts';
import { ServerError } from '../../contract/errors.ts';
import { jobStates } from '../../contract/job-states.ts';
import { TestClock, type TestContext, testContext } from '../../testing/context.ts';
import type { DocStore } from '../docs/doc-store.ts';
import { systemIds } from '../ids.ts';
import { readable } from './attempt-end.ts';
import type { JobRunner } from './job-queue.ts';
import { LocalQueue, type LocalQueueParts } from './local-queue.ts';
import { describeJobQueue, heldRunner, newJob } from './testing/describe-job-queue.ts';
import { isDone, jobSteps, transitions } from './transitions.ts';

let opened: TestContext[] = [];
afterEach(async () => {
  for (const { close } of opened) await close();
  opened = [];
});

async function parts(
  runner: JobRunner,
  changes: Partial<LocalQueueParts> = {},
): Promise<LocalQueueParts & { folder: string }> {
  const context = await testContext();
  opened.push(context);
  const { docs, clock, log, workspace, config } = context.context;
  const jobs = { ...config.jobs, max_queued: 5, poll_interval_seconds: 0.02 };
  const base = { docs, clock, ids: systemIds, log, workspace, config: { jobs }, runners: { test: runner } };
  return { ...base, folder: context.folder, ...changes };
}

/** A store of which some methods are replaced, now or later. */
function replaceable(docs: DocStore): DocStore {
  return {
    get: (key) => docs.get(key),
    put: (...args) => docs.put(...args),
    delete: (...args) => docs.delete(...args),
    list: (key) => docs.list(key),
    append: (...args) => docs.append(...args),
    read: (...args) => docs.read(...args),
    deleteJournal: (key) => docs.deleteJournal(key),
    deleteAll: (prefix) => docs.deleteAll(prefix),
  };
}

/** A store whose writer can be cut off, as a dead process is. */
function cuttable(docs: DocStore): { docs: DocStore; cut(): void } {
  const cutOff = replaceable(docs);
  const cut = () => {
    cutOff.put = cutOff.append = () => new Promise<never>(() => {});
  };
  return { docs: cutOff, cut };
}

describeJobQueue('LocalQueue', async (runner) => {
  const given = await parts(runner);
  let current = cuttable(given.docs);
  const queues: LocalQueue[] = [];
  const openQueue = () => {
    current = cuttable(given.docs);
    queues.push(new LocalQueue({ ...given, docs: current.docs }));
    return queues.at(-1)!;
  };
  return {
    queue: openQueue(),
    abandon: async () => current.cut(),
    reopen: async () => openQueue(),
    close: async () => {
      current.cut();
      for (const queue of queues) void queue.stop();
    },
  };
});

describe('the table of transitions', () => {
  it('has a way to an end from every state, and none out of an end', () => {
    const reachable = (from: (typeof jobStates)[number], seen = new Set([from])): Set<string> => {
      for (const to of Object.values(transitions[from])) if (to && !seen.has(to)) reachable(to, seen.add(to));
      return seen;
    };
    const ends = ['finished', 'failed', 'canceled'];
    for (const state of jobStates) {
      expect(isDone(state)).toBe(ends.includes(state));
      if (!isDone(state)) expect(ends.some((end) => reachable(state).has(end))).toBe(true);
      expect(Object.keys(transitions[state]).sort()).toEqual([...jobSteps].sort());
    }
    // The commit point: what passed it is never canceled, nor queued again.
    expect([...reachable('finalising')].sort()).toEqual(['failed', 'finalising', 'finished']);
  });
});

describe('LocalQueue', () => {
  it('never shows what the store did not take', async () => {
    const { runner } = heldRunner();
    const given = await parts(runner);
    const docs = replaceable(given.docs);
    docs.put = async () => {
      throw new ServerError('disk.full', 'the disk is full');
    };
    const queue = new LocalQueue({ ...given, docs });
    await expect(queue.add(newJob('p'))).rejects.toThrow(expect.objectContaining({ code: 'disk.full' }));
    expect(await queue.list()).toEqual([]);
    docs.put = (...args) => given.docs.put(...args);
    await queue.add(newJob('p'));
  });

  it('lets a job wait that met a full disk, and tries it again after a while', async () => {
    const { runner, started } = heldRunner();
    const clock = new TestClock();
    const given = await parts(runner, { clock, diskFullMs: 1000 });
    const queue = new LocalQueue(given);
    await queue.start();
    const { job_id } = await queue.add(newJob('p'));
    await expect.poll(() => started.length).toBe(1);
    started[0]!.fail(new OkapiError('disk.full', 'no space'));
    await expect.poll(async () => (await queue.get(job_id))?.detail).toMatch(/the disk is full/);
    expect(await queue.get(job_id)).toMatchObject({ state: 'queued', strikes: 0 });
    await queue.add(newJob('q'));
    await expect.poll(() => started.length).toBe(2);
    expect(started[1]!.job.owner.id).toBe('q');
    clock.advance(1000);
    await expect.poll(() => started.length).toBe(3);
    expect(started[2]!.job).toMatchObject({ job_id, attempt: 2 });
    await queue.stop();
  });

  it('writes what an attempt came to as soon as the disk takes it', async () => {
    const { runner, started } = heldRunner();
    const given = await parts(runner);
    const docs = replaceable(given.docs);
    const queue = new LocalQueue({ ...given, docs });
    await queue.start();
    const { job_id } = await queue.add(newJob('p'));
    await expect.poll(() => started.length).toBe(1);
    let refused = 0;
    docs.put = async (...args) => {
      if (++refused < 3) throw new ServerError('disk.full', 'the disk is full');
      return given.docs.put(...args);
    };
    started[0]!.finish();
    await expect.poll(async () => (await queue.get(job_id))?.state, { timeout: 5000 }).toBe('finished');
    await queue.stop();
  });

  it('refuses an attempt whose job another process has taken up', async () => {
    const { runner, started } = heldRunner();
    const given = await parts(runner);
    const stopped = new LocalQueue(given);
    await stopped.start();
    const { job_id } = await stopped.add(newJob('p'));
    await expect.poll(() => started.length).toBe(1);
    const queue = new LocalQueue(given);
    await queue.start();
    await expect.poll(() => started.length).toBe(2);
    await expect(started[0]!.finalise()).rejects.toThrow(expect.objectContaining({ code: 'job.fenced' }));
    started[0]!.finish();
    await started[1]!.finalise();
    started[1]!.finish();
    await expect.poll(async () => (await queue.get(job_id))?.state).toBe('finished');
    expect((await given.docs.get(`.okapi/jobs/${job_id}`))?.value).toMatchObject({
      attempt: 2,
      state: 'finished',
    });
    await Promise.all([queue.stop(), stopped.stop()]);
  });

  it('gives 50 jobs that are added at once 50 ids', async () => {
    const { runner } = heldRunner();
    const given = await parts(runner);
    const config = { jobs: { ...given.config.jobs, max_queued: 100 } };
    const queue = new LocalQueue({ ...given, config });
    const jobs = await Promise.all(Array.from({ length: 50 }, (_, i) => queue.add(newJob(`p${i}`))));
    expect(new Set(jobs.map(({ job_id }) => job_id)).size).toBe(50);
    const again = new LocalQueue({ ...given, config });
    expect((await again.list()).map(({ owner }) => owner.id)).toEqual(
      jobs.map(({ owner }) => owner.id).toReversed(),
    );
  });

  it('starts over a record that is no job', async () => {
    const { runner, started } = heldRunner();
    const given = await parts(runner);
    await given.docs.put('.okapi/jobs/odd', { state: 'dancing' });
    await mkdir(join(given.folder, 'data', '.okapi', 'jobs'), { recursive: true });
    await writeFile(join(given.folder, 'data', '.okapi', 'jobs', 'torn.json'), '{"job_id": "to');
    const queue = new LocalQueue(given);
    await queue.start();
    await queue.add(newJob('p'));
    await expect.poll(() => started.length).toBe(1);
    await queue.stop();
  });

  it('gives each job a folder that outlives attempts and goes with the job', async () => {
    const { runner, started } = heldRunner();
    const kept = new Set<string>();
    const removed: string[] = [];
    const given = await parts(runner);
    const workspace = {
      ...given.workspace,
      stage: () => given.workspace.stage(),
      jobFolder: (id: string) => given.workspace.jobFolder(id),
      removeJobFolder: async (id: string) => void removed.push(id),
      sweep: async (jobs: ReadonlySet<string>) => {
        for (const job of jobs) kept.add(job);
      },
    };
    const queue = new LocalQueue({ ...given, workspace });
    const { job_id } = await queue.add(newJob('p'));
    await queue.start();
    expect([...kept]).toEqual([job_id]);
    await expect.poll(() => started.length).toBe(1);
    started[0]!.fail(new OkapiError('train.crashed', 'gone'));
    await expect.poll(() => started.length).toBe(2);
    expect(started[1]!.workFolder).toBe(started[0]!.workFolder);
    expect(removed).toEqual([]);
    started[1]!.finish();
    await expect.poll(() => removed).toEqual([job_id]);
    await queue.stop();
  });

  it('adds up how long a job was worked on, over attempts and servers', async () => {
    const { runner, started } = heldRunner();
    const clock = new TestClock();
    const given = await parts(runner, { clock });
    const queue = new LocalQueue(given);
    await queue.start();
    const { job_id } = await queue.add(newJob('p'));
    await expect.poll(() => started.length).toBe(1);
    expect(started[0]!.ranMs).toBe(0);
    clock.advance(30_000);
    started[0]!.fail(new OkapiError('train.crashed', 'boom'));
    await expect.poll(() => started.length).toBe(2);
    expect(started[1]!.ranMs).toBe(30_000);
    clock.advance(20_000);
    await queue.stop();
    // Nobody works on it while there is no server.
    clock.advance(1_000_000);
    const again = new LocalQueue(given);
    await again.start();
    await expect.poll(() => started.length).toBe(3);
    expect(started[2]!.ranMs).toBe(50_000);
    // A server that dies leaves what the last note said.
    clock.advance(10_000);
    const epoch = {
      type: 'epoch',
      epoch: 1,
      epochs: 3,
      loss: 1,
      validation_loss: 1,
      learning_rate: 1,
    } as const;
    started[2]!.emit({ ...epoch, best: true, phase: 'main' });
    const noted = () => given.docs.get<{ ran_ms: number }>(`.okapi/jobs/${job_id}`);
    await expect.poll(async () => (await noted())?.value.ran_ms).toBe(60_000);
    await again.stop();
  });

  it('counts jobs that have ended', async () => {
    const { runner, started } = heldRunner();
    const counted: unknown[] = [];
    const queue = new LocalQueue(
      await parts(runner, { metrics: { countJob: (job) => void counted.push(job) } }),
    );
    await queue.start();
    await queue.add(newJob('p'));
    await expect.poll(() => started.length).toBe(1);
    started[0]!.finish();
    await expect.poll(() => counted).toEqual([{ kind: 'test', state: 'finished', seconds: 0 }]);
    await queue.stop();
  });

  it('reads 2,000 old records in well under a second', async () => {
    const { runner } = heldRunner();
    const given = await parts(runner);
    const queue = new LocalQueue(given);
    const { job_id, ...job } = await queue.add(newJob('p'));
    const folder = join(given.folder, 'data', '.okapi', 'jobs');
    for (let i = 0; i < 2000; i++) {
      const old = { ...job, job_id: `old-${i}`, state: 'finished', number: i, model_id: `m-${i}` };
      await writeFile(join(folder, `old-${i}.json`), JSON.stringify(old));
    }
    const startedMs = performance.now();
    const again = new LocalQueue(given);
    await again.start();
    expect(performance.now() - startedMs).toBeLessThan(1500);
    expect(await again.list()).toHaveLength(2001);
    await again.stop();
  });
});

describe('a text for users', () => {
  it('names no folders of the server and shows no stacks', () => {
    const text = [
      '/srv/okapi/data/.okapi/work/1/views.cache is full (see file:///opt/okapi/dist/a.js:10:3)',
      '    at run (/opt/okapi/dist/b.js:1:1)',
      'C:\\okapi\\data\\x.png; a share 3/4 of github.com/user/project',
    ].join('\n');
    expect(readable(text)).toBe(
      'views.cache is full (see a.js:10:3)\nx.png; a share 3/4 of github.com/user/project',
    );
  });

  it('takes no time for hostile texts', () => {
    fc.assert(
      fc.property(fc.constantFrom('/a', '\n', ' ', '\t', 'C:\\a', '/', '//a', 'file:///'), (piece) => {
        const startedMs = performance.now();
        readable(piece.repeat(40_000));
        return performance.now() - startedMs < 200;
      }),
      { numRuns: 30 },
    );
  });
});
