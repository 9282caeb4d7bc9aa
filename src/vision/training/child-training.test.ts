import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../errors.ts';
import { runChildTraining } from './child-training.ts';
import type { TrainingEvent } from './events.ts';
import type { Oddity } from './testing/odd-child.ts';

const module = new URL('./testing/odd-child.ts', import.meta.url);
const parseResult = (value: unknown) => {
  const { answer } = (value ?? {}) as { answer?: unknown };
  return typeof answer === 'number' ? answer : null;
};

async function run(
  oddity: Oddity,
  options: { signal?: AbortSignal; graceMs?: number; stop?: AbortController } = {},
) {
  const events: TrainingEvent[] = [];
  const onEvent = (event: TrainingEvent) => {
    events.push(event);
    options.stop?.abort();
  };
  const { stop, ...rest } = options;
  const signal = stop?.signal ?? rest.signal;
  return runChildTraining(module, oddity, { ...rest, ...(signal && { signal }), onEvent, parseResult }).then(
    (result) => ({ result, events }),
    (error: { code: ErrorCode; message: string }) => ({ code: error.code, message: error.message, events }),
  );
}

describe('runChildTraining', () => {
  it('hands back events and the result', async () => {
    expect(await run('none')).toEqual({ result: 42, events: [{ type: 'note', text: 'hello' }] });
  });

  it('throws what the training throws', async () => {
    expect(await run('refuse')).toMatchObject({ code: 'dataset.too_few_images', message: 'got 3' });
  });

  it.each([
    ['throw', /ended with code 1 without a result; it can be resumed.*\n.*internal: something broke/],
    ['exit', /ended with code 0 without a result.*\nabout to leave$/],
    ['kill', /was ended by SIGKILL without a result/],
    ['flood', /more than 5000 messages in a second/],
    ['gibberish', /a message of another form/],
    ['wrong result', /a result of another form/],
  ] as const)('says that the process crashed: %s', async (oddity, message) => {
    expect(await run(oddity, { graceMs: 50 })).toMatchObject({
      code: 'train.crashed',
      message: expect.stringMatching(message),
    });
  });

  it('never lets progress fall', async () => {
    const { events } = await run('fall back');
    expect(events.map((event) => event.type === 'step' && event.progress)).toEqual([0.2, 0.6, 0.6]);
  });

  it('cancels a child that listens, and kills one that does not', async () => {
    expect(await run('wait', { stop: new AbortController() })).toMatchObject({
      code: 'train.canceled',
      message: 'stopped in epoch 3',
    });
    expect(await run('deaf', { stop: new AbortController(), graceMs: 50 })).toMatchObject({
      code: 'train.canceled',
      message: 'the training was canceled',
    });
    expect(await run('wait', { signal: AbortSignal.abort() })).toMatchObject({ code: 'train.canceled' });
  });
});
