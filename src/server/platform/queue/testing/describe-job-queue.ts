// The contract of a JobQueue: one suite that every implementation passes.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OkapiError } from '../../../../vision/errors.ts';
import { ServerError } from '../../../contract/errors.ts';
import type { JobState } from '../../../contract/job-states.ts';
import type { JobRecord, Owner } from '../job.ts';
import type { JobAttempt, JobQueue, JobRunner, NewJob, NumberedEvent } from '../job-queue.ts';

export interface OpenedQueue {
  readonly queue: JobQueue;
  /** Stops it as a crash would: nothing more is written by it, and its attempts go nowhere. */
  abandon(): Promise<void>;
  /** A new queue over the same records, not started. */
  reopen(): Promise<JobQueue>;
  close(): Promise<void>;
}

/** Opens a queue with room for two attempts and for five waiting jobs, which runs jobs of kind "test". */
export type OpenQueue = (runner: JobRunner) => Promise<OpenedQueue>;

/** An attempt that has been started, and how to end it. */
export interface Running extends JobAttempt {
  finish(): void;
  fail(error: Error): void;
}

/** A runner whose attempts wait until the test ends them, or until their signal does. */
export function heldRunner(): { runner: JobRunner; started: Running[]; deaf: Set<string> } {
  const started: Running[] = [];
  const deaf = new Set<string>();
  const runner: JobRunner = (attempt) =>
    new Promise((resolve, reject) => {
      const canceled = () => {
        if (!deaf.has(attempt.job.job_id)) reject(new OkapiError('train.canceled', 'canceled'));
      };
      if (attempt.signal.aborted) canceled();
      attempt.signal.addEventListener('abort', canceled);
      started.push({ ...attempt, finish: () => resolve(), fail: reject });
    });
  return { runner, started, deaf };
}

export function newJob(id: string, changes: Partial<NewJob> = {}): NewJob {
  return {
    kind: 'test',
    owner: { kind: 'project', id },
    model_id: `${id}-model`,
    request: { epochs: 3 },
    created_by: 'tester',
    needs_approval: false,
    ...changes,
  };
}

const code = (code: string) => expect.objectContaining({ code });
const crash = (text: string) => new OkapiError('train.crashed', text);

