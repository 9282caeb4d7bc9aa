// Splits: repeatable, disjoint, complete.
import { describe, expect, it } from 'vitest';
import { assignFolds, splitValidation } from './split.ts';

const names = (count: number) => Array.from({ length: count }, (_, i) => `part-${i}`);

describe('splitValidation', () => {
  it.each([
    [2, 1],
    [5, 1],
    [10, 2],
    [13, 3],
    [100, 20],
  ])('of %i pictures holds out %i, each picture on one side, in order', (count, heldOut) => {
    const items = names(count);
    const { train, validation } = splitValidation(items);
    expect(validation.length).toBe(heldOut);
    expect(items.filter((item) => train.includes(item) !== validation.includes(item))).toEqual(items);
    expect(train).toEqual(items.filter((item) => train.includes(item)));
  });

  it('is the same for the same seed and another for another', () => {
    expect(splitValidation(names(50))).toEqual(splitValidation(names(50), { seed: 42, ratio: 0.2 }));
    expect(splitValidation(names(50), { seed: 43 })).not.toEqual(splitValidation(names(50)));
  });

  it('leaves one on each side however extreme the ratio', () => {
    expect(splitValidation(names(4), { ratio: 0.01 }).validation.length).toBe(1);
    expect(splitValidation(names(4), { ratio: 0.99 }).train.length).toBe(1);
  });

  it('refuses one picture, and ratios out of range', () => {
    expect(() => splitValidation(names(1))).toThrow('expected at least 2 pictures to split, got 1');
    for (const ratio of [0, 1, -1, Number.NaN])
      expect(() => splitValidation(names(9), { ratio })).toThrow(/got/);
  });
});

describe('assignFolds', () => {
  it('gives folds of nearly the same size, the same for the same seed', () => {
    const folds = assignFolds(23, 5, 1);
    const sizes = [0, 1, 2, 3, 4].map((fold) => folds.filter((f) => f === fold).length);
    expect(sizes.sort()).toEqual([4, 4, 5, 5, 5]);
    expect(assignFolds(23, 5, 1)).toEqual(folds);
    expect(assignFolds(23, 5, 2)).not.toEqual(folds);
  });

  it('needs at least two folds and one item for each', () => {
    expect(() => assignFolds(10, 1, 0)).toThrow(/got 1/);
    expect(() => assignFolds(3, 4, 0)).toThrow(/got 4/);
  });
});
