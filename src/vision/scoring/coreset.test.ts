import { describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import { greedyCoreset, RowSample } from './coreset.ts';

function someRows(count: number, width: number, seed: number) {
  const random = new Random(seed);
  return { data: Float32Array.from({ length: count * width }, () => random.normal()), width };
}

function distance(data: Float32Array, width: number, a: number, b: number): number {
  let sum = 0;
  for (let c = 0; c < width; c++) sum += (data[a * width + c]! - data[b * width + c]!) ** 2;
  return Math.sqrt(sum);
}

/** Straight from the definition, each distance measured anew. */
function plainCoreset(data: Float32Array, width: number, count: number, first: number): number[] {
  const chosen = [first];
  const all = [...Array(data.length / width).keys()];
  while (chosen.length < count) {
    const apart = all.map((i) => Math.min(...chosen.map((j) => distance(data, width, i, j))));
    chosen.push(apart.indexOf(Math.max(...apart)));
  }
  return chosen;
}

describe('a coreset', () => {
  it('chooses what a plain implementation chooses', () => {
    for (const seed of [0, 1, 2]) {
      const rows = someRows(60, 5, seed);
      const found = [...greedyCoreset(rows, 12, new Random(seed))];
      expect(found).toEqual(plainCoreset(rows.data, 5, 12, found[0]!));
      expect(new Set(found).size).toBe(12);
    }
  });

  it('covers wide rows, which it projects, nearly as well as when it does not', () => {
    const { data, width } = someRows(120, 150, 3);
    const reach = (chosen: readonly number[]) =>
      Math.max(
        ...Array.from({ length: 120 }, (_, i) => Math.min(...chosen.map((j) => distance(data, width, i, j)))),
      );
    const found = [...greedyCoreset({ data, width }, 20, new Random(1))];
    expect(reach(found)).toBeLessThan(1.1 * reach(plainCoreset(data, width, 20, found[0]!)));
  });

  it('takes all rows when there are no more, and the same ones for the same seed', () => {
    const rows = someRows(7, 3, 4);
    expect([...greedyCoreset(rows, 7, new Random(0))]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(greedyCoreset(rows, 3, new Random(9))).toEqual(greedyCoreset(rows, 3, new Random(9)));
  });

  it('chooses among rows that are all alike without end or NaN', () => {
    const rows = { data: new Float32Array(40).fill(2), width: 4 };
    expect([...greedyCoreset(rows, 3, new Random(0))].every((i) => i >= 0 && i < 10)).toBe(true);
  });
});

describe('a sample of rows', () => {
  it('keeps no more than it may, and each row with about the same chance', () => {
    const kept = new Array(20).fill(0);
    for (let seed = 0; seed < 400; seed++) {
      const sample = new RowSample(2, 5, new Random(seed));
      for (let i = 0; i < 20; i += 4) sample.add(Float32Array.from({ length: 8 }, (_, k) => i + (k >> 1)));
      const { data } = sample.rows;
      expect(data.length).toBe(10);
      for (let k = 0; k < 10; k += 2) kept[data[k]!]++;
    }
    for (const times of kept) expect(Math.abs(times - 100)).toBeLessThan(45); // 5 deviations of 400 draws at 1/4
  });
});
