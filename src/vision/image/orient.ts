// Turns stored pixels into the picture as it was seen, by the eight EXIF orientations.
import type { Orientation, Size } from './format.ts';
import type { Picture } from './picture.ts';

/** For each orientation: whether x and y of the stored pixels are swapped, then which sides are mirrored. */
const turns: Record<Orientation, { swaps: boolean; mirrorsX: boolean; mirrorsY: boolean }> = {
  1: { swaps: false, mirrorsX: false, mirrorsY: false },
  2: { swaps: false, mirrorsX: true, mirrorsY: false },
  3: { swaps: false, mirrorsX: true, mirrorsY: true },
  4: { swaps: false, mirrorsX: false, mirrorsY: true },
  5: { swaps: true, mirrorsX: false, mirrorsY: false },
  6: { swaps: true, mirrorsX: true, mirrorsY: false },
  7: { swaps: true, mirrorsX: true, mirrorsY: true },
  8: { swaps: true, mirrorsX: false, mirrorsY: true },
};

/** The size of the picture as seen. */
export function orientedSize({ width, height }: Size, orientation: Orientation): Size {
  return turns[orientation].swaps ? { width: height, height: width } : { width, height };
}

/** The picture as seen; the same object when it is stored that way. */
export function orient(stored: Picture, orientation: Orientation): Picture {
  if (orientation === 1) return stored;
  const { swaps, mirrorsX, mirrorsY } = turns[orientation];
  const { width, height } = orientedSize(stored, orientation);
  const [stepX, stepY] = swaps ? [stored.width * 3, 3] : [3, stored.width * 3];
  const data = new Uint8Array(stored.data.length);
  for (let y = 0, out = 0; y < height; y++) {
    const row = (mirrorsY ? height - 1 - y : y) * stepY;
    for (let x = 0; x < width; x++, out += 3) {
      const at = row + (mirrorsX ? width - 1 - x : x) * stepX;
      data[out] = stored.data[at]!;
      data[out + 1] = stored.data[at + 1]!;
      data[out + 2] = stored.data[at + 2]!;
    }
  }
  return { width, height, data };
}
