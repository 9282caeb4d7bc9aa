import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topMean } from './top-mean.ts';

describe('topMean', () => {
  it('agrees with sorting, ties included', () => {
    const value = fc.oneof(
      fc.constantFrom(0, 0.5, 1e-30, 3e20),
      fc.float({ min: 0, max: 10, noNaN: true }).map((v) => Math.abs(v)),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), fc.nat(), (list, n) => {
        const values = Float32Array.from(list);
        const k = 1 + (n % values.length);
        const top = values.slice().sort().slice(-k);
        const expected = top.reduce((a, b) => a + b, 0) / k;
        expect(topMean(values, k)).toBeCloseTo(expected, expected > 1e6 ? -14 : 9);
      }),
    );
  });

  it('works on a part of a larger buffer', () => {
    const values = Float32Array.from([9, 1, 2, 3, 9]).subarray(1, 4);
    expect(topMean(values, 2)).toBe(2.5);
  });

  it('refuses to take none or more than there are', () => {
    expect(() => topMean(new Float32Array(3), 0)).toThrow('internal');
    expect(() => topMean(new Float32Array(3), 4)).toThrow('internal');
  });
});
