// A part of a picture, as a picture of its own.
import type { Picture } from './picture.ts';

/** A copy of the pixels; the part must lie within the picture. */
export function crop(
  picture: Picture,
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
): Picture {
  const isWithin = left >= 0 && top >= 0 && left + width <= picture.width && top + height <= picture.height;
  if (!isWithin)
    throw new Error(
      `internal: ${width}x${height} at ${left}, ${top} is not in ${picture.width}x${picture.height}`,
    );
  const data = new Uint8Array(3 * width * height);
  for (let row = 0; row < height; row++) {
    const from = 3 * ((top + row) * picture.width + left);
    data.set(picture.data.subarray(from, from + 3 * width), 3 * row * width);
  }
  return { width, height, data };
}
