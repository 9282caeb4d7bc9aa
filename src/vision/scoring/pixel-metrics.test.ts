import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { anomalyMap } from './anomaly-map.ts';
import { PixelMetrics } from './pixel-metrics.ts';

interface Case {
  name: string;
  size: number;
  maps: number[][];
  masks: string[];
  auroc: number;
  aupro: Record<string, number>;
}
const cases: Case[] = JSON.parse(
  readFileSync(new URL('fixtures/pixel-metrics.json', import.meta.url), 'utf8'),
);

function measure(size: number, maps: number[][], masks: (string | null)[]): PixelMetrics {
  const metrics = new PixelMetrics();
  maps.forEach((map, i) => {
    const mask = masks[i] === null ? null : Uint8Array.from(masks[i]!, Number);
    metrics.add(anomalyMap(Float32Array.from(map), size, map.length / size), mask);
  });
  return metrics;
}

describe('PixelMetrics', () => {
  for (const c of cases) {
    const metrics = measure(c.size, c.maps, c.masks);

    it(`has the pixel AUROC of scikit-learn: ${c.name}`, () => {
      const { value, precision } = metrics.auroc();
      expect(Math.abs(value! - c.auroc)).toBeLessThan(1e-4);
      expect(Math.abs(value! - c.auroc)).toBeLessThanOrEqual(precision!);
    });

    it(`has the AUPRO of its definition at every limit: ${c.name}`, () => {
      for (const [limit, expected] of Object.entries(c.aupro))
        expect(Math.abs(metrics.aupro(Number(limit)).value! - expected), limit).toBeLessThan(1e-4);
    });
  }

  it('is perfect when every anomalous pixel is above every good one', () => {
    const metrics = measure(3, [[0, 0, 1, 0, 0, 1]], ['001001']);
    expect([metrics.auroc().value, metrics.aupro().value]).toEqual([1, 1]);
  });

  it('counts a region of one pixel as much as a large one', () => {
    // The large region is found at once, the one-pixel region only after all good pixels.
    const map = [9, 9, 9, 9, 9, 9, 5, 5, 5, 1];
    const metrics = measure(10, [map, map], ['1111110000', '0000000001']);
    expect(metrics.regionCount).toBe(2);
    const alone = measure(10, [map], ['1111110001']);
    expect(alone.regionCount).toBe(2);
    expect(alone.aupro(0.3).value).toBeCloseTo(0.5, 6);
    expect(alone.auroc().value).toBeCloseTo(6 / 7, 6);
  });

  it('joins pixels of a region that touch at a corner', () => {
    expect(measure(2, [[1, 0, 0, 1]], ['1001']).regionCount).toBe(1);
  });

  it('keeps the order of negative, tiny and large scores', () => {
    const metrics = measure(7, [[-5, -1e-20, 0, 1e-30, 1e-3, 2, 1e20]], ['0000111']);
    expect(metrics.auroc().value).toBe(1);
    expect(measure(7, [[-5, -1e-20, 0, 1e-30, 1e-3, 2, 1e20]], ['1110000']).auroc().value).toBe(0);
  });

  it('calls scores ties when they differ by less than one part in 2048, and says how much that may matter', () => {
    const { value, precision } = measure(2, [[1, 1.0001]], ['01']).auroc();
    expect([value, precision]).toEqual([0.5, 0.5]);
    expect(measure(2, [[1, 1.001]], ['01']).auroc()).toEqual({ value: 1, precision: 0 });
  });

  it('gives a reason when there is nothing to find or nothing good', () => {
    const none = measure(2, [[0, 1]], [null]);
    expect(none.auroc()).toEqual({ value: null, reason: 'no picture has a true region marked' });
    expect(none.aupro()).toEqual({ value: null, reason: 'no picture has a true region marked' });
    expect(measure(2, [[0, 1]], ['11']).aupro()).toEqual({ value: null, reason: 'there is no good pixel' });
  });

  it('gives a half for an all-zero map', () => {
    expect(measure(4, [[0, 0, 0, 0]], ['0110']).auroc().value).toBe(0.5);
  });

  it('refuses a mask of another size and scores that are not finite', () => {
    expect(() => measure(2, [[0, 1]], ['010'])).toThrow('internal: a mask of 2x1 has 3 values');
    const broken = { width: 1, height: 1, data: Float32Array.of(Number.NaN) };
    expect(() => new PixelMetrics().add(broken, null)).toThrow('not finite');
  });
});
