import { describe, expect, it } from 'vitest';
import { median, quantile, sorted } from './order-statistics.ts';

describe('quantile', () => {
  it('is linear between neighbours', () => {
    const ordered = sorted([4, 1, 3, 2]);
    expect([0, 0.5, 1].map((q) => quantile(ordered, q))).toEqual([1, 2.5, 4]);
    expect(quantile(ordered, 0.9)).toBeCloseTo(3.7, 12);
    expect(median(sorted([5, 1, 2]))).toBe(2);
  });

  it('has one value for one value and none for none', () => {
    expect(quantile(sorted([7]), 0.3)).toBe(7);
    expect(() => quantile(sorted([]), 0.5)).toThrow('internal');
  });
});
