// Prefetching: in order, bounded, and the same whatever the timing.
import { describe, expect, it } from 'vitest';
import { batchesOf, epochOrder, prefetch, sampleRandom } from './prefetch.ts';

/** Preparations that end only when the test says so. */
function controlled() {
  const finish = new Map<number, () => void>();
  const started: number[] = [];
  const prepare = (item: number) => {
    started.push(item);
    return new Promise<string>((resolve) => finish.set(item, () => resolve(`made ${item}`)));
  };
  return { finish, started, prepare };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const item of items) out.push(item);
  return out;
}

describe('prefetch', () => {
  it('gives results in the order of the items, whichever is ready first', async () => {
    const { finish, prepare } = controlled();
    const read = all(prefetch([0, 1, 2], prepare, { ahead: 2 }));
    await settle();
    for (const item of [2, 0, 1]) finish.get(item)!();
    expect(await read).toEqual(['made 0', 'made 1', 'made 2']);
  });

  it.each([0, 1, 3])('prepares no more than %i ahead of the one in use', async (ahead) => {
    const { finish, started, prepare } = controlled();
    const reader = prefetch([0, 1, 2, 3, 4, 5, 6], prepare, { ahead });
    const first = reader.next();
    await settle();
    expect(started.length).toBe(1 + ahead);
    finish.get(0)!();
    expect(await first).toEqual({ done: false, value: 'made 0' });
    await settle();
    expect(started.length).toBe(1 + ahead);
    const second = reader.next();
    await settle();
    expect(started.length).toBe(2 + ahead);
    for (const end of finish.values()) end();
    await second;
    await reader.return();
  });

  it('takes items from an endless source only as it needs them', async () => {
    function* endless() {
      for (let i = 0; ; i++) yield i;
    }
    for await (const value of prefetch(endless(), async (i) => i, { ahead: 2 })) if (value === 5) break;
  });

  it('throws the error of an item in its turn, and leaves no other error unhandled', async () => {
    const seen: number[] = [];
    const prepare = async (item: number) => {
      if (item >= 2) throw new Error(`bad ${item}`);
      return item;
    };
    const read = async () => {
      for await (const item of prefetch([0, 1, 2, 3, 4], prepare, { ahead: 4 })) seen.push(item);
    };
    await expect(read()).rejects.toThrow('bad 2');
    expect(seen).toEqual([0, 1]);
  });

  it('stops at the abort with its reason, after the running preparations have ended', async () => {
    const { finish, started, prepare } = controlled();
    const abort = new AbortController();
    const read = all(prefetch([0, 1, 2, 3, 4, 5], prepare, { ahead: 1, signal: abort.signal }));
    let ended = false;
    read.catch(() => {}).finally(() => (ended = true));
    await settle();
    abort.abort(new Error('enough'));
    finish.get(0)!();
    await settle();
    expect(ended).toBe(false);
    finish.get(1)!();
    await expect(read).rejects.toThrow('enough');
    expect(started).toEqual([0, 1]);
  });

  it('prepares nothing when the signal was aborted before', async () => {
    const { started, prepare } = controlled();
    const signal = AbortSignal.abort(new Error('never'));
    await expect(all(prefetch([0], prepare, { ahead: 1, signal }))).rejects.toThrow('never');
    expect(started).toEqual([]);
  });
});

describe('the random numbers of training', () => {
  it('give each sample a stream of its own, the same however often and in whatever order it is asked for', () => {
    const draw = (seed: number, epoch: number, index: number) => sampleRandom(seed, epoch, index).bits();
    const draws = [
      draw(1, 0, 0),
      draw(1, 0, 1),
      draw(1, 1, 0),
      draw(2, 0, 0),
      draw(1, 11, 1),
      draw(1, 1, 11),
    ];
    expect(new Set(draws).size).toBe(draws.length);
    expect(draw(1, 0, 1)).toBe(draws[1]);
  });

  it('give each epoch an order of its own, of every sample once', () => {
    const order = epochOrder(50, 42, 3);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(epochOrder(50, 42, 3)).toEqual(order);
    expect(epochOrder(50, 42, 4)).not.toEqual(order);
    expect(epochOrder(50, 43, 3)).not.toEqual(order);
  });
});

it('batchesOf cuts a list into runs, the last one shorter', () => {
  expect(batchesOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(batchesOf([], 2)).toEqual([]);
  expect(() => batchesOf([1], 0)).toThrow(/got 0/);
});
