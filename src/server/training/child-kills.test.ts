// Training processes killed with SIGKILL at named points: the job goes on, and the model is what it would have been.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TrainedModel } from '../../vision/detectors/detector.ts';
import { trainInChild } from '../../vision/detectors/train-in-child.ts';
import { runChildTraining } from '../../vision/training/child-training.ts';
import type { TrainingEvent } from '../../vision/training/events.ts';
import { listModels } from '../models/list-models.ts';
import { systemClock } from '../platform/clock.ts';
import type { Context } from '../platform/context.ts';
import { systemIds } from '../platform/ids.ts';
import { LocalQueue } from '../platform/queue/local-queue.ts';
import { type TestContext, testActor, testContext } from '../testing/context.ts';
import { startTraining } from './start-training.ts';
import { deterministic, whatWasLearnt } from './testing/deterministic-training.ts';
import { project, putParts, putProject } from './testing/parts.ts';
import { type Train, trainRunner } from './train-runner.ts';

/** Kill the child this long after its start, or after the first event that fits. */
interface Point {
  readonly name: string;
  readonly at: 'start' | ((event: TrainingEvent) => boolean);
  readonly afterMs: number;
}

const start = (afterMs: number): Point => ({ name: `start +${afterMs} ms`, at: 'start', afterMs });
const stage = (name: string, afterMs = 0): Point => ({
  name: `${name} +${afterMs} ms`,
  at: (event) => event.type === 'stage' && event.stage === name,
  afterMs,
});
const said = (type: TrainingEvent['type'], afterMs = 0): Point => ({
  name: `${type} +${afterMs} ms`,
  at: (event) => event.type === type,
  afterMs,
});
const step = (phase: string, epoch: number, step: number): Point => ({
  name: `${phase}: epoch ${epoch}, step ${step}`,
  at: (event) =>
    event.type === 'step' && event.phase === phase && event.epoch === epoch && event.step === step,
  afterMs: 0,
});
/** The end of an epoch: its checkpoint is about to be written, being written, or just written. */
const epoch = (phase: string, epoch: number, afterMs: number): Point => ({
  name: `${phase}: checkpoint of epoch ${epoch} +${afterMs} ms`,
  at: (event) => event.type === 'epoch' && event.phase === phase && event.epoch === epoch,
  afterMs,
});

/** Two for each job: the third crash would be its last. */
const plan: readonly (readonly [Point, Point])[] = [
  [start(0), start(150)],
  [start(500), said('device')],
  [stage('reading'), said('pictures')],
  [said('pictures', 10), stage('training')],
  [stage('training', 20), step('main', 1, 1)],
  [step('main', 1, 2), step('main', 2, 1)],
  [epoch('main', 1, 0), epoch('main', 2, 0)],
  [epoch('main', 1, 3), epoch('main', 2, 5)],
  [epoch('main', 2, 12), epoch('main', 3, 0)],
  [epoch('main', 3, 4), stage('calibrating')],
  [stage('calibrating', 10), step('fold 1 of 2', 1, 1)],
  [epoch('fold 1 of 2', 1, 3), step('fold 2 of 2', 1, 1)],
  [stage('saving'), stage('saving', 10)],
];

const killsIntended = plan.flat().length;

// Children give way to whatever else the machine does.
vi.setConfig({ testTimeout: 200_000 });

let opened: TestContext;
beforeAll(async () => {
  opened = await testContext({ ids: systemIds, clock: systemClock });
});
afterAll(() => opened.close());

