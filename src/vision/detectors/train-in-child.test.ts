import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forkModule } from '../runtime/child.ts';
import { type DeviceRuntime, openRuntimeOn } from '../runtime/runtime.ts';
import type { TrainingEvent } from '../training/events.ts';
import type { TrainRequest } from './detector.ts';
import { loadDetector } from './load-detector.ts';
import { madeBy, namesIn, tinyRequest, writeParts } from './testing/tiny-training.ts';
import { trainInChild } from './train-in-child.ts';

let runtime: DeviceRuntime;
let dir: string;
let parts: string[];
beforeAll(async () => {
  runtime = await openRuntimeOn('cpu', { threads: 1 });
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  parts = await writeParts(join(dir, 'parts'), 6);
});
afterAll(async () => {
  await runtime.close();
  await rm(dir, { recursive: true });
});

const settings = { folds: 2, epochs: 3, batchSize: 8 };

/** When to kill the child: at this event, `afterMs` later. */
interface Moment {
  readonly name: string;
  readonly at: (event: TrainingEvent) => boolean;
  readonly afterMs: number;
}

const stage = (name: string) => (event: TrainingEvent) => event.type === 'stage' && event.stage === name;
const inPhase = (type: 'step' | 'epoch', phase: string) => (event: TrainingEvent) =>
  event.type === type && event.phase === phase;

const moments: readonly Moment[] = [
  { name: 'while pictures are read', at: stage('reading'), afterMs: 0 },
  { name: 'in the first epoch', at: inPhase('step', 'main'), afterMs: 0 },
  { name: 'while an epoch is saved', at: inPhase('epoch', 'main'), afterMs: 5 },
  { name: 'in a short training', at: inPhase('step', 'fold 2 of 2'), afterMs: 0 },
  ...[0, 150].map((afterMs) => ({ name: `saving +${afterMs} ms`, at: stage('saving'), afterMs })),
];

/** Runs the child until it ends or is killed with SIGKILL. Returns what it said last. */
async function runAndKill(
  request: TrainRequest,
  moment: Moment,
): Promise<{ killed: boolean; done: boolean }> {
  let done = false;
  let timer: NodeJS.Timeout | undefined;
  const kill = () => {
    if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL');
  };
  const child = forkModule<{ type: string; event: TrainingEvent }, TrainRequest>(
    new URL('./train-child.ts', import.meta.url),
    {
      priority: 'normal',
      onMessage: ({ type, event }) => {
        done ||= type === 'done';
        if (type === 'event' && moment.at(event)) timer ??= setTimeout(kill, moment.afterMs);
      },
    },
  );
  child.send(request);
  const end = await child.ended;
  clearTimeout(timer);
  return { killed: end.signal === 'SIGKILL', done };
}

describe('a training in a child process', () => {
  it('makes the same model however often and whenever it is killed, and never half a model', async () => {
    const whole = tinyRequest(dir, 'whole', parts, settings);
    const events: TrainingEvent[] = [];
    await trainInChild(whole, { onEvent: (event) => events.push(event) });
    expect(events.at(-1)).toEqual({ type: 'stage', stage: 'saving' });
    const expected = await madeBy(whole);
    await (await loadDetector(whole.folder, runtime)).close();

    const killed = tinyRequest(dir, 'killed', parts, settings);
    for (const moment of moments) {
      const end = await runAndKill(killed, moment);
      if (end.done) break;
      expect(end.killed, moment.name).toBe(true);
      const names = await namesIn(killed.folder);
      if (names.length > 0) await (await loadDetector(killed.folder, runtime)).close();
    }
    await trainInChild(killed);
    expect(await madeBy(killed)).toEqual(expected);
    expect(await namesIn(killed.stateFolder)).toEqual([]);
    expect((await namesIn(dir)).sort()).toEqual(['killed', 'parts', 'whole']);
  }, 240_000);

  it('leaves an older model as it was until the new one is complete', async () => {
    const request = tinyRequest(dir, 'replaced', parts, settings);
    await cp(join(dir, 'whole'), request.folder, { recursive: true });
    const old = await madeBy(request);
    await runAndKill(request, { name: '', at: stage('calibrating'), afterMs: 0 });
    expect(await madeBy(request)).toEqual(old);
  });

  it('is canceled by a signal, with its state kept', async () => {
    const request = tinyRequest(dir, 'canceled', parts, settings);
    const stop = new AbortController();
    const onEvent = (event: TrainingEvent) => {
      if (event.type === 'step') stop.abort();
    };
    await expect(trainInChild(request, { signal: stop.signal, onEvent, graceMs: 20_000 })).rejects.toThrow(
      expect.objectContaining({
        code: 'train.canceled',
        message: expect.stringMatching(/^the training was canceled in epoch \d$/),
      }),
    );
    expect(await namesIn(request.folder)).toEqual([]);
    expect(await namesIn(request.stateFolder)).toContain('main.0.resume');
  });

  it('says what was wrong with the request', async () => {
    await expect(trainInChild(tinyRequest(dir, 'refused', parts.slice(0, 2)))).rejects.toThrow(
      expect.objectContaining({ code: 'dataset.too_few_images' }),
    );
  });
});
