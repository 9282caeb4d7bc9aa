// A picture for tests of geometry: one rectangle of a colour on black, and the box around it.
import type { Box } from '../../dataset/labelled.ts';
import type { Picture } from '../../image/picture.ts';
import type { BoxedPicture } from '../mosaic.ts';

export type Colour = readonly [r: number, g: number, b: number];

/** `rectangle` is in whole pixels: left, top, right, bottom. The class of its box is `classId`. */
export function markedPicture(
  width: number,
  height: number,
  rectangle: Box,
  colour: Colour,
  classId = 0,
): BoxedPicture {
  const data = new Uint8Array(width * height * 3);
  const [left, top, right, bottom] = rectangle;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) data.set(colour, (y * width + x) * 3);
  }
  const box: Box = [left / width, top / height, right / width, bottom / height];
  return { picture: { width, height, data }, boxes: [{ classId, box }] };
}

/** How deep the centre of the pixel (x, y) lies in a box, in pixels; below 0 outside. */
export function depthIn([x1, y1, x2, y2]: Box, x: number, y: number): number {
  return Math.min(x + 0.5 - x1, x2 - x - 0.5, y + 0.5 - y1, y2 - y - 0.5);
}

export function levelsAt({ width, data }: Picture, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}
