import { describe, expect, it } from 'vitest';
import { anomalyMap, peakOf, resizeMap } from './anomaly-map.ts';

describe('anomalyMap', () => {
  it('refuses scores that are not finite and says where', () => {
    const broken = Float32Array.from([0, 1, Number.NaN, 0]);
    expect(() => anomalyMap(broken, 2, 2)).toThrow('expected finite anomaly scores, got NaN at pixel 2');
    expect(() => anomalyMap(Float32Array.of(Number.POSITIVE_INFINITY), 1, 1)).toThrow('Infinity');
  });

  it('refuses a size that does not fit', () => {
    expect(() => anomalyMap(new Float32Array(5), 2, 2)).toThrow('internal: a map of 2x2 has 5 values');
  });
});

describe('resizeMap', () => {
  const map = anomalyMap(Float32Array.from([0, 4, 4, 8]), 2, 2);

  it('keeps the scores absolute', () => {
    const large = resizeMap(map, 6, 6);
    expect([large.width, large.height, large.data.length]).toEqual([6, 6, 36]);
    expect(large.data[0]).toBe(0);
    expect(large.data[35]).toBe(8);
    expect(large.data.reduce((a, b) => a + b) / 36).toBeCloseTo(4, 5);
  });

  it('gives back the same map when the size is right', () => {
    expect(resizeMap(map, 2, 2)).toBe(map);
  });
});

describe('peakOf', () => {
  it('is the highest score, and 0 for an all-zero map', () => {
    expect(peakOf(anomalyMap(Float32Array.from([0.5, 3, 1]), 3, 1))).toBe(3);
    expect(peakOf(anomalyMap(new Float32Array(4), 2, 2))).toBe(0);
  });
});
