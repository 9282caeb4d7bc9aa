import { describe, expect, it } from 'vitest';
import { compareKeys, matchKeys } from './match-keys.ts';
import type { Tensors } from './tensors.ts';

const tensors = (shapes: Record<string, number[]>): Tensors =>
  new Map(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      { dtype: 'float32', shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
    ]),
  );

describe('matchKeys', () => {
  const expected = new Map([
    ['a', [2, 3]],
    ['b', [4]],
  ]);

  it('is silent when names and shapes agree', () => {
    matchKeys(expected, tensors({ b: [4], a: [2, 3] }));
  });

  it('reports missing, unexpected and wrongly shaped tensors, all three', () => {
    const got = tensors({ a: [3, 2], c: [1] });
    expect(compareKeys(expected, got)).toEqual({
      missing: ['b'],
      unexpected: ['c'],
      wrongShape: [{ name: 'a', expected: [2, 3], actual: [3, 2] }],
    });
    expect(() => matchKeys(expected, got)).toThrow(
      expect.objectContaining({
        code: 'checkpoint.key_mismatch',
        message:
          'expected the 2 tensors of the network, got 2 that do not fit\n' +
          '1 missing: "b"\n1 unexpected: "c"\n1 of another shape: "a" expected [2, 3], got [3, 2]',
      }),
    );
  });

  it('lists 20 names of many and counts the others', () => {
    const many = new Map(Array.from({ length: 25 }, (_, i) => [`layer${i}`, [1]]));
    expect(() => matchKeys(many, tensors({}))).toThrow(/25 missing: "layer0".*"layer19", and 5 more$/);
  });

  it('does not mistake a shape for its permutation or prefix', () => {
    const one = new Map([['a', [2]]]);
    expect(compareKeys(one, tensors({ a: [2, 1] })).wrongShape).toHaveLength(1);
  });
});
