// Two drawn parts whose defects look like good parts elsewhere, or hardly show: a panel put together wrongly, a fine weave.
import { Random } from '../../src/autodiff/random.ts';
import { ValueNoise } from '../../src/vision/dataset/sample-parts/value-noise.ts';
import type { Damaged } from './painted-defects.ts';

type Colour = readonly [number, number, number];
/** The colour 0..1 at a place; u and v run from -1 to 1 over the picture. */
type Shade = (u: number, v: number) => Colour;

interface FlawedPart {
  readonly flaws: readonly string[];
  /** How far the camera moves, in half pictures, and turns, in radians. */
  readonly shift: number;
  readonly turn: number;
  /** The part, with a flaw or without. The same random draws the same part. */
  build(random: Random, flaw: string | null): Shade;
}

const mix = (a: number, b: number, t: number) => a + (b - a) * t;
const step = (low: number, high: number, x: number) => {
  const t = Math.min(1, Math.max(0, (x - low) / (high - low)));
  return t * t * (3 - 2 * t);
};
const over = (below: Colour, above: Colour, t: number): Colour => [
  mix(below[0], above[0], t),
  mix(below[1], above[1], t),
  mix(below[2], above[2], t),
];

interface Piece {
  readonly kind: keyof typeof pieces;
  readonly x: number;
  readonly y: number;
  readonly angle: number;
}

/** What is mounted on the panel: how much of a place it covers, and its colour there. */
const pieces = {
  screw: (x: number, y: number): [number, Colour] => {
    const r = Math.hypot(x, y);
    const slot = step(0.03, 0.018, Math.abs(y)) * step(0.085, 0.08, Math.abs(x));
    const level = 0.75 - 0.5 * slot - 0.2 * step(0.08, 0.1, r);
    return [step(0.105, 0.095, r), [level, level, level * 0.95]];
  },
  chip: (x, y) => {
    const body = step(0.12, 0.112, Math.abs(x)) * step(0.085, 0.077, Math.abs(y));
    const dot = step(0.025, 0.018, Math.hypot(x + 0.08, y + 0.045));
    return [body, [0.12 + 0.6 * dot, 0.12 + 0.6 * dot, 0.14 + 0.6 * dot]];
  },
  cap: (x, y) => {
    const r = Math.hypot(x, y);
    const stripe = step(0.04, 0.05, x);
    return [step(0.1, 0.092, r), [0.15 + 0.6 * stripe, 0.25 + 0.5 * stripe, 0.6 + 0.25 * stripe]];
  },
  resistor: (x, y) => {
    const body = step(0.125, 0.115, Math.abs(x)) * step(0.045, 0.037, Math.abs(y));
    const band = step(0.3, 0.6, Math.sin(x * 75));
    return [body, [0.78 - 0.4 * band, 0.62 - 0.45 * band, 0.4 - 0.25 * band]];
  },
} satisfies Record<string, (x: number, y: number) => [number, Colour]>;
const kinds = Object.keys(pieces) as (keyof typeof pieces)[];

/** The same on every panel: four of each. */
function mounted(): Piece[] {
  const plan = new Random(11);
  const order = plan.shuffled([...kinds, ...kinds, ...kinds, ...kinds]);
  return order.map((kind, i) => ({
    kind,
    x: -0.66 + 0.44 * (i % 4),
    y: -0.66 + 0.44 * Math.floor(i / 4),
    angle: (plan.int(2) * Math.PI) / 2,
  }));
}

/** Every piece sits a little off its place, as hands put it there. */
function placed(random: Random): Piece[] {
  return mounted().map((piece) => ({
    ...piece,
    x: piece.x + random.uniform(-0.012, 0.012),
    y: piece.y + random.uniform(-0.012, 0.012),
    angle: piece.angle + random.uniform(-0.06, 0.06),
  }));
}

function misplaced(whole: readonly Piece[], flaw: string | null, random: Random): Piece[] {
  if (flaw === null) return [...whole];
  const at = random.int(whole.length);
  const piece = whole[at]!;
  const rest = whole.filter((_, i) => i !== at);
  const others = kinds.filter((kind) => kind !== piece.kind);
  const wrong: Record<string, Piece[]> = {
    missing: rest,
    swapped: [...rest, { ...piece, kind: others[random.int(others.length)]! }],
    extra: [
      ...whole,
      { kind: kinds[random.int(kinds.length)]!, x: 0.22, y: -0.22 + 0.44 * random.int(2), angle: 0 },
    ],
    turned: [...rest, { ...piece, angle: piece.angle + random.uniform(0.5, 1), x: piece.x + 0.05 }],
  };
  return wrong[flaw]!;
}

