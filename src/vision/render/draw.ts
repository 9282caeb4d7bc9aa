// Lines, frames and one word, drawn into a picture's pixels.
import type { Picture } from '../image/picture.ts';
import type { Box } from '../scoring/original-regions.ts';
import type { Point } from '../scoring/outline.ts';

export type Colour = readonly [red: number, green: number, blue: number];

/** How much of each pixel a line covers, 0..255; width * height values. */
export type Coverage = Uint8Array;

/**
 * Cover closed polygons with a smooth line of the given thickness in pixels. Point (x, y) is a corner of pixels: the
 * centre of the first pixel is (0.5, 0.5). Crossing lines do not add up.
 */
export function strokePolygons(
  polygons: readonly (readonly Point[])[],
  thickness: number,
  width: number,
  height: number,
): Coverage {
  const closed = polygons.filter((p) => p.length > 0).map((p) => [...p, p[0]!]);
  return strokeLines(closed, thickness, width, height);
}

/** The same for lines that are not closed. */
export function strokeLines(
  lines: readonly (readonly Point[])[],
  thickness: number,
  width: number,
  height: number,
): Coverage {
  const coverage = new Uint8Array(width * height);
  for (const line of lines)
    for (let i = 1; i < line.length; i++)
      strokeSegment(coverage, width, height, line[i - 1]!, line[i]!, thickness / 2);
  return coverage;
}

/** Row by row, only where the row comes near the segment, so that a long diagonal does not cost its whole box. */
function strokeSegment(
  coverage: Coverage,
  width: number,
  height: number,
  [ax, ay]: Point,
  [bx, by]: Point,
  radius: number,
): void {
  const reach = radius + 1;
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  const top = Math.max(0, Math.floor(Math.min(ay, by) - reach));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(ay, by) + reach));
  for (let row = top; row <= bottom; row++) {
    const y = row + 0.5 - ay;
    const t0 = dy === 0 ? 0 : clamp01((y - reach) / dy);
    const t1 = dy === 0 ? 1 : clamp01((y + reach) / dy);
    const left = Math.max(0, Math.floor(ax + Math.min(t0 * dx, t1 * dx) - reach));
    const right = Math.min(width - 1, Math.ceil(ax + Math.max(t0 * dx, t1 * dx) + reach));
    for (let column = left; column <= right; column++) {
      const x = column + 0.5 - ax;
      const t = square === 0 ? 0 : clamp01((x * dx + y * dy) / square);
      const covered = clamp01(radius + 0.5 - Math.hypot(x - t * dx, y - t * dy)) * 255;
      const i = row * width + column;
      if (covered > coverage[i]!) coverage[i] = covered;
    }
  }
}

/** Paint `colour` into `data` (RGB) where it is covered, with the given opacity. */
export function paint(data: Uint8Array, coverage: Coverage, colour: Colour, opacity: number): void {
  for (let i = 0; i < coverage.length; i++) {
    if (coverage[i] === 0) continue;
    const alpha = (coverage[i]! / 255) * opacity;
    for (let c = 0; c < 3; c++) data[i * 3 + c] = data[i * 3 + c]! * (1 - alpha) + colour[c]! * alpha + 0.5;
  }
}

/** Fill a rectangle of whole pixels, cut off at the picture's edges: one row by hand, the others copied from it. */
export function fillBox({ width, height, data }: Picture, [x, y, w, h]: Box, colour: Colour): void {
  const [left, right] = [Math.max(0, x), Math.min(width, x + w)];
  const [top, bottom] = [Math.max(0, y), Math.min(height, y + h)];
  if (left >= right || top >= bottom) return;
  const from = (top * width + left) * 3;
  const to = (top * width + right) * 3;
  for (let i = from; i < to; i += 3) {
    data[i] = colour[0];
    data[i + 1] = colour[1];
    data[i + 2] = colour[2];
  }
  for (let row = 1; row < bottom - top; row++) data.copyWithin(from + row * width * 3, from, to);
}

/** A frame of the given thickness, inside the box. */
export function drawFrame(picture: Picture, [x, y, w, h]: Box, thickness: number, colour: Colour): void {
  fillBox(picture, [x, y, w, thickness], colour);
  fillBox(picture, [x, y + h - thickness, w, thickness], colour);
  fillBox(picture, [x, y, thickness, h], colour);
  fillBox(picture, [x + w - thickness, y, thickness, h], colour);
}

/** Letters of 5x7 dots, a row of five bits each from the top. */
const LETTERS = {
  A: [14, 17, 17, 31, 17, 17, 17],
  L: [16, 16, 16, 16, 16, 16, 31],
  M: [17, 27, 21, 21, 17, 17, 17],
  N: [17, 25, 21, 19, 17, 17, 17],
  O: [14, 17, 17, 17, 17, 17, 14],
  Y: [17, 17, 10, 4, 4, 4, 4],
} as const;
const WORD = [...'ANOMALY'] as (keyof typeof LETTERS)[];

/** The word ANOMALY with its upper left corner at (x, y), 41 * dot wide and 7 * dot high. */
export function drawAnomaly(picture: Picture, x: number, y: number, dot: number, colour: Colour): void {
  WORD.forEach((letter, n) => {
    LETTERS[letter].forEach((bits, row) => {
      for (let column = 0; column < 5; column++) {
        if (((bits >> (4 - column)) & 1) === 1)
          fillBox(picture, [x + (n * 6 + column) * dot, y + row * dot, dot, dot], colour);
      }
    });
  });
}

function clamp01(v: number): number {
  return v < 0 ? 0 : v > 1 ? 1 : v;
}
