import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { moduleBeside } from '../../vision/runtime/child.ts';
import { ChildFailure, ChildPool, type ChildPoolOptions } from './child-pool.ts';
import type { Order } from './testing/child-pool-puppet.ts';
import { notingSandbox } from './testing/noting-sandbox.ts';

const module = moduleBeside(import.meta.url, './testing/child-pool-puppet');
const open: ChildPool<Order, unknown>[] = [];

function pool(options: Partial<ChildPoolOptions> = {}): ChildPool<Order, unknown> {
  const made = new ChildPool<Order, unknown>({ module, size: 1, timeoutMs: 20_000, ...options });
  open.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((made) => made.close()));
});

const self = async (children: ChildPool<Order, unknown>) =>
  (await children.ask({ do: 'self' })) as { pid: number; priority: number; args: string[] };

const failure = async (answer: Promise<unknown>): Promise<ChildFailure> => {
  const error = await answer.then(
    () => new Error('it was answered'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ChildFailure);
  return error as ChildFailure;
};

describe('a pool of children', () => {
  it('answers each request with its own answer, typed arrays as such, and keeps its child', async () => {
    const children = pool();
    const values = [Float32Array.of(1, 2.5), { step: 3n }, 'text'];
    const answers = await Promise.all(values.map((value) => children.ask({ do: 'echo', value })));
    expect(answers).toEqual(values);
    expect((await self(children)).pid).toBe((await self(children)).pid);
  });

  it('starts no more children than its size, and each only when there is work for it', async () => {
    const children = pool({ size: 2 });
    const first = await self(children);
    const waits = Array.from({ length: 6 }, () => children.ask({ do: 'wait', milliseconds: 30 }));
    const pids = await Promise.all(Array.from({ length: 8 }, async () => (await self(children)).pid));
    await Promise.all(waits);
    expect(new Set([first.pid, ...pids]).size).toBeLessThanOrEqual(2);
  });

  it('starts its children behind a command, and weighs what that runs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'okapi-'));
    const sandbox = notingSandbox(folder);
    const children = pool({ commandPrefix: sandbox.command, memoryBytes: 400 * 2 ** 20 });
    expect(await children.ask({ do: 'echo', value: 'here' })).toBe('here');
    expect(await sandbox.started()).toEqual(['child-pool-puppet']);
    // A command that stays, with the child below it.
    const below = pool({ commandPrefix: ['sh', '-c', '"$@"; exit', '-'], memoryBytes: 400 * 2 ** 20 });
    await below.ask({ do: 'grow' });
    expect((await failure(below.ask({ do: 'wait', milliseconds: 60_000 }))).reason).toBe('memory');
    await rm(folder, { recursive: true });
  });

  it('gives a child one request at a time, or as many as it was told', async () => {
    const most = async (options: Partial<ChildPoolOptions>) => {
      const children = pool(options);
      const waits = Array.from({ length: 4 }, () => children.ask({ do: 'wait', milliseconds: 40 }));
      return Math.max(...((await Promise.all(waits)) as number[]));
    };
    expect(await most({})).toBe(1);
    expect(await most({ concurrency: 3 })).toBe(3);
  });

  it('runs its children at the priority and with the arguments it was given', async () => {
    expect(await self(pool({ args: ['cpu', '2'] }))).toMatchObject({
      priority: constants.priority.PRIORITY_BELOW_NORMAL,
      args: ['cpu', '2'],
    });
    expect(await self(pool({ priority: 'normal' }))).toMatchObject({ priority: 0, args: [] });
  });

  it('passes on the error that the handler refuses with, and keeps the child', async () => {
    const children = pool();
    const before = await self(children);
    const refused = children.ask({ do: 'refuse', code: 'image.empty' });
    await expect(refused).rejects.toMatchObject({
      name: 'OkapiError',
      code: 'image.empty',
      message: 'empty',
    });
    const corrupt = children.ask({ do: 'refuse', code: 'model.corrupt' });
    await expect(corrupt).rejects.toMatchObject({ name: 'ServerError', code: 'model.corrupt' });
    expect(await self(children)).toEqual(before);
  });

  it('replaces a child that hangs; only the request of that child fails', async () => {
    const children = pool({ size: 2 });
    const before = await Promise.all([children.ask({ do: 'wait', milliseconds: 20 }), self(children)]);
    const hung = failure(children.ask({ do: 'hang' }, { timeoutMs: 150 }));
    const neighbours = Promise.all([1, 2, 3, 4].map((value) => children.ask({ do: 'echo', value })));
    expect(await neighbours).toEqual([1, 2, 3, 4]);
    expect((await hung).reason).toBe('timeout');
    expect((await hung).message).toContain('150 ms');
    expect(before[1].pid).toBeGreaterThan(0);
    expect(await children.ask({ do: 'echo', value: 5 })).toBe(5);
  });

  it.each(['crash', 'exit'] as const)('replaces a child that ends by "%s" without an answer', async (way) => {
    const children = pool();
    const before = await self(children);
    const crashed = failure(children.ask({ do: way }));
    const next = children.ask({ do: 'echo', value: 'next' });
    expect((await crashed).reason).toBe('crashed');
    expect(await next).toBe('next');
    expect((await self(children)).pid).not.toBe(before.pid);
  });

  it('treats an unexpected error of the handler as a crash and keeps its stack for the log', async () => {
    const bug = await failure(pool().ask({ do: 'bug' }));
    expect(bug.reason).toBe('crashed');
    expect(bug.lastLines).toContain('about to fail');
    expect(bug.lastLines).toContain('internal: a bug');
  });

  it.runIf(existsSync('/proc/self/status'))('ends a child that grows past its memory', async () => {
    const children = pool({ memoryBytes: 250 * 2 ** 20 });
    await children.ask({ do: 'grow' });
    const grown = await failure(children.ask({ do: 'wait', milliseconds: 20_000 }));
    expect(grown.reason).toBe('memory');
    expect(grown.message).toContain('250 MiB');
    expect(await children.ask({ do: 'echo', value: 'new child' })).toBe('new child');
  });

  it('ends a child that tells itself that it grows past its memory, where the system does not say', async () => {
    const children = pool({ memoryBytes: 250 * 2 ** 20, memory: null });
    await children.ask({ do: 'grow' });
    const grown = await failure(children.ask({ do: 'wait', milliseconds: 20_000 }));
    expect(grown.reason).toBe('memory');
    expect(await children.ask({ do: 'echo', value: 'new child' })).toBe('new child');
  });

  it('fails one request for each attempt to start a module that cannot start', async () => {
    const children = pool({ module: new URL('./testing/no-such-module.ts', import.meta.url) });
    const failures = await Promise.all([
      failure(children.ask({ do: 'self' })),
      failure(children.ask({ do: 'self' })),
    ]);
    for (const { reason, lastLines } of failures) {
      expect(reason).toBe('crashed');
      expect(lastLines).toContain('no-such-module');
    }
  });

  it('gives up an aborted request at once, whether it waits or runs', async () => {
    const children = pool();
    const stop = new AbortController();
    const running = children.ask({ do: 'wait', milliseconds: 50 }, { signal: stop.signal });
    const waiting = children.ask({ do: 'self' }, { signal: stop.signal });
    const other = children.ask({ do: 'echo', value: 'other' });
    stop.abort(new Error('gone'));
    await expect(running).rejects.toThrow('gone');
    await expect(waiting).rejects.toThrow('gone');
    await expect(children.ask({ do: 'self' }, { signal: stop.signal })).rejects.toThrow('gone');
    expect(await other).toBe('other');
  });

  it('ends its children when it is closed, and what was not answered is told so', async () => {
    const children = pool();
    const { pid } = await self(children);
    const unanswered = [children.ask({ do: 'hang' }), children.ask({ do: 'self' })];
    const told = Promise.all(
      unanswered.map((answer) => expect(answer).rejects.toMatchObject({ code: 'server.stopping' })),
    );
    await children.close();
    await told;
    expect(() => process.kill(pid, 0)).toThrow();
    await expect(children.ask({ do: 'self' })).rejects.toMatchObject({ code: 'server.stopping' });
  });
});
