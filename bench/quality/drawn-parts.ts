// Six simple drawn parts and textures for the quality tables: each differs from picture to picture as real ones do.
import type { Random } from '../../src/autodiff/random.ts';
import { ValueNoise } from '../../src/vision/dataset/sample-parts/value-noise.ts';
import type { Picture } from '../../src/vision/image/picture.ts';

/** The brightness 0..1 of each colour at a place; u and v run from -1 to 1 over the picture, before it is moved. */
type Shade = (u: number, v: number) => readonly [number, number, number];

interface Drawn {
  /** How far a part lies from the middle, in half pictures, and how it is turned, in radians. */
  readonly shift: number;
  readonly turn: number;
  build(random: Random): Shade;
}

const mix = (a: number, b: number, t: number) => a + (b - a) * t;
const step = (low: number, high: number, x: number) => {
  const t = Math.min(1, Math.max(0, (x - low) / (high - low)));
  return t * t * (3 - 2 * t);
};
const grey = (level: number, warmth = 0): readonly [number, number, number] => [
  level * (1 + warmth),
  level,
  level * (1 - warmth),
];

export const drawnParts = {
  wood: {
    shift: 0.5,
    turn: 0.04,
    build(random) {
      const noise = new ValueNoise(random);
      return (u, v) => {
        const bend = noise.fractal(u * 1.2, v * 0.7, 3) * 0.5;
        const ring = 0.5 + 0.5 * Math.sin((u + bend) * 22);
        const fibre = noise.at(u * 60, v * 3);
        return grey(0.42 + 0.14 * ring + 0.07 * fibre, 0.28);
      };
    },
  },
  mesh: {
    shift: 0.2,
    turn: 0.02,
    build(random) {
      const noise = new ValueNoise(random);
      return (u, v) => {
        const pitch = 0.2;
        const row = Math.round(v / pitch);
        const shifted = u + (row & 1) * pitch * 0.5;
        const off = Math.hypot(shifted - Math.round(shifted / pitch) * pitch, v - row * pitch);
        const hole = 1 - step(0.055, 0.07, off);
        const plate = 0.62 + 0.05 * noise.fractal(u * 30, v * 4, 2) + 0.08 * step(0.09, 0.07, off);
        return grey(mix(plate, 0.08, hole));
      };
    },
  },
  leather: {
    shift: 1,
    turn: 3,
    build(random) {
      const noise = new ValueNoise(random);
      return (u, v) => {
        const fold = Math.abs(noise.fractal(u * 9, v * 9, 3));
        const pore = noise.at(u * 45, v * 45);
        const level = 0.3 + 0.35 * Math.sqrt(fold) + 0.05 * pore;
        return [level * 1.15, level * 0.7, level * 0.45];
      };
    },
  },
  tablet: {
    shift: 0.06,
    turn: 0.12,
    build(random) {
      const noise = new ValueNoise(random);
      return (u, v) => {
        const r = Math.hypot(u, v);
        const rim = step(0.72, 0.7, r);
        const bevel = step(0.6, 0.72, r) * 0.16;
        const score = step(0.03, 0.012, Math.abs(v)) * step(0.62, 0.6, Math.abs(u)) * 0.3;
        const mark = step(0.03, 0.015, Math.abs(Math.hypot(u - 0.25, v + 0.28) - 0.12)) * 0.35;
        const face = 0.86 + 0.03 * noise.fractal(u * 40, v * 40, 2) - bevel - score - mark;
        const tray = 0.25 + 0.02 * noise.at(u * 20, v * 20);
        return [mix(tray, face, rim), mix(tray * 1.1, face * 0.93, rim), mix(tray * 1.3, face * 0.8, rim)];
      };
    },
  },
  label: {
    shift: 0.05,
    turn: 0.03,
    build(random) {
      const noise = new ValueNoise(random);
      return (u, v) => {
        const onLabel = step(0.86, 0.85, Math.abs(u)) * step(0.66, 0.65, Math.abs(v));
        const line = Math.round((v + 0.05) / 0.16);
        const inLine = step(0.05, 0.04, Math.abs(v + 0.05 - line * 0.16)) * (line >= -2 && line <= 3 ? 1 : 0);
        // Bars of fixed widths stand for letters.
        const letter = Math.sin(u * 61 + line * 7) + Math.sin(u * 97 + line * line * 3) > 0.35 ? 1 : 0;
        const text = inLine * letter * step(0.7, 0.69, Math.abs(u)) * (line === 3 && u > 0 ? 0 : 1);
        const stripe = step(0.075, 0.07, Math.abs(v + 0.5));
        const paper = 0.9 + 0.015 * noise.fractal(u * 25, v * 25, 2);
        const card = 0.45 + 0.05 * noise.fractal(u * 12, v * 50, 2);
        const ink = paper * (1 - 0.85 * text);
        const colours = [ink * mix(1, 0.2, stripe), ink * mix(1, 0.35, stripe), ink * mix(1, 0.75, stripe)];
        return [
          mix(card * 1.2, colours[0]!, onLabel),
          mix(card, colours[1]!, onLabel),
          mix(card * 0.75, colours[2]!, onLabel),
        ];
      };
    },
  },
  gear: {
    shift: 0.05,
    turn: 3.2,
    build(random) {
      const noise = new ValueNoise(random);
      return (u, v) => {
        const r = Math.hypot(u, v);
        const angle = Math.atan2(v, u);
        const tooth = 0.68 + 0.09 * step(-0.3, 0.3, Math.sin(angle * 18));
        const body = step(tooth + 0.012, tooth - 0.012, r) * step(0.16, 0.18, r);
        let holes = 0;
        for (let k = 0; k < 5; k++) {
          const a = (k * 2 * Math.PI) / 5;
          holes = Math.max(
            holes,
            step(0.11, 0.1, Math.hypot(u - 0.42 * Math.cos(a), v - 0.42 * Math.sin(a))),
          );
        }
        const turned = 0.62 + 0.07 * Math.sin(r * 160) * 0.5 + 0.05 * noise.at(r * 40, angle * 2);
        const table = 0.16 + 0.03 * noise.fractal(u * 15, v * 15, 2);
        return grey(mix(table, turned, body * (1 - holes)), -0.04);
      };
    },
  },
} as const satisfies Record<string, Drawn>;

