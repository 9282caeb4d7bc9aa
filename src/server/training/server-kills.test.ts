// The server killed with SIGKILL at named points while it trains and stores: nothing acknowledged is lost, nothing is doubled.
import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileBlobs } from '../platform/blobs/file-blobs.ts';
import type { Context } from '../platform/context.ts';
import { FileDocs } from '../platform/docs/file-docs.ts';
import { storeRoots } from '../platform/docs/store-folders.ts';
import type { JobRecord } from '../platform/queue/job.ts';
import { testConfig } from '../testing/context.ts';
import { whatWasLearnt } from './testing/deterministic-training.ts';
import { project, putParts, putProject } from './testing/parts.ts';
import type { Told } from './testing/server-process.ts';

const program = fileURLToPath(new URL('./testing/server-process.ts', import.meta.url));

/** While the job is added and the child works; between two of them the training gets further, or not. */
const whileTraining = [
  'before queued',
  'after queued',
  'before running',
  'after running',
  'reading',
  // Had no epoch ended here, the next start would be the third in a row without progress: the job would not be run again.
  'main step 2',
  'main epoch 3',
  'calibrating',
  'fold 1 of 2 epoch 1',
  'before finalising',
];
/** From a model that is complete in the job's folder. */
const whileStoring = [
  'after finalising',
  'before the files',
  'after the files',
  'before the manifest',
  'after the manifest',
  'before the model',
  'after the model',
  'before the project',
  'after the project',
  'before finished',
  'after finished',
  'before clearing up',
];

interface Run {
  readonly signal: NodeJS.Signals | null;
  readonly told: readonly Told[];
  readonly errors: string;
}