export const flawedParts = {
  panel: {
    flaws: ['missing', 'swapped', 'extra', 'turned'],
    shift: 0.015,
    turn: 0.01,
    build(random, flaw) {
      const noise = new ValueNoise(random);
      const shown = misplaced(placed(random.fork('places')), flaw, random.fork('flaw'));
      return (u, v) => {
        const track =
          step(0.012, 0.008, Math.abs(Math.abs(u) - 0.22)) + step(0.012, 0.008, Math.abs(v - 0.22));
        const base = 0.3 + 0.02 * noise.fractal(u * 30, v * 30, 2) + 0.12 * Math.min(1, track);
        let colour: Colour = [base * 0.5, base * 1.25, base * 0.7];
        for (const { kind, x, y, angle } of shown) {
          const [dx, dy] = [u - x, v - y];
          if (Math.abs(dx) > 0.2 || Math.abs(dy) > 0.2) continue;
          const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
          const [cover, own] = pieces[kind](cos * dx + sin * dy, cos * dy - sin * dx);
          colour = over(colour, own, cover);
        }
        return colour;
      };
    },
  },
  weave: {
    flaws: ['thread', 'faded', 'warped', 'tint'],
    shift: 1,
    turn: 0.03,
    build(random, flaw) {
      const noise = new ValueNoise(random);
      const own = random.fork('flaw');
      const [x, y] = [own.uniform(-0.5, 0.5), own.uniform(-0.5, 0.5)];
      const radius = own.uniform(0.12, 0.25);
      const across = own.chance(0.5);
      const pitch = 0.05;
      return (u, v) => {
        const near = Math.exp(-(((u - x) ** 2 + (v - y) ** 2) / radius ** 2));
        const bend = flaw === 'warped' ? 0.03 * near : 0;
        const [p, q] = [(u + bend) / pitch, (v - bend) / pitch];
        const weft = 0.5 + 0.5 * Math.sin(Math.PI * p);
        const warp = 0.5 + 0.5 * Math.sin(Math.PI * q);
        const top = (Math.floor(p) + Math.floor(q)) & 1;
        const contrast = flaw === 'faded' ? 1 - 0.7 * near : 1;
        const thread = 0.14 * ((top ? weft : warp) - 0.5) * contrast;
        let level = 0.55 + thread + 0.05 * noise.fractal(u * 5, v * 5, 2) + 0.03 * noise.at(u * 70, v * 70);
        const off = across ? Math.abs(v - y) : Math.abs(u - x);
        const within = step(0.5, 0.45, across ? Math.abs(u - x) : Math.abs(v - y));
        if (flaw === 'thread') level -= 0.12 * step(0.02, 0.012, off) * within;
        const tint = flaw === 'tint' ? 0.12 * near : 0;
        return [level * (0.8 + tint), level * 0.9, level * (1.05 - tint)];
      };
    },
  },
} as const satisfies Record<string, FlawedPart>;

export type FlawedPartName = keyof typeof flawedParts;

/** Levels by which a pixel must differ from the part without the flaw to be marked. */
const SEEN = 6;

/** A picture of the part with a flaw, or of a good one, moved and lit by `random`; the mask marks where the flaw shows. */
export function drawFlawed(name: FlawedPartName, random: Random, size: number, flaw: string | null): Damaged {
  const { shift, turn, build } = flawedParts[name] as FlawedPart;
  const good = build(random.fork('part'), null);
  const shown = build(random.fork('part'), flaw);
  const angle = random.uniform(-turn, turn);
  const [dx, dy] = [random.uniform(-shift, shift), random.uniform(-shift, shift)];
  const exposure = random.uniform(0.9, 1.1);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const data = new Uint8Array(3 * size * size);
  const mask = new Uint8Array(size * size);
  for (let y = 0, i = 0; y < size; y++)
    for (let x = 0; x < size; x++, i++) {
      const [px, py] = [((x + 0.5) / size) * 2 - 1 - dx, ((y + 0.5) / size) * 2 - 1 - dy];
      const [u, v] = [cos * px + sin * py, cos * py - sin * px];
      const colour = shown(u, v);
      const grain = random.uniform(-1, 1) + random.uniform(-1, 1);
      for (let c = 0; c < 3; c++)
        data[3 * i + c] = Math.min(255, Math.max(0, Math.round(255 * colour[c]! * exposure + 3 * grain)));
      if (flaw === null) continue;
      const plain = good(u, v);
      if (colour.some((level, c) => 255 * Math.abs(level - plain[c]!) > SEEN)) mask[i] = 255;
    }
  return { picture: { width: size, height: size, data }, mask };
}