describe('a training whose process is killed', () => {
  it(`goes on within 5 s and makes the same model, once, over ${killsIntended} kills at named points`, async () => {
    const killed: string[] = [];
    const gapsMs: number[] = [];
    const attempts = new Map<string, number>();
    const killedAtMs = new Map<string, number>();

    const train: Train = (request, options) => {
      const model = String(request.record?.model_id);
      const owner = Number(String(request.record?.project_id).slice('p-'.length));
      const attempt = attempts.get(model) ?? 0;
      attempts.set(model, attempt + 1);
      const point = plan[owner]?.[attempt];
      let pid = 0;
      let timer: NodeJS.Timeout | undefined;
      const hit = () => {
        timer ??= setTimeout(() => {
          killedAtMs.set(model, performance.now());
          process.kill(pid, 'SIGKILL');
        }, point!.afterMs);
      };
      return trainInChild(deterministic(request), {
        ...options,
        onStart: (started) => {
          pid = started;
          const since = killedAtMs.get(model);
          if (since !== undefined) gapsMs.push(performance.now() - since);
          if (point?.at === 'start') hit();
        },
        onEvent: (event) => {
          if (typeof point?.at === 'function' && point.at(event)) hit();
          options.onEvent?.(event);
        },
      }).catch((error: Error) => {
        clearTimeout(timer);
        if (error.message.includes('was ended by SIGKILL')) killed.push(point!.name);
        throw error;
      });
    };

    const { context: stores } = opened;
    const queue = new LocalQueue({
      ...stores,
      runners: { train: trainRunner(stores, { train: (...call) => train(...call) }) },
    });
    const context: Context = { ...stores, queue };
    const ids: string[] = [];
    // The last one is not killed: it is what the others are compared with.
    for (let i = 0; i <= plan.length; i++) {
      const owner = project(`p-${i}`);
      await putProject(context, owner.id);
      await putParts(context, owner, 8);
      ids.push((await startTraining(context, owner, { img_size: 64, epochs: 3 }, testActor)).job_id);
    }
    await queue.start();
    const unfinished = async () =>
      (await queue.list({ states: ['queued', 'running', 'finalising'] })).map(({ owner }) => owner.id);
    await expect.poll(unfinished, { timeout: 500_000, interval: 100 }).toEqual([]);

    for (const [i, id] of ids.entries()) {
      const kills = i === plan.length ? 0 : 2;
      const job = await queue.get(id);
      expect(job).toMatchObject({ state: 'finished', strikes: kills, attempt: kills + 1, failure: null });
    }
    expect(killed.sort()).toEqual(
      plan
        .flat()
        .map(({ name }) => name)
        .sort(),
    );
    expect(killed.length).toBeGreaterThanOrEqual(24);
    expect(Math.max(...gapsMs)).toBeLessThan(5000);
    expect(await listModels(context, {})).toHaveLength(ids.length);
    const [expected, ...others] = await whatWasLearnt(context);
    expect(Object.keys(expected!)).toHaveLength(4);
    for (const other of others) expect(other).toEqual(expected);
    await queue.stop();
  }, 600_000);
});

describe('a training whose process stands still', () => {
  it('is ended, and the job goes on; waking the old process up changes nothing', async () => {
    const pids: number[] = [];
    const { context: stores } = opened;
    // Only the first is stopped. The next may be as slow as a busy machine makes it.
    const train: Train = (request, options) =>
      trainInChild(deterministic(request), {
        ...options,
        limits: { ...options.limits, silentMs: pids.length === 0 ? 5000 : 120_000 },
        onStart: (pid) => void pids.push(pid),
        onEvent: (event) => {
          if (pids.length === 1 && event.type === 'epoch') process.kill(pids[0]!, 'SIGSTOP');
          options.onEvent?.(event);
        },
      });
    const runner = trainRunner(stores, { train });
    const queue = new LocalQueue({ ...stores, runners: { train: runner } });
    const context: Context = { ...stores, queue };
    await putProject(context, 'still');
    await putParts(context, project('still'), 8);
    const { job_id } = await startTraining(context, project('still'), { img_size: 64, epochs: 3 }, testActor);
    await queue.start();
    const state = async () => (await queue.get(job_id))?.state;
    await expect.poll(state, { timeout: 150_000 }).toBe('finished');
    expect(await queue.get(job_id)).toMatchObject({ attempt: 2, strikes: 1 });
    expect(() => process.kill(pids[0]!, 'SIGCONT')).toThrow('ESRCH');
    const own = (await listModels(context, {})).filter(({ project_id }) => project_id === 'still');
    expect(own).toHaveLength(1);
    await queue.stop();
  });

  it('fails after the third time, with the last lines that it printed', async () => {
    const { context: stores } = opened;
    const odd = new URL('../../vision/training/testing/odd-child.ts', import.meta.url);
    const train: Train = (_, options) =>
      runChildTraining(odd, 'hang', { ...options, parseResult: (): TrainedModel | null => null });
    const runner = trainRunner(stores, { train, silentMs: 6000 });
    const queue = new LocalQueue({ ...stores, runners: { train: runner } });
    const context: Context = { ...stores, queue };
    await putProject(context, 'loop');
    await putParts(context, project('loop'), 8);
    const { job_id } = await startTraining(context, project('loop'), {}, testActor);
    await queue.start();
    await expect.poll(async () => (await queue.get(job_id))?.state, { timeout: 150_000 }).toBe('failed');
    expect((await queue.get(job_id))?.failure).toMatchObject({
      code: 'job.crash_loop',
      detail: expect.stringMatching(/3 attempts.*no sign of life[\s\S]*going round/),
    });
    await queue.stop();
  });
});