export type DrawnPart = keyof typeof drawnParts;

/** A picture of a drawn part: moved, turned, lit and grained by `random`. */
export function drawPart(name: DrawnPart, random: Random, size: number): Picture {
  const { shift, turn, build } = drawnParts[name] as Drawn;
  const shade = build(random.fork('part'));
  const angle = random.uniform(-turn, turn);
  const [dx, dy] = [random.uniform(-shift, shift), random.uniform(-shift, shift)];
  const exposure = random.uniform(0.85, 1.15);
  const [slopeX, slopeY] = [random.uniform(-0.08, 0.08), random.uniform(-0.08, 0.08)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const data = new Uint8Array(3 * size * size);
  for (let y = 0, i = 0; y < size; y++)
    for (let x = 0; x < size; x++, i += 3) {
      const [px, py] = [((x + 0.5) / size) * 2 - 1, ((y + 0.5) / size) * 2 - 1];
      const [u, v] = [px - dx, py - dy];
      const light = exposure * (1 + slopeX * px + slopeY * py);
      const colour = shade(cos * u + sin * v, cos * v - sin * u);
      const grain = random.uniform(-1, 1) + random.uniform(-1, 1);
      for (let c = 0; c < 3; c++)
        data[i + c] = Math.min(255, Math.max(0, Math.round(255 * colour[c]! * light + 3 * grain)));
    }
  return { width: size, height: size, data };
}
