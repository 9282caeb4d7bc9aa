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

/**
 * The picture moved, cubic between pixels (Keys 1981, a = -0.5), since bilinear copies are blurred and a blurred copy excuses a
 * defect; beyond its edge the picture is mirrored, since lines that go on look like scratches.
 */
export function move(picture: Picture, { angle, scale, dx, dy }: Movement): Picture {
  const { width, height, data } = picture;
  const out = new Uint8Array(data.length);
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const columns = new Int32Array(4);
  const [across, down] = [new Float64Array(4), new Float64Array(4)];
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += 3) {
      const u = x - middleX - dx;
      const v = y - middleY - dy;
      const fromX = cos * u + sin * v + middleX;
      const fromY = cos * v - sin * u + middleY;
      const left = Math.floor(fromX);
      const top = Math.floor(fromY);
      cubic(fromX - left, across);
      cubic(fromY - top, down);
      for (let i = 0; i < 4; i++) columns[i] = 3 * mirrored(left - 1 + i, width);
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let j = 0; j < 4; j++) {
        const row = 3 * width * mirrored(top - 1 + j, height);
        for (let i = 0; i < 4; i++) {
          const weight = down[j]! * across[i]!;
          const from = row + columns[i]!;
          red += weight * data[from]!;
          green += weight * data[from + 1]!;
          blue += weight * data[from + 2]!;
        }
      }
      out[at] = level(red);
      out[at + 1] = level(green);
      out[at + 2] = level(blue);
    }
  return { width, height, data: out };
}

/** The weights of the four pixels around a place that lies t beyond the second. */
function cubic(t: number, weights: Float64Array): void {
  weights[0] = ((-0.5 * t + 1) * t - 0.5) * t;
  weights[1] = (1.5 * t - 2.5) * t * t + 1;
  weights[2] = ((-1.5 * t + 2) * t + 0.5) * t;
  weights[3] = (0.5 * t - 0.5) * t * t;
}

function mirrored(i: number, size: number): number {
  if (i >= 0 && i < size) return i;
  const period = Math.max(1, 2 * (size - 1));
  const within = Math.abs(i) % period;
  return within < size ? within : period - within;
}

const level = (value: number) => Math.min(255, Math.max(0, Math.round(value)));
