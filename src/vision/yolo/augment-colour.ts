// Light and colour of a training sample, changed in HSV (A. R. Smith, "Color gamut transform pairs", 1978).
import type { Random } from '../../autodiff/random.ts';
import type { DetectionAugmentation } from './augment-settings.ts';
import type { Area } from './augment-view.ts';

export interface ColourShift {
  /** Added to the hue, as a share of the circle. */
  readonly hue: number;
  /** Factors. The saturation is clipped at 1, the value at 255. */
  readonly saturation: number;
  readonly value: number;
}

export function drawColourShift(random: Random, limits: DetectionAugmentation): ColourShift {
  return {
    hue: random.uniform(-limits.hue, limits.hue),
    saturation: random.uniform(1 - limits.saturation, 1 + limits.saturation),
    value: random.uniform(1 - limits.value, 1 + limits.value),
  };
}

/** Changes the pixels of one area of a sample [size, size, 3] in place; levels are rounded half up. */
export function shiftColours(
  sample: Uint8Array,
  size: number,
  { left, top, right, bottom }: Area,
  shift: ColourShift,
): void {
  if (shift.hue === 0 && shift.saturation === 1 && shift.value === 1) return;
  const turn = shift.hue * 6; // in sextants
  const values = Float64Array.from({ length: 256 }, (_, level) => Math.min(level * shift.value, 255));
  for (let y = top; y < bottom; y++) {
    const end = (y * size + right) * 3;
    for (let at = (y * size + left) * 3; at < end; at += 3) {
      const r = sample[at]!;
      const g = sample[at + 1]!;
      const b = sample[at + 2]!;
      const most = r > g ? (r > b ? r : b) : g > b ? g : b;
      const least = r < g ? (r < b ? r : b) : g < b ? g : b;
      const chroma = most - least;
      const value = values[most]! + 0.5; // what is stored is cut off, so this rounds
      if (chroma === 0) {
        sample[at] = sample[at + 1] = sample[at + 2] = value;
        continue;
      }
      const saturation = (chroma / most) * shift.saturation;
      const newChroma = (value - 0.5) * (saturation < 1 ? saturation : 1);
      let hue =
        turn + (most === r ? (g - b) / chroma : most === g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma);
      if (hue < 0) hue += 6;
      else if (hue >= 6) hue -= 6;
      const sextant = hue | 0;
      const along = (hue - sextant) * newChroma;
      const low = value - newChroma;
      const mid = (sextant & 1) === 0 ? low + along : value - along;
      // In each sextant one channel is highest, one lowest, and one moves between them.
      sample[at] = sextant === 0 || sextant === 5 ? value : sextant === 1 || sextant === 4 ? mid : low;
      sample[at + 1] = sextant === 1 || sextant === 2 ? value : sextant === 0 || sextant === 3 ? mid : low;
      sample[at + 2] = sextant === 3 || sextant === 4 ? value : sextant === 2 || sextant === 5 ? mid : low;
    }
  }
}
