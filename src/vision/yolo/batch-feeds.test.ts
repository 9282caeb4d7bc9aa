// Batches of samples, and how many places for boxes they have.
import { describe, expect, it } from 'vitest';
import type { LabelledBox } from '../dataset/labelled.ts';
import { batchFeeds, maxBoxesOf } from './batch-feeds.ts';
import { trainingInputs } from './training-graph.ts';

const square = (side: number, classId = 0): LabelledBox => ({ classId, box: [1, 2, 1 + side, 2 + side] });
const sample = (level: number, boxes: readonly LabelledBox[]) => ({
  pixels: new Uint8Array(4 * 4 * 3).fill(level),
  boxes,
});

describe('a batch', () => {
  it('holds the samples in order, and says which places are empty', () => {
    const { feeds, leftOut } = batchFeeds([sample(7, [square(2, 1)]), sample(9, [])], 4, 2);
    expect(leftOut).toBe(0);
    expect(feeds.pixels.dims).toEqual([2, 4, 4, 3]);
    expect([feeds.pixels.data[0], feeds.pixels.data[47], feeds.pixels.data[48]]).toEqual([7, 7, 9]);
    expect(feeds.boxes).toMatchObject({ type: 'float32', dims: [2, 2, 4] });
    expect([...feeds.boxes.data]).toEqual([1, 2, 3, 4, ...new Array(12).fill(0)]);
    expect(feeds.classes).toMatchObject({ type: 'int64', dims: [2, 2] });
    expect([...feeds.classes.data]).toEqual([1n, 0n, 0n, 0n]);
    expect([...feeds.valid.data]).toEqual([1, 0, 0, 0]);
  });

  it('is what the training step takes', () => {
    const types = Object.entries(trainingInputs(2, 4, 24)).map(([name, type]) => [
      name,
      { dtype: 'float32', ...type },
    ]);
    const { feeds } = batchFeeds([sample(7, [square(2, 1)]), sample(9, [])], 4, 24);
    const given = Object.entries(feeds).map(([name, { type, dims }]) => [name, { dtype: type, shape: dims }]);
    expect(given).toEqual(types);
  });

  it('leaves out the smallest of too many boxes, keeps the order of the others, and counts', () => {
    const boxes = [square(3, 0), square(1, 1), square(5, 2), square(2, 3), square(4, 4)];
    const { feeds, leftOut } = batchFeeds([sample(0, boxes), sample(0, [square(1)])], 4, 3);
    expect(leftOut).toBe(2);
    expect([...feeds.classes.data]).toEqual([0n, 2n, 4n, 0n, 0n, 0n]);
    expect([...feeds.valid.data]).toEqual([1, 1, 1, 1, 0, 0]);
  });

  it('takes 10,000 boxes', () => {
    const boxes = Array.from({ length: 10_000 }, (_, i) => square(1 + (i % 100) / 100));
    const { feeds, leftOut } = batchFeeds([sample(0, boxes)], 4, 300);
    expect(leftOut).toBe(9700);
    expect(Math.min(...(feeds.valid.data as Float32Array))).toBe(1);
    expect(feeds.boxes.data[2]).toBeCloseTo(1 + 1.97, 5);
  });
});

describe('the places for boxes of a data set', () => {
  const pictures = (...counts: number[]) =>
    counts.map((count) => ({ file: 'x.png', boxes: Array.from({ length: count }, () => square(1)) }));

  it('are the most of a picture, a multiple of 8', () => {
    expect(maxBoxesOf(pictures(3, 17, 0), { mosaic: false })).toBe(24);
    expect(maxBoxesOf(pictures(1), { mosaic: false })).toBe(8);
    expect(maxBoxesOf([], { mosaic: false })).toBe(8);
    expect(maxBoxesOf([], { mosaic: true })).toBe(8);
  });

  it('of a mosaic are enough for four pictures, but for rare cases', () => {
    expect(maxBoxesOf(pictures(10, 10, 10), { mosaic: true })).toBe(40);
    // Mean 2.5, deviation 4.33: 10 + 3 * 8.66 = 36, under four times the most.
    expect(maxBoxesOf(pictures(0, 0, 0, 10), { mosaic: true })).toBe(40);
    const rare = Array.from({ length: 1000 }, (_, i) => (i === 0 ? 90 : 2));
    expect(maxBoxesOf(pictures(...rare), { mosaic: true })).toBe(96);
  });

  it('are bounded', () => {
    expect(maxBoxesOf(pictures(10_000), { mosaic: true })).toBe(304);
  });
});