/** Runs the server until it ends; with `meanwhile`, something is done to it. */
async function run(folder: string, fault: string, meanwhile?: (server: ChildProcess, told: Told) => void) {
  const server = spawn(process.execPath, ['--import', 'tsx', program, folder, fault], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const told: Told[] = [];
  let errors = '';
  server.stderr.on('data', (text) => {
    errors += text;
  });
  createInterface({ input: server.stdout }).on('line', (line) => {
    told.push(JSON.parse(line) as Told);
    meanwhile?.(server, told.at(-1)!);
  });
  return new Promise<Run>((resolve) => {
    server.once('close', (_, signal) => resolve({ signal, told, errors }));
  });
}

function storesIn(folder: string): Context {
  const roots = storeRoots(testConfig(folder));
  return { docs: new FileDocs(roots), blobs: new FileBlobs(roots) } as unknown as Context;
}

async function jobsIn(folder: string): Promise<JobRecord[]> {
  const { docs } = storesIn(folder);
  const { docs: ids } = await docs.list('.okapi/jobs');
  return Promise.all(ids.map(async (id) => (await docs.get<never>(`.okapi/jobs/${id}`))!.value as JobRecord));
}

let folder: string;
let kills = 0;
const resumedAfterMs: number[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'okapi-'));
  for (const name of ['whole', 'killed', 'still', 'stopped']) {
    const stores = storesIn(join(folder, name));
    await putProject(stores, 'p');
    await putParts(stores, project('p'), 8);
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** Lets the server die at a point. Returns the jobs that it had acknowledged. */
async function kill(place: string, point: string): Promise<string[]> {
  const { signal, told, errors } = await run(place, point);
  expect({ point, signal, errors }).toEqual({ point, signal: 'SIGKILL', errors: '' });
  kills++;
  note(told);
  return told.flatMap((row) => (row.told === 'started' ? [row.job_id] : []));
}

function note(told: readonly Told[]): void {
  const child = told.find((row) => row.told === 'child');
  if (child) resumedAfterMs.push(child.afterMs);
}

/** Runs it to the end: one job, finished, one model, that of a training without interruption. */
async function finish(place: string, acknowledged: readonly string[]) {
  const { told, errors, signal } = await run(place, 'never');
  expect({ errors, signal }).toEqual({ errors: '', signal: null });
  note(told);
  const end = told.at(-1);
  expect(end).toMatchObject({ told: 'ended', job: { state: 'finished', failure: null, progress: 1 } });
  const jobs = await jobsIn(place);
  expect(jobs).toHaveLength(1);
  for (const id of acknowledged) expect(jobs[0]!.job_id).toBe(id);
  const models = await whatWasLearnt(storesIn(place));
  expect(models).toHaveLength(1);
  const { docs, blobs } = storesIn(place);
  const { model_id } = jobs[0]!;
  expect((await docs.get<{ last_model_id: string }>('projects/p/meta'))?.value.last_model_id).toBe(model_id);
  // Complete, and nothing that is not in the record.
  const record = (await docs.get<{ files: Record<string, unknown> }>(`.okapi/models/${model_id}`))!.value;
  const names = (await blobs.list(`projects/p/models/${model_id}`)).map((key) => key.split('/').at(-1)!);
  expect(names.sort()).toEqual(Object.keys(record.files).sort());
  return models[0]!;
}

/** Lets a process go on that stood still, until it has ended by itself: its channel is gone. */
async function wake(pid: number): Promise<void> {
  process.kill(pid, 'SIGCONT');
  const isThere = () => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  await expect.poll(isThere, { timeout: 10_000 }).toBe(false);
}

describe('a server that is killed', () => {
  it(`goes on with the same job and makes the same model, once, over ${whileTraining.length + whileStoring.length} kills`, async () => {
    const whole = finish(join(folder, 'whole'), []);
    const place = join(folder, 'killed');
    const acknowledged: string[] = [];
    for (const point of whileTraining) acknowledged.push(...(await kill(place, point)));
    const expected = await whole;

    const storing = async (point: string) => {
      const copy = join(folder, `storing ${whileStoring.indexOf(point)}`);
      await cp(place, copy, { recursive: true });
      await kill(copy, point);
      expect({ point, ...(await finish(copy, acknowledged)) }).toEqual({ point, ...expected });
    };
    const rest = whileStoring.values();
    const worker = async () => {
      for (const point of rest) await storing(point);
    };
    await Promise.all([worker(), worker()]);

    expect(kills).toBe(whileTraining.length + whileStoring.length);
    expect(kills).toBeGreaterThanOrEqual(16);
    expect(Math.max(...resumedAfterMs)).toBeLessThan(5000);
  }, 600_000);

  it('while its child stands still: the next server makes the model, and the child that wakes up then writes nothing', async () => {
    const place = join(folder, 'still');
    let pid = 0;
    const first = await run(place, 'never', (server, told) => {
      if (told.told !== 'child') return;
      pid = told.pid;
      // In the middle of its work: then the server goes, and nobody is left to end the child.
      setTimeout(() => {
        process.kill(pid, 'SIGSTOP');
        server.kill('SIGKILL');
      }, 1500);
    });
    expect(first.signal).toBe('SIGKILL');
    const [{ job_id }] = (await jobsIn(place)) as [JobRecord];
    let woken: Promise<void> | null = null;
    const second = await run(place, 'never', (_, told) => {
      // Both work on the same job now, in the same folder.
      if (told.told === 'child') woken = wake(pid);
    });
    await woken;
    expect(second).toMatchObject({ signal: null, errors: '' });
    expect(second.told.at(-1)).toMatchObject({
      told: 'ended',
      job: { job_id, state: 'finished', attempt: 2 },
    });
    const [learnt, ...others] = await whatWasLearnt(storesIn(place));
    expect(others).toEqual([]);
    const whole = await whatWasLearnt(storesIn(join(folder, 'whole')));
    expect(learnt).toEqual(whole[0] ?? (await finish(join(folder, 'whole'), [])));
  }, 200_000);

  it('is stopped by SIGTERM: the child saves its state, the job waits, and goes on at the next start', async () => {
    const place = join(folder, 'stopped');
    let [pid, startedMs] = [0, 0];
    const stopped = await run(place, 'never', (server, told) => {
      if (told.told !== 'child') return;
      pid = told.pid;
      setTimeout(() => {
        startedMs = performance.now();
        server.kill('SIGTERM');
      }, 1500);
    });
    expect(stopped).toMatchObject({ signal: null, errors: '' });
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    const [job] = await jobsIn(place);
    expect(job).toMatchObject({ state: 'queued', strikes: 0 });
    await finish(place, [job!.job_id]);
  }, 200_000);
});
