// A picture in a square with its ratio kept: the one way in for training, validation and serving.
//
// The rule, so that any other program can do the same:
//   scale    size / longer side; the shorter side becomes round(side * scale), at least 1 px
//   method   shrinking: area (OpenCV's INTER_AREA), so that nothing aliases; growing: bilinear (INTER_LINEAR)
//   place    centred; where an odd pixel is left over, it lies to the right or at the bottom
//   border   grey 114 in all three channels
import type { Box } from '../dataset/labelled.ts';
import type { Picture } from '../image/picture.ts';
import { resize } from '../image/resize.ts';

export const BORDER_LEVEL = 114;

/** Where a picture lies in its square, in whole pixels of the square. */
export interface Placement {
  /** Pixels of the square for each pixel of the picture, before rounding to whole pixels. */
  readonly scale: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Letterboxed extends Placement {
  /** size x size */
  readonly pixels: Picture;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Where a picture of this size lies in a square of `size` pixels. */
export function placementOf(picture: Size, size: number): Placement {
  const scale = size / Math.max(picture.width, picture.height);
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  return { scale, left: (size - width) >> 1, top: (size - height) >> 1, width, height };
}

/** The picture with its longer side at `size` pixels: a letterbox without its border. */
export function fitPicture(picture: Picture, size: number): Picture {
  const { scale, width, height } = placementOf(picture, size);
  return resize(picture, width, height, scale < 1 ? 'area' : 'bilinear');
}

/** The picture in a square of `size` pixels, by the rule above. */
export function letterbox(picture: Picture, size: number): Letterboxed {
  return { ...placementOf(picture, size), pixels: frame(fitPicture(picture, size), size) };
}

/** A fitted picture with its border around it. */
export function frame({ width, height, data }: Picture, size: number): Picture {
  const { left, top } = placementOf({ width, height }, size);
  const framed = new Uint8Array(size * size * 3).fill(BORDER_LEVEL);
  for (let y = 0; y < height; y++) {
    framed.set(data.subarray(y * width * 3, (y + 1) * width * 3), ((top + y) * size + left) * 3);
  }
  return { width: size, height: size, data: framed };
}

/** A box in shares of the picture, as pixels of the square. */
export function toLetterbox([x1, y1, x2, y2]: Box, { left, top, width, height }: Placement): Box {
  return [left + x1 * width, top + y1 * height, left + x2 * width, top + y2 * height];
}

/** A box in pixels of the square, as pixels of the picture, clipped to it. */
export function fromLetterbox([x1, y1, x2, y2]: Box, placement: Placement, picture: Size): Box {
  const x = (at: number) => clip(((at - placement.left) * picture.width) / placement.width, picture.width);
  const y = (at: number) => clip(((at - placement.top) * picture.height) / placement.height, picture.height);
  return [x(x1), y(y1), x(x2), y(y2)];
}

function clip(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
