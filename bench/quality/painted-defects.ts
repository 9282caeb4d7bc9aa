// Defects of a chosen area, painted into a finished picture, with their masks.
import type { Random } from '../../src/autodiff/random.ts';
import { boxBlur } from '../../src/vision/dataset/sample-parts/lighting.ts';
import { ValueNoise } from '../../src/vision/dataset/sample-parts/value-noise.ts';
import type { Picture } from '../../src/vision/image/picture.ts';

export const defectKinds = ['stain', 'scratch', 'dent', 'foreign'] as const;
export type DefectKind = (typeof defectKinds)[number];

/** Areas as shares of the picture. */
export const defectSizes = [0.002, 0.01, 0.03, 0.1] as const;

export interface Damaged {
  readonly picture: Picture;
  /** 255 where the defect shows. */
  readonly mask: Uint8Array;
}

/**
 * The picture with a defect that covers about `share` of it: a stain darkens or tints, a scratch is a pale or dark line, a
 * dent catches the light on one side and is in its own shade on the other, something foreign hides the part.
 */
export function paintDefect(picture: Picture, kind: DefectKind, share: number, random: Random): Damaged {
  const { width: size, data } = picture;
  const cover = kind === 'scratch' ? line(size, share, random) : blob(size, share, random);
  const [tint, lift] = [[0, 1, 2].map(() => random.uniform(0.45, 0.75)), random.chance(0.5) ? 60 : -60];
  const fall = random.uniform(0, 2 * Math.PI);
  const soft = boxBlur(boxBlur(cover, size, 2), size, 2);
  const noise = new ValueNoise(random);
  const colour = [0, 1, 2].map(() => random.uniform(40, 220));
  const painted = data.slice();
  const mask = new Uint8Array(size * size);
  for (let i = 0; i < mask.length; i++) {
    const alpha = cover[i]!;
    if (alpha <= 0) continue;
    if (alpha > 0.3) mask[i] = 255;
    const [x, y] = [i % size, Math.floor(i / size)];
    const across = (soft[i + 1] ?? 0) - (soft[i - 1] ?? 0);
    const down = (soft[i + size] ?? 0) - (soft[i - size] ?? 0);
    const slope = Math.cos(fall) * across + Math.sin(fall) * down;
    for (let c = 0; c < 3; c++) {
      const level = data[3 * i + c]!;
      const inside = {
        stain: level * tint[c]!,
        scratch: level + lift,
        dent: level * (1 + 1.2 * slope) - 6,
        foreign: colour[c]! + 25 * noise.fractal(x / 9, y / 9, 2),
      }[kind];
      painted[3 * i + c] = Math.min(255, Math.max(0, Math.round(level + (inside - level) * alpha)));
    }
  }
  return { picture: { ...picture, data: painted }, mask };
}

/** Cover 0..1 of a ragged disc of the given area near the middle of a square picture. */
function blob(size: number, share: number, random: Random): Float32Array {
  const noise = new ValueNoise(random);
  const radius = Math.sqrt(share / Math.PI) * size;
  const reach = Math.max(0, 0.3 * size - 0.3 * radius);
  const [cx, cy] = [0, 0].map(() => size / 2 + random.uniform(-reach, reach));
  return Float32Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [(i % size) - cx!, Math.floor(i / size) - cy!];
    const angle = Math.atan2(y, x);
    const edge = radius * (1 + 0.25 * noise.fractal(3 + 1.5 * Math.cos(angle), 3 + 1.5 * Math.sin(angle), 2));
    return Math.min(1, Math.max(0, edge - Math.hypot(x, y) + 0.5));
  });
}

/** Cover of a straight line of the given area; short ones are thinner. */
function line(size: number, share: number, random: Random): Float32Array {
  const area = share * size * size;
  const width = Math.max(1.5, Math.sqrt(area) / 6);
  const length = Math.min(0.8 * size, area / width);
  const thick = area / length;
  const angle = random.uniform(0, Math.PI);
  const reach = Math.max(0, 0.3 * size - length / 4);
  const [cx, cy] = [0, 0].map(() => size / 2 + random.uniform(-reach, reach));
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return Float32Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [(i % size) - cx!, Math.floor(i / size) - cy!];
    const [along, across] = [Math.abs(cos * x + sin * y), Math.abs(cos * y - sin * x)];
    return (
      Math.min(1, Math.max(0, thick / 2 - across + 0.5)) * Math.min(1, Math.max(0, length / 2 - along + 0.5))
    );
  });
}
