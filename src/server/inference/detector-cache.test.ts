// The cache of detectors and the queues beside it, without any model.
import { describe, expect, it } from 'vitest';
import type { Detector } from '../../vision/index.ts';
import { TestClock } from '../testing/context.ts';
import { DetectorCache } from './detector-cache.ts';
import { inOrder } from './in-order.ts';
import { PixelBudget } from './pixel-budget.ts';
import { RequestGate } from './request-gate.ts';

const events: string[] = [];
function source(id: string, bytes: number, open: () => Promise<void> = async () => {}) {
  return {
    id,
    bytes,
    async open(): Promise<Detector> {
      events.push(`open ${id}`);
      await open();
      return { close: async () => void events.push(`close ${id}`) } as unknown as Detector;
    },
  };
}
/** A promise and the function that resolves it. */
function later(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));
const taken = () => events.splice(0);

describe('DetectorCache', () => {
  it('opens a detector once for all that ask, and tells who caused it', async () => {
    const cache = new DetectorCache(100);
    const asked = [1, 2, 3].map(() => cache.use(source('a', 10), async (_, wasLoaded) => wasLoaded));
    expect(await Promise.all(asked)).toEqual([true, false, false]);
    expect(taken()).toEqual(['open a']);
  });

  it('closes the one that was not used for the longest time', async () => {
    const cache = new DetectorCache(25);
    for (const id of ['a', 'b', 'a', 'c', 'a']) await cache.use(source(id, 10), async () => {});
    await turn();
    expect(taken()).toEqual(['open a', 'open b', 'open c', 'close b']);
  });

  it('closes one in use only when its work is done', async () => {
    const cache = new DetectorCache(10);
    const work = later();
    const using = cache.use(source('a', 10), () => work.promise);
    await cache.use(source('b', 10), async () => {});
    await turn();
    expect(taken()).toEqual(['open a', 'open b']);
    work.resolve();
    await using;
    await turn();
    expect(taken()).toEqual(['close a']);
  });

  it('forgets one that could not be opened, and keeps one that is too large alone', async () => {
    const cache = new DetectorCache(10);
    const broken = source('a', 99, () => Promise.reject(new Error('damaged')));
    await expect(cache.use(broken, async () => {})).rejects.toThrow('damaged');
    for (let i = 0; i < 2; i++) await cache.use(source('a', 99), async () => {});
    expect(taken()).toEqual(['open a', 'open a']);
  });
});

describe('PixelBudget', () => {
  it('keeps those worked on within the limit, in the order they came, and lets large ones work alone', async () => {
    const budget = new PixelBudget(10);
    const begun: string[] = [];
    const ends = Object.fromEntries(['a', 'b', 'c', 'd'].map((id) => [id, later()]));
    const run = (id: string, pixels: number) =>
      budget.run(pixels, () => {
        begun.push(id);
        return ends[id]!.promise;
      });
    const all = [run('a', 6), run('b', 4), run('c', 99), run('d', 1)];
    await turn();
    expect(begun).toEqual(['a', 'b']);
    ends.a!.resolve();
    await turn();
    expect(begun).toEqual(['a', 'b']);
    ends.b!.resolve();
    await turn();
    expect(begun).toEqual(['a', 'b', 'c']);
    ends.c!.resolve();
    ends.d!.resolve();
    await Promise.all(all);
  });

  it('gives the room of failed work back', async () => {
    const budget = new PixelBudget(1);
    await expect(budget.run(1, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await budget.run(1, async () => 'done')).toBe('done');
  });
});

describe('RequestGate', () => {
  it('says when to come back, by how long requests took lately', async () => {
    const clock = new TestClock();
    const gate = new RequestGate({ active: 1, waiting: 2 }, clock);
    for (let i = 0; i < 50; i++) await gate.run(async () => clock.advance(8000));
    const work = later();
    const running = [1, 2, 3].map(() => gate.run(() => work.promise));
    expect({ active: gate.active, waiting: gate.waiting }).toEqual({ active: 1, waiting: 2 });
    await expect(gate.run(async () => {})).rejects.toMatchObject({
      code: 'server.busy',
      retryAfterSeconds: 16,
    });
    work.resolve();
    await Promise.all(running);
    expect({ active: gate.active, waiting: gate.waiting }).toEqual({ active: 0, waiting: 0 });
  });
});

describe('inOrder', () => {
  async function* numbers(count: number) {
    for (let i = 0; i < count; i++) {
      events.push(`take ${i}`);
      yield i;
    }
  }

  it('gives results in the order of the source, with so many at work at a time', async () => {
    let [working, most] = [0, 0];
    const results = await inOrder(numbers(20), 3, async (n) => {
      most = Math.max(most, ++working);
      for (let i = 0; i < n % 4; i++) await turn();
      working--;
      return n * 2;
    });
    expect(results).toEqual(Array.from({ length: 20 }, (_, n) => n * 2));
    expect(most).toBe(3);
    taken();
  });

  it('takes nothing more after a failure, and waits for what was begun', async () => {
    let finished = 0;
    const failing = inOrder(numbers(100), 4, async (n) => {
      await turn();
      if (n === 1) throw new Error('damaged');
      await turn();
      finished++;
    });
    await expect(failing).rejects.toThrow('damaged');
    expect(taken().length).toBeLessThan(8);
    expect(finished).toBeGreaterThanOrEqual(3);
  });
});
