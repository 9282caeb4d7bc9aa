// Pictures of rolled sheet metal of any size, good or with one short scratch, for tests and measurements of tiles.
import { Random } from '../../../../autodiff/random.ts';
import { ValueNoise } from '../../../dataset/sample-parts/value-noise.ts';
import type { Picture } from '../../../image/picture.ts';

export interface Sheet {
  readonly picture: Picture;
  /** 255 on the scratch, 0 elsewhere, in all channels; null for a good sheet. */
  readonly mask: Picture | null;
}

/** How much darker a scratch is, in levels. */
const DEPTH = 40;
/** Half the width of a scratch, in pixels. */
const HALF_WIDTH = 1.2;

/** Streaks of rolling along x, stains, grain. `scratch` is the length of the one scratch in pixels, at a place of its own. */
export function rolledSheet(seed: number, width: number, height: number, scratch = 0): Sheet {
  const random = new Random(seed);
  const noise = new ValueNoise(random.fork('noise'));
  const grain = new Uint32Array([seed + 1]);
  const streaks = Float32Array.from({ length: height }, (_, y) => 9 * noise.fractal(0.5, y / 6, 3));
  const data = new Uint8Array(3 * width * height);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += 3) {
      grain[0] = Math.imul(grain[0]!, 1664525) + 1013904223; // a cheap generator, millions of times
      const level = 150 + streaks[y]! + 8 * noise.at(x / 90, y / 14) + 6 * (grain[0]! / 2 ** 32 - 0.5);
      data[at] = level;
      data[at + 1] = level + 2;
      data[at + 2] = level + 6;
    }
  const picture = { width, height, data };
  return { picture, mask: scratch > 0 ? scratched(picture, random.fork('scratch'), scratch) : null };
}

/** Scratches the picture, and returns the mask of it. */
function scratched({ width, height, data }: Picture, random: Random, length: number): Picture {
  const mask = new Uint8Array(data.length);
  const angle = random.uniform(0.4, Math.PI - 0.4); // across the streaks
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  const [x0, y0] = [random.uniform(length, width - length), random.uniform(length, height - length)];
  for (let y = Math.floor(y0 - length); y <= y0 + length; y++)
    for (let x = Math.floor(x0 - length); x <= x0 + length; x++) {
      const [u, v] = [x - x0, y - y0];
      const isOn = Math.abs(u * dx + v * dy) <= length / 2 && Math.abs(u * dy - v * dx) <= HALF_WIDTH;
      if (!isOn || x < 0 || y < 0 || x >= width || y >= height) continue;
      const at = 3 * (y * width + x);
      for (let c = 0; c < 3; c++) data[at + c] = Math.max(0, data[at + c]! - DEPTH);
      mask.fill(255, at, at + 3);
    }
  return { width, height, data: mask };
}