export function describeJobQueue(name: string, open: OpenQueue): void {
  describe(`${name}: the contract of a job queue`, () => {
    let held: ReturnType<typeof heldRunner>;
    let opened: OpenedQueue;
    let queue: JobQueue;
    beforeEach(async () => {
      held = heldRunner();
      opened = await open(held.runner);
      queue = opened.queue;
    });
    afterEach(() => opened.close());

    const state = async (id: string) => (await queue.get(id))?.state;
    const until = (id: string, wanted: JobState) => expect.poll(() => state(id)).toBe(wanted);
    const started = async (count: number): Promise<Running> => {
      await expect.poll(() => held.started.length).toBe(count);
      return held.started[count - 1]!;
    };
    const running = async (id = 'p') => {
      await queue.start();
      const { job_id } = await queue.add(newJob(id));
      return { job_id, attempt: await started(1) };
    };

    describe('adding', () => {
      it('keeps what was asked for, and finds it again', async () => {
        const job = await queue.add(newJob('p'));
        expect(job).toMatchObject({
          state: 'queued',
          attempt: 0,
          strikes: 0,
          model_id: 'p-model',
          request: { epochs: 3 },
        });
        expect(await queue.get(job.job_id)).toEqual(job);
        expect(await queue.get('no-such-job')).toBeNull();
      });

      it('gives jobs that are added in the same millisecond different ids, and runs them in their order', async () => {
        const ids: string[] = [];
        for (const id of ['a', 'b', 'c']) ids.push((await queue.add(newJob(id))).job_id);
        expect(new Set(ids).size).toBe(3);
        expect((await queue.list()).map(({ job_id }) => job_id)).toEqual(ids.toReversed());
        await queue.start();
        await started(2);
        expect(held.started.map(({ job }) => job.job_id).sort()).toEqual(ids.slice(0, 2).sort());
        held.started[0]!.finish();
        expect((await started(3)).job.job_id).toBe(ids[2]);
      });

      it('refuses a second job of an owner until the first has ended', async () => {
        const both = await Promise.allSettled([
          queue.add(newJob('p')),
          queue.add(newJob('p', { model_id: 'm2' })),
        ]);
        expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        expect(both.find((row) => row.status === 'rejected')?.reason).toMatchObject({
          code: 'job.already_running',
        });
        const scene: Owner = { kind: 'scene', id: 'p' };
        await queue.add(newJob('p', { owner: scene, model_id: 'm3' }));
        const [job] = await queue.list({ owner: { kind: 'project', id: 'p' } });
        await queue.cancel(job!.job_id, 'me');
        await queue.add(newJob('p', { model_id: 'm4' }));
      });

      it('refuses a model that another job makes', async () => {
        await queue.add(newJob('p'));
        await expect(queue.add(newJob('q', { model_id: 'p-model' }))).rejects.toThrow(
          code('revision.conflict'),
        );
      });

      it('takes jobs that only work with a model, whoever made it, and as often as wanted', async () => {
        const uses = { model_id: 'p-1-model', uses_model: true } as const;
        await queue.add(newJob('p-1'));
        expect(await queue.add(newJob('p-2', uses))).toMatchObject(uses);
        await queue.add(newJob('p-3', uses));
        await queue.add(newJob('p-4', { model_id: 'other', uses_model: true }));
        await queue.add(newJob('p-5', { model_id: 'other' }));
      });

      it('refuses what does not fit into the queue', async () => {
        for (const id of ['a', 'b', 'c', 'd', 'e']) await queue.add(newJob(id));
        await expect(queue.add(newJob('f'))).rejects.toThrow(
          expect.objectContaining({ code: 'job.queue_full', retryAfterSeconds: expect.any(Number) }),
        );
      });

      it('lists by owner, state and kind', async () => {
        const a = await queue.add(newJob('a'));
        await queue.add(newJob('b', { needs_approval: true }));
        const ids = (jobs: JobRecord[]) => jobs.map(({ owner }) => owner.id);
        expect(ids(await queue.list({ owner: a.owner }))).toEqual(['a']);
        expect(ids(await queue.list({ states: ['waiting_approval'] }))).toEqual(['b']);
        expect(ids(await queue.list({ kind: 'test' }))).toEqual(['b', 'a']);
        expect(await queue.list({ kind: 'other' })).toEqual([]);
      });
    });

    describe('running', () => {
      it('runs a job to its end', async () => {
        const { job_id, attempt } = await running();
        expect(attempt.job).toMatchObject({ state: 'running', attempt: 1 });
        await attempt.finalise();
        expect(await state(job_id)).toBe('finalising');
        attempt.finish();
        await until(job_id, 'finished');
        expect(await queue.get(job_id)).toMatchObject({ progress: 1, failure: null, strikes: 0 });
      });

      it('runs no more attempts at a time than there is room for', async () => {
        await queue.start();
        for (const id of ['a', 'b', 'c']) await queue.add(newJob(id));
        await started(2);
        expect((await queue.list({ states: ['queued'] })).map(({ owner }) => owner.id)).toEqual(['c']);
      });

      it('starts an attempt that crashed again, and gives up after the third', async () => {
        const { job_id } = await running();
        for (const n of [1, 2, 3]) {
          const attempt = await started(n);
          expect(attempt.job).toMatchObject({ attempt: n, strikes: n - 1 });
          attempt.fail(crash(`it broke\nat /usr/lib/secret/place.js:1\nlast line ${n}`));
        }
        await until(job_id, 'failed');
        const { failure } = (await queue.get(job_id))!;
        expect(failure?.code).toBe('job.crash_loop');
        expect(failure?.detail).toContain('last line 3');
        expect(failure?.detail).not.toContain('/usr/lib');
      });

      it('counts an error of our own as a crash', async () => {
        const { job_id, attempt } = await running();
        attempt.fail(new TypeError('x is not a function'));
        expect((await started(2)).job.strikes).toBe(1);
        expect(await state(job_id)).toBe('running');
      });

      it.each([
        new OkapiError('train.diverged', 'the loss became NaN'),
        new ServerError('job.out_of_memory', 'it needed too much'),
      ])('fails at once with a real answer: %s', async (error) => {
        const { job_id, attempt } = await running();
        attempt.fail(error);
        await until(job_id, 'failed');
        expect(await queue.get(job_id)).toMatchObject({
          failure: { code: error.code, detail: error.message },
          strikes: 0,
        });
        expect(held.started).toHaveLength(1);
      });

      it('refuses the word of an attempt that is over', async () => {
        const { job_id, attempt } = await running();
        attempt.fail(crash('gone'));
        await started(2);
        await expect(attempt.finalise()).rejects.toThrow(code('job.fenced'));
        attempt.emit({ type: 'log', text: 'from the grave' });
        expect(await state(job_id)).toBe('running');
        held.started[1]!.emit({ type: 'log', text: 'alive' });
        const texts = async () => (await queue.events(job_id, 0)).map(({ event }) => JSON.stringify(event));
        await expect.poll(texts).toContainEqual(expect.stringContaining('alive'));
        expect((await texts()).join()).not.toContain('grave');
      });
    });

    describe('canceling', () => {
      it('ends a job that waits', async () => {
        for (const needs_approval of [false, true]) {
          const { job_id } = await queue.add(newJob(`p-${needs_approval}`, { needs_approval }));
          expect(await queue.cancel(job_id, 'me')).toMatchObject({ state: 'canceled', decided_by: 'me' });
          await expect(queue.cancel(job_id, 'me')).rejects.toThrow(code('job.already_done'));
        }
        await queue.start();
        expect(held.started).toEqual([]);
      });

      it('ends a job that runs', async () => {
        const { job_id, attempt } = await running();
        await queue.cancel(job_id, 'me');
        expect(attempt.signal.aborted).toBe(true);
        await expect(attempt.finalise()).rejects.toThrow(code('job.fenced'));
        await until(job_id, 'canceled');
        await expect(queue.cancel(job_id, 'me')).rejects.toThrow(code('job.already_done'));
      });

      it('ends a job whose attempt does not listen, within 5 s', async () => {
        const { job_id, attempt } = await running();
        held.deaf.add(job_id);
        await queue.cancel(job_id, 'me');
        await expect(queue.cancel(job_id, 'me')).rejects.toThrow(code('job.already_done'));
        await expect.poll(() => state(job_id), { timeout: 5000 }).toBe('canceled');
        await expect(attempt.finalise()).rejects.toThrow(code('job.fenced'));
        attempt.finish();
        expect(await state(job_id)).toBe('canceled');
      });

      it('ends a job whose attempt has just crashed', async () => {
        const { job_id, attempt } = await running();
        held.deaf.add(job_id);
        await queue.cancel(job_id, 'me');
        attempt.fail(crash('killed'));
        await until(job_id, 'canceled');
        expect(held.started).toHaveLength(1);
      });

      it('lets a job finish that is past its commit point', async () => {
        const { job_id, attempt } = await running();
        await attempt.finalise();
        expect(await queue.cancel(job_id, 'me')).toMatchObject({ state: 'finalising' });
        expect(attempt.signal.aborted).toBe(false);
        attempt.finish();
        await until(job_id, 'finished');
        await expect(queue.cancel(job_id, 'me')).rejects.toThrow(code('job.already_done'));
      });

      it('knows only its own jobs', async () => {
        for (const act of [
          () => queue.cancel('nobody', 'me'),
          () => queue.approve('nobody', 'me'),
          () => queue.reject('nobody', 'me', null),
        ])
          await expect(act()).rejects.toThrow(code('job.not_found'));
      });
    });

    describe('approval', () => {
      it('runs a job only once it is approved', async () => {
        await queue.start();
        const { job_id } = await queue.add(newJob('p', { needs_approval: true }));
        await queue.add(newJob('q'));
        expect((await started(1)).job.owner.id).toBe('q');
        expect(await queue.approve(job_id, 'boss')).toMatchObject({ state: 'queued', decided_by: 'boss' });
        expect((await started(2)).job.job_id).toBe(job_id);
        await expect(queue.approve(job_id, 'boss')).rejects.toThrow(code('job.not_waiting'));
      });

      it('never runs a job that is rejected', async () => {
        const { job_id } = await queue.add(newJob('p', { needs_approval: true }));
        expect(await queue.reject(job_id, 'boss', 'not now')).toMatchObject({
          state: 'canceled',
          detail: 'not now',
        });
        await expect(queue.reject(job_id, 'boss', null)).rejects.toThrow(code('job.not_waiting'));
      });
    });

    describe('events', () => {
      it('are numbered, kept in order and told to those who watch', async () => {
        const heard: NumberedEvent[] = [];
        const unwatch = queue.watch((event) => heard.push(event));
        const { job_id, attempt } = await running();
        attempt.emit({ type: 'log', text: 'one' });
        attempt.emit({ type: 'log', text: 'two' });
        attempt.finish();
        await until(job_id, 'finished');
        const kept = async () => (await queue.events(job_id, 0)).map(({ event }) => event);
        await expect.poll(async () => (await kept()).at(-1)).toMatchObject({ state: 'finished' });
        expect(await kept()).toMatchObject([
          { type: 'state', state: 'queued' },
          { type: 'state', state: 'running' },
          { type: 'log', text: 'one' },
          { type: 'log', text: 'two' },
          { type: 'state', state: 'finalising' },
          { type: 'state', state: 'finished' },
        ]);
        expect(heard).toEqual(await queue.events(job_id, 0));
        expect(heard.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
        expect(await queue.events(job_id, 4)).toEqual(heard.slice(4));
        unwatch();
        await queue.add(newJob('q'));
        expect(heard).toHaveLength(6);
      });

      it('show progress that never falls, leaves 0..1 or becomes senseless', async () => {
        const { job_id, attempt } = await running();
        const progress = (progress: number) =>
          attempt.emit({
            type: 'progress',
            progress,
            seconds_left: 1,
            epoch: 1,
            epochs: 2,
            step: 1,
            steps: 2,
            loss: 1,
            learning_rate: 1,
            phase: 'main',
          });
        const seen: unknown[] = [];
        for (const value of [0.2, 0.1, Number.NaN, -3, 0.4, 2]) {
          progress(value);
          seen.push((await queue.get(job_id))?.progress);
        }
        expect(seen).toEqual([0.2, 0.2, 0.2, 0.2, 0.4, 1]);
        for (let i = 0; i < 10_000; i++) progress(0.5);
        attempt.finish();
        await until(job_id, 'finished');
        expect((await queue.events(job_id, 0)).length).toBeLessThan(20);
      });
    });

    describe('after a restart', () => {
      it('a job that ran is taken up again, without a strike', async () => {
        const { job_id } = await running();
        await opened.abandon();
        queue = await opened.reopen();
        expect(await state(job_id)).toBe('running');
        await queue.start();
        const second = await started(2);
        expect(second.job).toMatchObject({ job_id, attempt: 2, strikes: 0 });
        second.finish();
        await until(job_id, 'finished');
      });

      it('a job past its commit point only finishes, and cannot be canceled', async () => {
        const { job_id, attempt } = await running();
        await attempt.finalise();
        await opened.abandon();
        queue = await opened.reopen();
        expect(await queue.cancel(job_id, 'me')).toMatchObject({ state: 'finalising' });
        await queue.start();
        const second = await started(2);
        expect(second.job).toMatchObject({ state: 'finalising', attempt: 2 });
        await second.finalise();
        second.finish();
        await until(job_id, 'finished');
      });

      it('a job that was to be canceled is', async () => {
        const { job_id } = await running();
        held.deaf.add(job_id);
        await queue.cancel(job_id, 'me');
        await opened.abandon();
        queue = await opened.reopen();
        await queue.start();
        expect(await state(job_id)).toBe('canceled');
      });

      it('the order of the waiting jobs is as before, and numbers go on', async () => {
        const ids: string[] = [];
        for (const id of ['a', 'b', 'c']) ids.push((await queue.add(newJob(id))).job_id);
        await opened.abandon();
        queue = await opened.reopen();
        ids.push((await queue.add(newJob('d'))).job_id);
        expect((await queue.list()).map(({ job_id }) => job_id)).toEqual(ids.toReversed());
      });

      it('a job that servers die of is not started a fourth time, and the others are', async () => {
        const { job_id } = await running();
        for (const n of [2, 3]) {
          await opened.abandon();
          queue = await opened.reopen();
          await queue.start();
          await started(n);
        }
        await opened.abandon();
        queue = await opened.reopen();
        const other = await queue.add(newJob('q'));
        await queue.start();
        expect(await queue.get(job_id)).toMatchObject({
          state: 'failed',
          failure: { code: 'job.crash_loop' },
        });
        expect((await started(4)).job.job_id).toBe(other.job_id);
      });
    });

    describe('forgetting', () => {
      it('removes a job that has ended, with its events, and for good', async () => {
        const { job_id, attempt } = await running();
        attempt.emit({ type: 'log', text: 'one' });
        attempt.finish();
        await until(job_id, 'finished');
        await expect.poll(() => queue.forget(job_id)).toBe(true);
        expect(await queue.get(job_id)).toBeNull();
        expect(await queue.list()).toEqual([]);
        expect(await queue.events(job_id, 0)).toEqual([]);
        expect(await queue.forget(job_id)).toBe(true);
        await opened.abandon();
        expect(await (await opened.reopen()).list()).toEqual([]);
      });

      it('leaves a job that waits or runs', async () => {
        const { job_id } = await running();
        const waiting = await queue.add(newJob('q', { needs_approval: true }));
        expect(await queue.forget(job_id)).toBe(false);
        expect(await queue.forget(waiting.job_id)).toBe(false);
        expect(await queue.list()).toHaveLength(2);
      });

      it('leaves a canceled job whose attempt has not ended', async () => {
        const { job_id, attempt } = await running();
        held.deaf.add(job_id);
        await queue.cancel(job_id, 'me');
        await expect.poll(() => state(job_id), { timeout: 6000 }).toBe('canceled');
        expect(await queue.forget(job_id)).toBe(false);
        attempt.finish();
        await expect.poll(() => queue.forget(job_id)).toBe(true);
      });
    });

    describe('stopping', () => {
      it('puts running jobs back, to go on at the next start, however often', async () => {
        const { job_id } = await running();
        for (const n of [2, 3, 4, 5]) {
          await queue.stop();
          expect(held.started.at(-1)?.signal.aborted).toBe(true);
          expect(await queue.get(job_id)).toMatchObject({ state: 'queued', strikes: 0 });
          queue = await opened.reopen();
          await queue.start();
          await started(n);
        }
      });

      it('takes no more jobs', async () => {
        await queue.start();
        await queue.stop();
        await expect(queue.add(newJob('p'))).rejects.toThrow(code('server.stopping'));
      });
    });
  });
}
