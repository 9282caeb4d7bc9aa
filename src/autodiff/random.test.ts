// Random numbers: the published algorithm, the same stream from the same seed, and a state that can be stored.
import { describe, expect, it } from 'vitest';
import { Random } from './random.ts';

const many = <T>(n: number, f: () => T): T[] => Array.from({ length: n }, f);

describe('Random', () => {
  it('is xoshiro128**: from the state 1, 2, 3, 4 come its known first numbers', () => {
    const random = new Random([1, 2, 3, 4]);
    expect(many(4, () => random.bits())).toEqual([11520, 0, 5927040, 70819200]);
  });

  it('gives the same stream for the same seed, on every machine', () => {
    const first = (seed: number) =>
      many(
        3,
        (
          (random) => () =>
            random.bits()
        )(new Random(seed)),
      );
    expect(first(1)).toEqual(first(1));
    expect(first(1)).not.toEqual(first(2));
    expect(first(0).every((bits) => bits > 0)).toBe(true);
  });

  it('goes on from a stored state', () => {
    const random = new Random(7);
    random.normal();
    const again = new Random(JSON.parse(JSON.stringify(random.state())));
    expect(many(5, () => again.normal())).toEqual(many(5, () => random.normal()));
  });

  it('is spread as its methods say', () => {
    const random = new Random(3);
    const n = 20_000;
    const mean = (list: number[]) => list.reduce((a, b) => a + b) / list.length;
    const uniform = many(n, () => random.uniform(2, 4));
    expect(mean(uniform)).toBeCloseTo(3, 1);
    expect(uniform.every((x) => x >= 2 && x < 4)).toBe(true);
    const normal = many(n, () => random.normal(1, 2));
    expect(mean(normal)).toBeCloseTo(1, 1);
    expect(Math.sqrt(mean(normal.map((x) => (x - 1) ** 2)))).toBeCloseTo(2, 1);
    expect(mean(many(n, () => Number(random.chance(0.3))))).toBeCloseTo(0.3, 1);
    expect(new Set(many(200, () => random.int(5)))).toEqual(new Set([0, 1, 2, 3, 4]));
  });

  it('forks streams by name without moving on itself', () => {
    const random = new Random(5);
    const before = random.state();
    const [a, b] = [random.fork('a').bits(), random.fork('b').bits()];
    expect(a).not.toBe(b);
    expect(random.fork('a').bits()).toBe(a);
    expect(random.state()).toEqual(before);
    random.bits();
    expect(random.fork('a').bits()).not.toBe(a);
  });

  it('shuffles a copy, and picks nothing from an empty list', () => {
    const random = new Random(5);
    const list = [...Array(20).keys()];
    const shuffled = random.shuffled(list);
    expect(shuffled).not.toEqual(list);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(list);
    expect(list).toContain(random.pick(list));
    expect(() => random.pick([])).toThrow('internal');
  });
});
