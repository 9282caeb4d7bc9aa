import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../errors.ts';
import { type ChildTrainingOptions, runChildTraining, type TrainingCrash } from './child-training.ts';
import type { TrainingEvent } from './events.ts';
import type { Oddity } from './testing/odd-child.ts';

const module = new URL('./testing/odd-child.ts', import.meta.url);
const parseResult = (value: unknown) => {
  const { answer } = (value ?? {}) as { answer?: unknown };
  return typeof answer === 'number' ? answer : null;
};

async function run(
  oddity: Oddity,
  options: Omit<ChildTrainingOptions<number>, 'parseResult'> & { stop?: AbortController } = {},
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
    (error: TrainingCrash & { code: ErrorCode }) => ({
      code: error.code,
      message: error.message,
      breach: error.breach,
      events,
    }),
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

  it.each(['SIGSEGV', 'SIGABRT', 'SIGILL'] as const)(
    'tells a crash of native code by its signal: %s',
    async (signal) => {
      expect(await run(signal)).toMatchObject({
        code: 'train.crashed',
        breach: null,
        message: expect.stringContaining(`was ended by ${signal} without a result`),
      });
    },
  );

  it.each([
    ['grow', { memoryBytes: 400 * 2 ** 20 }, 'memory', /needed more memory than its limit/],
    ['deaf', { wallMs: 1000 }, 'time', /took longer than its limit/],
    ['hang', { silentMs: 5000 }, 'silence', /gave no sign of life, without.*\n.*going round/],
    ['bytes', {}, 'nonsense', /bytes that are no message/],
    ['huge message', {}, 'nonsense', /a message of 2147483648 bytes/],
  ] as const)('kills a child that goes beyond a limit: %s', async (oddity, limits, breach, message) => {
    expect(await run(oddity, { limits, graceMs: 60_000 })).toMatchObject({
      code: 'train.crashed',
      breach,
      message: expect.stringMatching(message),
    });
  });

  it('gives a child that works the time it needs, however short the allowed silence', async () => {
    const stop = new AbortController();
    // A busy machine takes seconds to start a process, and the silence counts from there.
    setTimeout(() => stop.abort(), 13_000);
    expect(await run('wait', { signal: stop.signal, limits: { silentMs: 6000 } })).toMatchObject({
      message: 'stopped in epoch 3',
    });
  });

  it('keeps only the beginning of a line without end', async () => {
    const { message } = (await run('long line')) as { message: string };
    expect(message).toMatch(/Its last lines:\nx+$/);
    expect(message.length).toBeLessThan(2000);
  });

  it.each([
    { prefix: ['nice', '-n', '15'], expected: { priority: expect.stringMatching(/^1[59]$/) } },
    { prefix: ['env', 'COLOUR=blue'], expected: { COLOUR: 'blue', priority: '10' } },
    { prefix: ['setsid'], expected: { priority: '10' } },
    { prefix: ['sh', '-c', '"$@"; exit', 'sh'], expected: { priority: '10' } },
  ])('runs behind a command: $prefix', async ({ prefix, expected }) => {
    const { events } = await run('environment', { commandPrefix: prefix });
    const [event] = events;
    expect(event?.type === 'note' && JSON.parse(event.text)).toMatchObject(expected);
  });

  it('cancels a child behind a command that passes no signals on, and kills one that does not heed it', async () => {
    const commandPrefix = ['sh', '-c', '"$@"; exit', 'sh'];
    expect(await run('wait', { commandPrefix, stop: new AbortController() })).toMatchObject({
      message: 'stopped in epoch 3',
    });
    expect(await run('deaf', { commandPrefix, stop: new AbortController(), graceMs: 50 })).toMatchObject({
      code: 'train.canceled',
    });
  });

  it('says so when the command cannot be started', async () => {
    expect(await run('none', { commandPrefix: ['no-such-sandbox'] })).toMatchObject({
      code: 'train.crashed',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('hands on no secrets of the environment', async () => {
    process.env.DATABASE_PASSWORD = 'hunter2';
    process.env.NODE_AUTH_TOKEN = 'hunter3';
    try {
      const { events } = await run('environment');
      const text = JSON.stringify(events);
      expect(text).not.toContain('hunter');
      expect(text).toContain('PATH');
      if (process.platform === 'linux') expect(text).toContain('glibc.malloc.hugetlb=1');
    } finally {
      delete process.env.DATABASE_PASSWORD;
      delete process.env.NODE_AUTH_TOKEN;
    }
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
