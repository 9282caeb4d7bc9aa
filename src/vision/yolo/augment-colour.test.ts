// Colours of training samples against the formulas of HSV, and within their limits.
import { describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import { type ColourShift, drawColourShift, shiftColours } from './augment-colour.ts';
import { defaultDetectionAugmentation } from './augment-settings.ts';

const whole = { left: 0, top: 0, right: 16, bottom: 16 };

/** Foley and van Dam's hexcone, written plainly. */
function plainShift([r, g, b]: number[], { hue, saturation, value }: ColourShift): number[] {
  const [red, green, blue] = [r! / 255, g! / 255, b! / 255];
  const most = Math.max(red, green, blue);
  const chroma = most - Math.min(red, green, blue);
  let h = 0;
  if (chroma > 0) {
    if (most === red) h = ((green - blue) / chroma) % 6;
    else if (most === green) h = (blue - red) / chroma + 2;
    else h = (red - green) / chroma + 4;
  }
  h = (((h / 6 + hue) % 1) + 1) % 1;
  const s = Math.min(most === 0 ? 0 : (chroma / most) * saturation, 1);
  const v = Math.min(most * value, 1);
  const channel = (n: number) => {
    const k = (n + h * 6) % 6;
    return (v - v * s * Math.max(0, Math.min(k, 4 - k, 1))) * 255;
  };
  return [channel(5), channel(3), channel(1)];
}

describe('a shift of colours', () => {
  it.each([
    { hue: 0, saturation: 1, value: 1.3 },
    { hue: 0, saturation: 0.3, value: 1 },
    { hue: 0, saturation: 1.7, value: 0.6 },
    { hue: 0.015, saturation: 1, value: 1 },
    { hue: -0.015, saturation: 1.2, value: 0.9 },
    { hue: 0.4, saturation: 0.8, value: 1.4 },
    { hue: -0.5, saturation: 1, value: 1 },
  ])('is what HSV says: $hue $saturation $value', (shift) => {
    const random = new Random(3);
    const sample = Uint8Array.from({ length: 16 * 16 * 3 }, () => random.int(256));
    // Greys, black, and the six corners of the circle, where sextants meet.
    const corners = [0, 0, 0, 9, 9, 9, 255, 255, 255, 255, 0, 0, 255, 255, 0, 0, 255, 0, 0, 255, 255];
    sample.set([...corners, 0, 0, 255, 255, 0, 255]);
    const before = sample.slice();
    shiftColours(sample, 16, whole, shift);
    for (let at = 0; at < sample.length; at += 3) {
      const expected = plainShift([...before.subarray(at, at + 3)], shift);
      for (let c = 0; c < 3; c++) expect(Math.abs(sample[at + c]! - expected[c]!)).toBeLessThan(0.5001);
    }
  });

  it('of nothing changes nothing', () => {
    const random = new Random(4);
    const sample = Uint8Array.from({ length: 16 * 16 * 3 }, () => random.int(256));
    const before = sample.slice();
    shiftColours(sample, 16, whole, { hue: 0, saturation: 1, value: 1 });
    expect(sample).toEqual(before);
    shiftColours(sample, 16, whole, { hue: 0, saturation: 1, value: 1 + 1e-12 });
    expect(sample).toEqual(before);
  });

  it('leaves pixels outside its area alone', () => {
    const sample = new Uint8Array(16 * 16 * 3).fill(100);
    shiftColours(sample, 16, { left: 2, top: 3, right: 5, bottom: 7 }, { hue: 0, saturation: 1, value: 0.5 });
    for (let y = 0; y < 16; y++) {
      for (let x = 0; x < 16; x++) {
        const isInside = x >= 2 && x < 5 && y >= 3 && y < 7;
        expect(sample[(y * 16 + x) * 3]).toBe(isInside ? 50 : 100);
      }
    }
  });

  it('is drawn within the settings', () => {
    const shifts = Array.from({ length: 300 }, (_, seed) =>
      drawColourShift(new Random(seed), defaultDetectionAugmentation),
    );
    const reach = (of: (shift: ColourShift) => number) =>
      Math.max(...shifts.map((shift) => Math.abs(of(shift))));
    expect(reach(({ hue }) => hue)).toBeLessThanOrEqual(0.015);
    expect(reach(({ hue }) => hue)).toBeGreaterThan(0.014);
    expect(reach(({ saturation }) => saturation - 1)).toBeLessThanOrEqual(0.7);
    expect(reach(({ saturation }) => saturation - 1)).toBeGreaterThan(0.65);
    expect(reach(({ value }) => value - 1)).toBeLessThanOrEqual(0.4);
    expect(reach(({ value }) => value - 1)).toBeGreaterThan(0.37);
  });
});
