import { describe, expect, it } from 'vitest';
import { defectsOf, sampleKinds, samplePart } from './sample-part.ts';

const size = 128;

describe.each(sampleKinds)('sample parts: %s', (kind) => {
  it('draws the same bytes for the same seed and others for another', () => {
    const one = samplePart(kind, 7, undefined, size);
    expect(one.mask).toBeNull();
    expect(one.picture).toMatchObject({ width: size, height: size });
    expect(samplePart(kind, 7, undefined, size).picture.data).toEqual(one.picture.data);
    expect(
      meanDifference(samplePart(kind, 8, undefined, size).picture.data, one.picture.data),
    ).toBeGreaterThan(2);
  });

  it('shows the same product in every picture: two good parts differ less than two kinds', () => {
    const thumb = (k: typeof kind, seed: number) => samplePart(k, seed, undefined, 32).picture.data;
    const other = sampleKinds.find((k) => k !== kind)!;
    expect(meanDifference(thumb(kind, 1), thumb(kind, 2))).toBeLessThan(
      meanDifference(thumb(kind, 1), thumb(other, 1)),
    );
  });

  it('uses the range of brightness that a well exposed photograph has', () => {
    const { data } = samplePart(kind, 3, undefined, size).picture;
    const sorted = Uint8Array.from(data).sort();
    expect(sorted[Math.floor(0.02 * sorted.length)]!).toBeLessThan(90);
    expect(sorted[Math.floor(0.98 * sorted.length)]!).toBeGreaterThan(120);
    expect(data.filter((x) => x === 255).length / data.length).toBeLessThan(0.05);
  });

  it.each(defectsOf(kind))('%s: alters what its mask covers and nothing else', (defect) => {
    for (const seed of [11, 12, 13, 14, 15]) {
      const good = samplePart(kind, seed, undefined, size).picture.data;
      const { picture, mask } = samplePart(kind, seed, defect, size);
      let inside = 0;
      let outside = 0;
      let change = 0;
      for (let i = 0; i < mask!.length; i++) {
        let largest = 0;
        for (let c = 3 * i; c < 3 * i + 3; c++)
          largest = Math.max(largest, Math.abs(picture.data[c]! - good[c]!));
        if (mask![i] === 255) {
          inside++;
          change += largest;
        } else if (largest > 0) outside++;
      }
      expect(outside).toBe(0);
      expect(inside).toBeGreaterThan(20);
      expect(inside).toBeLessThan(0.12 * size * size);
      expect(change / inside).toBeGreaterThan(6);
    }
  });
});

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / a.length;
}
