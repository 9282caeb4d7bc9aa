import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { forkModule, moduleBeside } from './child.ts';
import type { Order } from './testing/puppet.ts';

const puppet = moduleBeside(import.meta.url, './testing/puppet');

/** Starts a puppet, gives it one order and returns its first answer. */
async function ask(order: Order): Promise<unknown> {
  const { promise, resolve } = withResolvers<unknown>();
  const child = forkModule<unknown, Order>(puppet, { onMessage: resolve });
  child.send(order);
  const answer = await promise;
  child.kill();
  await child.ended;
  return answer;
}

describe('a forked module', () => {
  it('runs TypeScript and passes messages with typed arrays both ways', async () => {
    const value = { weights: Float32Array.of(1, 2.5), step: 3n };
    expect(await ask({ do: 'echo', value })).toEqual(value);
  });

  it('has a low priority, so that the parent stays quick', async () => {
    expect(await ask({ do: 'priority' })).toBe(constants.priority.PRIORITY_BELOW_NORMAL);
  });

  it('tells its exit code and the last lines it printed', async () => {
    const child = forkModule<unknown, Order>(puppet);
    const lines = Array.from({ length: 60 }, (_, i) => `line ${i}`);
    child.send({ do: 'fail', lines });
    const end = await child.ended;
    expect(end).toMatchObject({ code: 3, signal: null, killed: false });
    expect(end.lastLines).toBe(lines.slice(-40).join('\n'));
  });

  it('is killed for good when it does not heed the abort signal', async () => {
    const stop = new AbortController();
    const child = forkModule<unknown, Order>(puppet, {
      signal: stop.signal,
      graceMs: 50,
      onMessage: () => {
        child.send({ do: 'spin' });
        stop.abort();
      },
    });
    child.send({ do: 'echo', value: 'ready' });
    const end = await child.ended;
    expect(end.killed).toBe(true);
    expect(['SIGTERM', 'SIGKILL']).toContain(end.signal);
  });

  it('is ended for its memory by what it tells itself where the system does not say', async () => {
    const limits = { memoryBytes: 2 ** 20 };
    const child = forkModule<unknown, Order>(puppet, { memory: null, limits });
    expect(child.memoryBytes()).toBe(0);
    expect(await child.ended).toMatchObject({ breach: 'memory', signal: 'SIGKILL' });
    expect(child.memoryBytes()).toBeGreaterThan(2 ** 20);
  });

  it('does not start to work when the signal was aborted before', async () => {
    const end = await forkModule(puppet, { signal: AbortSignal.abort() }).ended;
    expect(end).toMatchObject({ code: null, signal: 'SIGTERM', killed: true });
  });

  it('reports a crash of native code as the signal that ended it', async () => {
    const end = await forkModule(puppet, { args: ['cuda'] }).ended;
    expect(end).toMatchObject({ code: null, signal: 'SIGABRT', killed: false });
  });

  it('ends by itself when its parent is killed', async () => {
    const { promise, resolve } = withResolvers<number>();
    const middle = forkModule<number, Order>(puppet, { onMessage: resolve });
    middle.send({ do: 'fork' });
    const grandchild = await promise;
    process.kill(middle.pid!, 'SIGKILL');
    await middle.ended;
    await expect.poll(() => isAlive(grandchild), { timeout: 10_000 }).toBe(false);
  });

  it('reports a module that does not exist', async () => {
    const end = await forkModule(new URL('./testing/no-such-module.ts', import.meta.url)).ended;
    expect(end.code).toBe(1);
    expect(end.lastLines).toContain('no-such-module.ts');
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
