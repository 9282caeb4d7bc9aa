// Between ImageData, as browsers hold pixels, and the pictures of the predict path.
import { OkapiError } from '../vision/errors.ts';
import type { Picture } from '../vision/image/picture.ts';
import { toRgb } from '../vision/image/to-rgb.ts';

/** 8-bit RGBA, alpha not multiplied in, rows from the top. An ImageData is one. */
export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray | Uint8Array;
}

/** One to make an ImageData of: `new ImageData(image.data, image.width, image.height)`. */
export interface DrawnImage extends RgbaImage {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** The picture that the predict path reads, by the server's rule: what is transparent is black. Throws image.corrupt. */
export function pictureOf({ width, height, data }: RgbaImage): Picture {
  const isWhole = [width, height].every((side) => Number.isSafeInteger(side) && side > 0);
  if (!isWhole || data.length !== 4 * width * height)
    throw new OkapiError(
      'image.corrupt',
      `expected an ImageData, got ${data.length} bytes for ${width}x${height}`,
    );
  const levels = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return toRgb({ width, height, kind: 'rgba', data: levels });
}

/** The picture with full alpha. */
export function imageOf({ width, height, data }: Picture): DrawnImage {
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    for (let c = 0; c < 3; c++) rgba[to + c] = data[from + c]!;
  }
  return { width, height, data: rgba };
}
