import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobEvent, JobRecord } from '../platform/queue/job.ts';
import type { NumberedEvent } from '../platform/queue/job-queue.ts';
import { IdleQueue } from '../testing/idle-queue.ts';
import { listen, type TestApp, testApp } from './testing/test-app.ts';

/** Tells what happens, as the real one does. */
class TellingQueue extends IdleQueue {
  readonly #listeners = new Set<(event: NumberedEvent, job: JobRecord) => void>();

  override watch(listener: (event: NumberedEvent, job: JobRecord) => void = () => {}): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get watchers(): number {
    return this.#listeners.size;
  }

  tell(job: JobRecord, seq: number, event: JobEvent): void {
    for (const listener of this.#listeners) listener({ seq, job_id: job.job_id, event }, job);
  }

  /** Into the journal, and to those who watch. */
  override async set(record: JobRecord): Promise<JobRecord> {
    await super.set(record);
    const last = (await this.events(record.job_id, 0)).at(-1)!;
    this.tell(record, last.seq, last.event);
    return record;
  }
}

let test: TestApp;
let queue: TellingQueue;
let port: number;
let job: JobRecord;

beforeEach(async () => {
  test = await testApp({}, { streams: { heartbeatMs: 30, maxWaitingBytes: 200_000 } });
  const { context } = test.services;
  queue = new TellingQueue(context.docs, context.clock, context.ids);
  Object.assign(context as object, { queue });
  const made = await test.ask({ method: 'POST', url: '/projects', payload: { name: 'p' } });
  const owner = { kind: 'project', id: made.json().project_id } as const;
  job = await queue.add({
    kind: 'train',
    owner,
    model_id: 'm',
    request: {},
    created_by: 'x',
    needs_approval: false,
  });
  port = await listen(test);
});
afterEach(() => test.close());

interface Watching {
  readonly text: () => string;
  readonly ids: () => string[];
  readonly ended: Promise<unknown>;
  stop(): void;
  pause(): void;
}

function watch(url: string, lastEventId?: string): Watching {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  const header = lastEventId === undefined ? '' : `Last-Event-ID: ${lastEventId}\r\n`;
  socket.write(`GET ${url} HTTP/1.1\r\nHost: localhost\r\n${header}\r\n`);
  return {
    text: () => text,
    ids: () => [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id!),
    ended: new Promise((done) => socket.once('close', done)),
    stop: () => socket.destroy(),
    pause: () => socket.pause(),
  };
}

const progress = (value: number): JobEvent => ({
  type: 'progress',
  progress: value,
  seconds_left: 1,
  epoch: 1,
  epochs: 2,
  step: 1,
  steps: 2,
  loss: 0.1,
  learning_rate: 0.1,
  phase: 'learn',
});

describe('the stream of a job', () => {
  it('begins with what has happened, goes on with what happens, and ends with the job', async () => {
    const watching = watch(`/jobs/${job.job_id}/events`);
    await expect.poll(watching.ids).toEqual(['1']);
    expect(watching.text()).toMatch(/^HTTP\/1.1 200/);
    expect(watching.text()).toMatch(/content-type: text\/event-stream/i);
    expect(watching.text()).toMatch(/content-security-policy/i);
    queue.tell(job, 2, progress(0.5));
    await expect.poll(watching.ids).toEqual(['1', '2']);
    expect(watching.text()).toMatch(`event: progress\ndata: {"type":"progress","progress":0.5`);
    // Of another job, and one that was sent already.
    queue.tell({ ...job, job_id: 'other' }, 9, progress(0.6));
    queue.tell(job, 2, progress(0.5));
    await queue.set({ ...job, state: 'running' });
    await queue.set({ ...job, state: 'finished' });
    await expect.poll(() => watching.text()).toMatch('"state":"finished"');
    await expect.poll(() => queue.watchers).toBe(0);
    expect(watching.ids()).toEqual(['1', '2', '3']);
    watching.stop();
  });

  it('goes on after the event that was seen last, and says when there is nothing more', async () => {
    await queue.set({ ...job, state: 'running' });
    await queue.set({ ...job, state: 'finished' });
    const rest = await test.ask({ url: `/jobs/${job.job_id}/events`, headers: { 'last-event-id': '1' } });
    expect([...rest.body.matchAll(/^id: (.*)$/gm)].map(([, id]) => id)).toEqual(['2', '3']);
    const nothing = await test.ask({ url: `/jobs/${job.job_id}/events`, headers: { 'last-event-id': '3' } });
    expect(nothing.statusCode).toBe(204);
    const forged = await test.ask({
      url: `/jobs/${job.job_id}/events`,
      headers: { 'last-event-id': 'x; DROP' },
    });
    expect(forged.body).toMatch('id: 1');
  });

  it('gives signs of life, and lets go of readers that are gone', async () => {
    const watching = watch(`/jobs/${job.job_id}/events`);
    await expect.poll(watching.text).toMatch(': still here');
    expect(queue.watchers).toBe(1);
    watching.stop();
    await expect.poll(() => queue.watchers).toBe(0);
  });

  it('drops a reader that does not read', async () => {
    const watching = watch(`/jobs/${job.job_id}/events`);
    await expect.poll(() => queue.watchers).toBe(1);
    watching.pause();
    const text = 'x'.repeat(100_000);
    for (let i = 0; i < 200 && queue.watchers > 0; i++) {
      queue.tell(job, 10 + i, { type: 'log', text });
      await new Promise((next) => setImmediate(next));
    }
    expect(queue.watchers).toBe(0);
    watching.stop();
  });

  it('ends when the server stops', async () => {
    const watching = watch(`/jobs/${job.job_id}/events`);
    await expect.poll(watching.ids).toEqual(['1']);
    const from = performance.now();
    await test.app.close();
    await watching.ended;
    expect(performance.now() - from).toBeLessThan(2000);
  });

  it('is told by HEAD, and of unknown jobs there is none', async () => {
    const head = await test.ask({ method: 'HEAD', url: `/jobs/${job.job_id}/events` });
    expect(head.headers['content-type']).toMatch('text/event-stream');
    expect((await test.ask({ url: '/jobs/nobody/events' })).statusCode).toBe(404);
  });
});

describe('the stream of a project', () => {
  it('tells of all its jobs, from the one that runs or after the event that was seen last', async () => {
    const url = `/projects/${job.owner.id}/events`;
    await queue.set({ ...job, state: 'finished' });
    test.clock.advance(1000);
    const next = await queue.add({ ...job, model_id: 'm2', needs_approval: false });
    const watching = watch(url);
    await expect.poll(watching.ids).toEqual([`${next.job_id}:1`]);
    const resumed = watch(url, `${job.job_id}:1`);
    await expect.poll(resumed.ids).toEqual([`${job.job_id}:2`, `${next.job_id}:1`]);
    await queue.set({ ...next, state: 'failed' });
    test.clock.advance(1000);
    const third = await queue.add({ ...job, model_id: 'm3', needs_approval: false });
    await expect.poll(watching.ids).toEqual([`${next.job_id}:1`, `${next.job_id}:2`, `${third.job_id}:1`]);
    watching.stop();
    resumed.stop();
  });
});
