import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { samplePart } from '../dataset/sample-parts.ts';
import { resize } from '../image/resize.ts';
import { hashDistance, likenessOf, meanDifference } from './likeness.ts';
import { measureQuality } from './quality.ts';
import { spreadOf } from './spread.ts';

interface Case {
  width: number;
  height: number;
  data: number[];
  brightness: number;
  sharpness: number;
  darkShare: number;
  brightShare: number;
}
const cases: Case[] = JSON.parse(readFileSync(new URL('fixtures/quality.json', import.meta.url), 'utf8'));
const part = (seed: number) => samplePart('boards', seed, undefined, 128).picture;

describe('measureQuality', () => {
  it.each(cases)('agrees with numpy: $width x $height', ({ width, height, data, ...wanted }) => {
    const found = measureQuality({ width, height, data: Uint8Array.from(data) });
    for (const [name, value] of Object.entries(wanted))
      expect(Math.abs(found[name as keyof typeof found] - value), name).toBeLessThan(
        1e-4 * Math.max(1, value),
      );
  });

  it('finds a blurred picture less sharp, a dimmed one darker, whatever the resolution', () => {
    const picture = part(1);
    const soft = resize(resize(picture, 40, 40, 'area'), 128, 128, 'bilinear');
    expect(measureQuality(soft).sharpness).toBeLessThan(0.5 * measureQuality(picture).sharpness);
    const dim = { ...picture, data: picture.data.map((v) => v >> 1) };
    expect(measureQuality(dim).brightness).toBeCloseTo(measureQuality(picture).brightness / 2, 1);
    const small = samplePart('boards', 1, undefined, 512).picture;
    const large = resize(small, 1024, 1024, 'bilinear');
    const ratio = measureQuality(large).sharpness / measureQuality(small).sharpness;
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(1.5);
  });

  it('takes a picture of one pixel', () => {
    expect(measureQuality({ width: 1, height: 1, data: Uint8Array.of(255, 255, 255) })).toEqual({
      brightness: expect.closeTo(1, 6),
      sharpness: 0,
      darkShare: 0,
      brightShare: 1,
    });
  });
});

describe('likeness', () => {
  it('is that of the same picture at another size and brightness, and not of another one', () => {
    const [one, other] = [part(1), part(2)];
    const same = likenessOf(resize(one, 96, 96, 'area'));
    const dimmed = likenessOf({ ...one, data: one.data.map((v) => Math.round(v * 0.9)) });
    expect(hashDistance(likenessOf(one), same)).toBeLessThanOrEqual(4);
    expect(hashDistance(likenessOf(one), dimmed)).toBeLessThanOrEqual(4);
    expect(meanDifference(likenessOf(one), same)).toBeLessThan(1);
    expect(meanDifference(likenessOf(one), likenessOf(other))).toBeGreaterThan(1);
    expect(hashDistance(likenessOf(one), likenessOf(one))).toBe(0);
  });
});

describe('spreadOf', () => {
  it('is not moved by a few wild values', () => {
    expect(spreadOf([1, 2, 3, 4, 1e9])).toEqual({ median: 3, deviation: 1.4826 });
    expect(spreadOf([5, 5, 5])).toEqual({ median: 5, deviation: 0 });
  });
});
