// A picture as the camera might have seen it with the part lying a little otherwise.
import type { Random } from '../../autodiff/random.ts';
import type { Picture } from './picture.ts';

export interface Movement {
  /** Radians, about the middle. */
  readonly angle: number;
  /** Above 1 the part looks larger. */
  readonly scale: number;
  /** To the right and down, in pixels. */
  readonly dx: number;
  readonly dy: number;
}

/** Up to 10 degrees, 6 % of the size and 6 % of the sides. */
export function someMovement(random: Random, size: number): Movement {
  return {
    angle: random.uniform(-0.175, 0.175),
    scale: random.uniform(0.94, 1.06),
    dx: random.uniform(-0.06, 0.06) * size,
    dy: random.uniform(-0.06, 0.06) * size,
  };
}

/** The picture moved, bilinear between pixels; beyond its edge the edge goes on. */
export function move(picture: Picture, { angle, scale, dx, dy }: Movement): Picture {
  const { width, height, data } = picture;
  const out = new Uint8Array(data.length);
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += 3) {
      const [u, v] = [x - middleX - dx, y - middleY - dy];
      const fromX = Math.min(width - 1, Math.max(0, cos * u + sin * v + middleX));
      const fromY = Math.min(height - 1, Math.max(0, cos * v - sin * u + middleY));
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
      const [fx, fy] = [fromX - left, fromY - top];
      const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
      const corners = [top, top, bottom, bottom].map((row, i) => 3 * (row * width + (i % 2 ? right : left)));
      for (let c = 0; c < 3; c++) {
        const above = data[corners[0]! + c]! * (1 - fx) + data[corners[1]! + c]! * fx;
        const below = data[corners[2]! + c]! * (1 - fx) + data[corners[3]! + c]! * fx;
        out[at + c] = Math.round(above * (1 - fy) + below * fy);
      }
    }
  return { width, height, data: out };
}
