// A small green circuit board seen from above: copper, solder mask, silkscreen, chips and passives.

import type { Random } from '../../../autodiff/random.ts';
import type { Part, PartKind } from './part.ts';
import { glyphs } from './silkscreen-glyphs.ts';
import {
  boxDistance,
  type Color,
  coverage,
  emptySurface,
  everywhere,
  type Material,
  mix,
  mixMaterial,
  type Pose,
  ramp,
  type Surface,
  segmentDistance,
  tint,
  visit,
} from './surface.ts';
import { ValueNoise } from './value-noise.ts';

type Point = readonly [u: number, v: number];
type Body = 'resistor' | 'capacitor' | 'diode' | 'led' | 'soic' | 'qfp' | 'can' | 'crystal' | 'header';

/** One component of the layout, in units from the board's middle. */
interface Component {
  readonly body: Body;
  readonly name: string;
  readonly u: number;
  readonly v: number;
  /** Quarter turns. */
  readonly turns?: number;
  readonly print?: string;
  /** Its name stands to the right, not above. */
  readonly labelBeside?: true;
}

const components: readonly Component[] = [
  { body: 'qfp', name: 'U1', u: -6, v: -4, print: 'OK32A' },
  { body: 'soic', name: 'U2', u: 78, v: -70, print: 'LM9' },
  { body: 'soic', name: 'U3', u: -82, v: 34, turns: 1, print: '24C' },
  { body: 'can', name: 'C1', u: -82, v: -78 },
  { body: 'can', name: 'C2', u: -40, v: -86 },
  { body: 'crystal', name: 'Y1', u: 4, v: 64 },
  { body: 'header', name: 'J1', u: 92, v: 30, turns: 1 },
  { body: 'led', name: 'D1', u: 64, v: 98 },
  { body: 'diode', name: 'D2', u: 34, v: -92 },
  { body: 'resistor', name: 'R1', u: 4, v: -88, turns: 1, labelBeside: true },
  { body: 'resistor', name: 'R2', u: 88, v: 98, print: '472' },
  { body: 'resistor', name: 'R3', u: -50, v: 88, print: '103' },
  { body: 'resistor', name: 'R4', u: -84, v: 88, print: '103' },
  { body: 'resistor', name: 'R5', u: 58, v: -24, turns: 1, print: '220', labelBeside: true },
  { body: 'capacitor', name: 'C3', u: 54, v: 16, turns: 1, labelBeside: true },
  { body: 'capacitor', name: 'C4', u: -26, v: 64, turns: 1, labelBeside: true },
  { body: 'capacitor', name: 'C5', u: 34, v: 64, turns: 1, labelBeside: true },
  { body: 'capacitor', name: 'C6', u: -62, v: -38 },
  { body: 'capacitor', name: 'C7', u: 34, v: -68 },
  { body: 'capacitor', name: 'C8', u: 20, v: 98 },
  { body: 'capacitor', name: 'C9', u: -10, v: 98 },
];

/** Copper under the solder mask: polylines with their width. */
const traces: readonly { readonly width: number; readonly path: readonly Point[] }[] = [
  ...bus(
    [
      [26, -22],
      [44, -22],
      [58, -36],
      [58, -58],
      [66, -66],
    ],
    4,
    [4.4, 2.2],
  ),
  ...bus(
    [
      [26, 2],
      [40, 2],
      [52, 14],
      [52, 40],
      [76, 64],
    ],
    3,
    [-4.4, 3],
  ),
  ...bus(
    [
      [-38, -16],
      [-62, -16],
      [-74, -4],
      [-74, 18],
    ],
    4,
    [-5, -5],
  ),
  ...bus(
    [
      [-38, 10],
      [-56, 10],
      [-66, 20],
      [-66, 50],
    ],
    2,
    [0, 5],
  ),
  ...bus(
    [
      [-18, 28],
      [-18, 46],
      [-26, 54],
    ],
    2,
    [6, 0],
  ),
  ...bus(
    [
      [8, 28],
      [8, 40],
      [34, 56],
    ],
    2,
    [-5, 2],
  ),
  ...bus(
    [
      [-14, -36],
      [-14, -52],
      [4, -70],
      [4, -80],
    ],
    3,
    [5, 0],
  ),
  {
    width: 3.4,
    path: [
      [-82, -56],
      [-82, -44],
      [-68, -38],
    ],
  },
  {
    width: 3.4,
    path: [
      [-40, -66],
      [-40, -52],
      [-54, -38],
    ],
  },
  {
    width: 3.4,
    path: [
      [34, -84],
      [34, -74],
    ],
  },
  {
    width: 2,
    path: [
      [44, 98],
      [56, 98],
    ],
  },
  {
    width: 2,
    path: [
      [72, 98],
      [80, 98],
    ],
  },
  {
    width: 2,
    path: [
      [-42, 88],
      [-20, 84],
      [-2, 66],
    ],
  },
  {
    width: 2,
    path: [
      [-92, 88],
      [-104, 88],
      [-112, 80],
      [-112, -14],
    ],
  },
  {
    width: 2,
    path: [
      [-2, 98],
      [12, 98],
    ],
  },
  {
    width: 2,
    path: [
      [28, 98],
      [44, 98],
      [44, 80],
      [70, 60],
      [84, 60],
    ],
  },
  {
    width: 2,
    path: [
      [-58, 88],
      [-76, 88],
    ],
  },
  {
    width: 2,
    path: [
      [-84, 72],
      [-96, 72],
      [-104, 64],
      [-104, -40],
      [-96, -60],
    ],
  },
  {
    width: 3,
    path: [
      [20, -104],
      [96, -104],
      [108, -92],
      [108, -20],
    ],
  },
];

const vias: readonly Point[] = [
  [44, 80], [-104, 10], [-84, 72], [58, -48], [-62, -16], [-56, 10], [20, -104], [96, -104], [-112, -14], [108, -20],
  [-20, 84], [40, 2], [-14, -52], [110, 80], [-110, -104], [-70, 66], [64, 40], [-34, 44], [112, -64], [24, 44],
]; // biome-ignore format: a table reads better as one

/** `count` parallel lines; each next one is moved by `step`. */
function bus(path: readonly Point[], count: number, step: Point) {
  return Array.from({ length: count }, (_, n) => ({
    width: 1.7,
    path: path.map(([u, v]) => [u + n * step[0], v + n * step[1]] as const),
  }));
}

const copperUnderMask: Material = { color: [0.018, 0.13, 0.052], metal: 0, roughness: 0.5 };
const laminate: Material = { color: [0.01, 0.06, 0.026], metal: 0, roughness: 0.5 };
const solder: Material = { color: [0.6, 0.6, 0.6], metal: 0.95, roughness: 0.35 };
const gold: Material = { color: [0.86, 0.63, 0.27], metal: 0.9, roughness: 0.4 };
const tin: Material = { color: [0.58, 0.58, 0.575], metal: 1, roughness: 0.5 };
const epoxy: Material = { color: [0.022, 0.022, 0.025], metal: 0, roughness: 0.75 };
const ink: Material = { color: [0.72, 0.74, 0.7], metal: 0, roughness: 0.8 };
const pale: Color = [0.19, 0.19, 0.185];

export const boards: PartKind = {
  defects: ['scratch', 'hole', 'stain', 'missing', 'crack', 'contamination'],
  bare: { color: [0.62, 0.5, 0.34], metal: 0.3, roughness: 0.6 },
  opening: 1.15,
  soaking: 1.15,
  build(random, size) {
    const pose = {
      angle: random.normal(0, 0.01),
      dx: random.uniform(-3, 3),
      dy: random.uniform(-3, 3),
    };
    const make = { grain: new ValueNoise(random), placement: random.fork('placement') };
    const surface = assemble(size, pose, make, '');
    return {
      surface,
      pose,
      lamp: {
        azimuth: random.normal(-2.3, 0.08),
        elevation: random.normal(0.88, 0.03),
        strength: random.normal(1.05, 0.03),
        ambient: random.normal(0.6, 0.02),
      },
      spot: (r) => ({ u: r.uniform(-85, 85), v: r.uniform(-85, 85), angle: r.uniform(0, Math.PI) }),
      holds: () => true,
      withoutPiece: (r) => {
        const lost = r.pick(components);
        return { surface: assemble(size, pose, make, lost.name), touched: footprint(size, pose, lost) };
      },
    } satisfies Part;
  },
};

interface Make {
  readonly grain: ValueNoise;
  /** How the pick-and-place machine set each component this time. */
  readonly placement: Random;
}

function assemble(size: number, pose: Pose, make: Make, missing: string): Surface {
  const s = emptySurface(size);
  layBoard(s, pose, make.grain);
  for (const c of components) {
    const random = make.placement.fork(c.name);
    const turn = ((c.turns ?? 0) * Math.PI) / 2 + random.normal(0, 0.012);
    const tool = brush(s, pose, c.u + random.normal(0, 0.35), c.v + random.normal(0, 0.35), turn, make.grain);
    const still = brush(s, pose, c.u, c.v, ((c.turns ?? 0) * Math.PI) / 2, make.grain);
    packages[c.body].land(still, c);
    if (c.name !== missing) packages[c.body].place(tool, c, random);
    label(s, pose, c);
  }
  return s;
}

function layBoard(s: Surface, pose: Pose, grain: ValueNoise): void {
  visit(s.size, pose, everywhere, (i, u, v) => {
    // A poured copper plane fills what no trace needs.
    mixMaterial(s, i, copperUnderMask, 1);
    const glass = 0.5 * Math.sin(u * 2.1) * Math.sin(v * 2.1);
    tint(s, i, 0.86 + 0.05 * glass + 0.05 * grain.fractal(u / 40, v / 40, 3));
    s.height[i] = 0.05 * grain.at(u / 3, v / 3);
  });
  for (const t of traces) line(s, pose, t.path, t.width / 2 + 1.5, laminate, -0.35);
  for (const t of traces) line(s, pose, t.path, t.width / 2, copperUnderMask, 0.35);
  for (const [u, v] of vias) {
    disc(s, pose, u, v, 3.9, laminate, -0.2);
    disc(s, pose, u, v, 2.9, gold, 0.4);
    disc(s, pose, u, v, 1.3, { color: [0.01, 0.012, 0.01], metal: 0, roughness: 1 }, -1.6);
  }
  for (const corner of [-1, 1]) {
    disc(s, pose, corner * 112, -corner * 112, 11, laminate, -0.2);
    disc(s, pose, corner * 112, -corner * 112, 9.6, gold, 0.3);
    disc(s, pose, corner * 112, -corner * 112, 6, { color: [0.05, 0.045, 0.04], metal: 0, roughness: 1 }, -6);
  }
  write(s, pose, 'OKAPI', -94, 112, 1.7);
  write(s, pose, 'REV C', 52, -118, 1.15);
}

/** A brush works in the component's own coordinates (x along its length). */
interface Brush {
  readonly size: number;
  box(x: number, y: number, a: number, b: number, r: number, m: Material, rise: number, round?: number): void;
  disc(x: number, y: number, r: number, m: Material, rise: number, round?: number): void;
  text(text: string, scale: number, color: Color): void;
}

function brush(s: Surface, pose: Pose, u0: number, v0: number, turn: number, grain: ValueNoise): Brush {
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  const shape = (
    x: number,
    y: number,
    reach: number,
    m: Material,
    rise: number,
    round: number,
    distance: (x: number, y: number) => number,
  ) => {
    const cu = u0 + cos * x - sin * y;
    const cv = v0 + sin * x + cos * y;
    visit(s.size, pose, { u0: cu - reach, v0: cv - reach, u1: cu + reach, v1: cv + reach }, (i, u, v) => {
      const d = distance(cos * (u - u0) + sin * (v - v0) - x, cos * (v - v0) - sin * (u - u0) - y);
      const alpha = coverage(d, s.size);
      if (alpha <= 0) return;
      mixMaterial(s, i, m, alpha);
      tint(s, i, 1 + alpha * 0.06 * grain.at(u * 0.8, v * 0.8));
      const edge = round > 0 ? Math.min(1, Math.max(0, -d / round)) : 1;
      s.height[i] = s.height[i]! + alpha * rise * Math.sqrt(1 - (1 - edge) ** 2);
    });
  };
  return {
    size: s.size,
    box: (x, y, a, b, r, m, rise, round = 1) =>
      shape(x, y, Math.hypot(a, b) + 1, m, rise, round, (dx, dy) => boxDistance(dx, dy, a, b, r)),
    disc: (x, y, r, m, rise, round = 1) =>
      shape(x, y, r + 1, m, rise, round, (dx, dy) => Math.hypot(dx, dy) - r),
    text: (text, scale, color) =>
      write(s, pose, text, u0 - text.length * 2 * scale + 0.5 * scale, v0 - 2.5 * scale, scale, color),
  };
}

interface Package {
  /** The bare pads, there also when the component is missing. */
  land(b: Brush, c: Component): void;
  place(b: Brush, c: Component, random: Random): void;
  /** Half sizes of the component with its solder and shadow. */
  readonly reach: Point;
}

/** Two-ended parts: pads, body, metal caps with solder fillets. */
function chip(length: number, width: number, rise: number, color: Color, cap: number): Package {
  return {
    reach: [length + 3, width + 2],
    land: (b) => {
      for (const end of [-1, 1]) b.box(end * (length - 0.5), 0, 2.9, width + 0.6, 0.6, solder, 0.35);
    },
    place: (b, c, random) => {
      for (const end of [-1, 1]) b.box(end * (length - 0.4), 0, 2.6, width + 0.2, 1, solder, 1.1, 2.4);
      const shade = random.uniform(0.93, 1.07);
      const body: Color = [color[0] * shade, color[1] * shade, color[2] * shade];
      b.box(0, 0, length - 0.6, width, 0.5, { color: body, metal: 0, roughness: 0.55 }, rise, 1.1);
      for (const end of [-1, 1]) b.box(end * (length - 0.6 - cap / 2), 0, cap / 2, width, 0.3, tin, 0.25);
      if (c.print) b.text(c.print, 0.62, pale);
    },
  };
}

const packages: Record<Body, Package> = {
  resistor: chip(7.6, 4, 1.7, [0.028, 0.028, 0.032], 2.2),
  capacitor: chip(7.2, 3.9, 3.2, [0.42, 0.29, 0.17], 2.4),
  diode: {
    ...chip(9.4, 4.6, 3.8, [0.03, 0.03, 0.033], 0.8),
    place: (b, c, random) => {
      chip(9.4, 4.6, 3.8, [0.03, 0.03, 0.033], 0.8).place(b, c, random);
      b.box(-5.4, 0, 1, 4.4, 0, { color: pale, metal: 0, roughness: 0.8 }, 0);
    },
  },
  led: {
    ...chip(7, 4.2, 2.4, [0.75, 0.72, 0.6], 2.2),
    place: (b, c, random) => {
      chip(7, 4.2, 2.4, [0.75, 0.72, 0.6], 2.2).place(b, c, random);
      b.disc(0, 0, 3.1, { color: [0.85, 0.6, 0.1], metal: 0, roughness: 0.25 }, 1.6, 3);
    },
  },
  soic: legged([19, 12], 4, 8.4, [2, 4.2], false),
  qfp: legged([29, 29], 10, 5.3, [1.25, 4], true),
  can: {
    reach: [24, 24],
    land: (b) => {
      for (const end of [-1, 1]) b.box(end * 12, 0, 7, 2.6, 0.8, solder, 0.35);
    },
    place: (b, _c, random) => {
      b.box(0, 0, 19, 19, 3, { color: [0.03, 0.03, 0.034], metal: 0, roughness: 0.6 }, 3, 1.6);
      for (const end of [-1, 1]) b.box(end * 18.6, 0, 2.6, 2.4, 0.6, solder, 0.4, 1.5);
      b.disc(0, 0, 17.4, { color: [0.72, 0.72, 0.74], metal: 0.85, roughness: 0.55 }, 9, 3.2);
      b.disc(0, 0, 14.2, { color: [0.7, 0.7, 0.72], metal: 0.8, roughness: 0.62 }, -0.5, 1);
      b.box(-9.4, 0, 3.4, 8.6, 1, epoxy, 0.05);
      b.box(
        4,
        -4.5 + random.normal(0, 0.2),
        6,
        0.9,
        0,
        { color: [0.1, 0.1, 0.11], metal: 0, roughness: 0.7 },
        0,
      );
      b.box(4, 0, 4.5, 0.9, 0, { color: [0.1, 0.1, 0.11], metal: 0, roughness: 0.7 }, 0);
      b.box(4, 4.5, 5, 0.9, 0, { color: [0.1, 0.1, 0.11], metal: 0, roughness: 0.7 }, 0);
    },
  },
  crystal: {
    reach: [23, 11],
    land: (b) => {
      for (const end of [-1, 1]) b.box(end * 15, 0, 6, 3, 0.8, solder, 0.35);
    },
    place: (b) => {
      b.box(0, 0, 21, 9, 8.8, tin, 1.2, 1.2);
      b.box(0, 0, 18.6, 7, 6.9, { ...tin, roughness: 0.42 }, 6, 3.5);
    },
  },
  header: {
    reach: [40, 11],
    land: (b) => {
      for (let n = 0; n < 6; n++)
        for (const row of [-4.6, 4.6]) b.disc((n - 2.5) * 11.4, row, 3.6, gold, 0.35);
    },
    place: (b) => {
      b.box(0, 0, 35.5, 9.4, 1, { color: [0.03, 0.03, 0.032], metal: 0, roughness: 0.6 }, 5, 1.4);
      for (let n = 0; n < 6; n++)
        for (const row of [-4.6, 4.6]) b.box((n - 2.5) * 11.4, row, 1.7, 1.7, 0.3, gold, 5, 1);
    },
  },
};

/** Chips with gull-wing legs on two or four sides. */
function legged(half: Point, legs: number, step: number, leg: Point, fourSides: boolean): Package {
  const each = (visitLeg: (along: number, side: number, upright: boolean) => void) => {
    for (const side of [-1, 1])
      for (let n = 0; n < legs; n++) {
        const along = (n - (legs - 1) / 2) * step;
        visitLeg(along, side, true);
        if (fourSides) visitLeg(along, side, false);
      }
  };
  const out = leg[1];
  const box = (
    b: Brush,
    [along, side, upright]: readonly [number, number, boolean],
    off: number,
    wide: number,
    long: number,
    m: Material,
    rise: number,
    round: number,
  ) =>
    upright
      ? b.box(along, side * (half[1] + off), wide, long, 0.4, m, rise, round)
      : b.box(side * (half[0] + off), along, long, wide, 0.4, m, rise, round);
  return {
    reach: [half[0] + (fourSides ? 2 * out + 2 : 2), half[1] + 2 * out + 2],
    land: (b) => each((...l) => box(b, l, out, leg[0] + 0.45, out + 0.6, solder, 0.3, 0.8)),
    place: (b, c) => {
      each((...l) => box(b, l, out - 0.6, leg[0], out - 0.4, tin, 1.3, 1));
      each((...l) => box(b, l, 1, leg[0], 1.6, tin, 1.1, 1));
      b.box(0, 0, half[0], half[1], 1, epoxy, 5, 1.8);
      b.disc(-half[0] + 5.5, half[1] - 5.5, 2, { ...epoxy, color: [0.012, 0.012, 0.013] }, -0.8, 1);
      if (c.print) b.text(c.print, fourSides ? 1.5 : 1.15, pale);
    },
  };
}

function line(s: Surface, pose: Pose, path: readonly Point[], half: number, m: Material, rise: number): void {
  for (let n = 1; n < path.length; n++) {
    const [au, av] = path[n - 1]!;
    const [bu, bv] = path[n]!;
    const extent = {
      u0: Math.min(au, bu) - half - 1,
      u1: Math.max(au, bu) + half + 1,
      v0: Math.min(av, bv) - half - 1,
      v1: Math.max(av, bv) + half + 1,
    };
    visit(s.size, pose, extent, (i, u, v) => {
      const alpha = coverage(segmentDistance(u, v, au, av, bu, bv) - half, s.size);
      if (alpha <= 0) return;
      mixMaterial(s, i, m, alpha);
      s.height[i] = mix(s.height[i]!, rise, alpha);
    });
  }
}

function disc(s: Surface, pose: Pose, cu: number, cv: number, r: number, m: Material, height: number): void {
  const extent = { u0: cu - r - 1, v0: cv - r - 1, u1: cu + r + 1, v1: cv + r + 1 };
  visit(s.size, pose, extent, (i, u, v) => {
    const alpha = coverage(Math.hypot(u - cu, v - cv) - r, s.size);
    if (alpha <= 0) return;
    mixMaterial(s, i, m, alpha);
    s.height[i] = mix(s.height[i]!, height, alpha);
  });
}

/** Silkscreen beside a component: its name. */
function label(s: Surface, pose: Pose, c: Component): void {
  const upright = (c.turns ?? 0) % 2 === 1;
  const [a, b] = packages[c.body].reach;
  const half = upright ? [b, a] : [a, b];
  const besides = c.labelBeside ? [c.u + half[0]! + 1.5, c.v - 2.5] : [c.u - 3.6, c.v - half[1]! - 6.2];
  write(s, pose, c.name, besides[0]!, besides[1]!, 1);
}

/** Block letters of 3 x 5 squares of `scale` units, from the upper left corner (u, v). */
function write(
  s: Surface,
  pose: Pose,
  text: string,
  u0: number,
  v0: number,
  scale: number,
  color = ink.color,
): void {
  const extent = { u0: u0 - 1, v0: v0 - 1, u1: u0 + text.length * 4 * scale + 1, v1: v0 + 5 * scale + 1 };
  visit(s.size, pose, extent, (i, u, v) => {
    const alpha = glyphCoverage(text, (u - u0) / scale, (v - v0) / scale);
    if (alpha <= 0) return;
    mixMaterial(s, i, { ...ink, color }, alpha * 0.92);
  });
}

/** The letters' squares, smoothed by bilinear interpolation so that strokes join. */
function glyphCoverage(text: string, x: number, y: number): number {
  const x0 = Math.floor(x - 0.5);
  const y0 = Math.floor(y - 0.5);
  const fx = x - 0.5 - x0;
  const fy = y - 0.5 - y0;
  const at = (cx: number, cy: number) => {
    if (cx < 0 || cy < 0 || cy > 4) return 0;
    const rows = glyphs[text[Math.floor(cx / 4)] ?? ' '];
    return rows?.[cy]?.[cx % 4] === '#' ? 1 : 0;
  };
  const value = mix(mix(at(x0, y0), at(x0 + 1, y0), fx), mix(at(x0, y0 + 1), at(x0 + 1, y0 + 1), fx), fy);
  return ramp(0.2, 0.65, value);
}

/** The area of a component, its solder and its shadow. */
function footprint(size: number, pose: Pose, c: Component): Float32Array {
  const upright = (c.turns ?? 0) % 2 === 1;
  const [a, b] = packages[c.body].reach;
  const [hu, hv] = upright ? [b, a] : [a, b];
  const tall = c.body === 'can' || c.body === 'header' ? 5 : 2;
  const touched = new Float32Array(size * size);
  visit(size, pose, everywhere, (i, u, v) => {
    const d = boxDistance(u - c.u - tall / 2, v - c.v - tall / 2, hu + tall / 2, hv + tall / 2, 2);
    touched[i] = ramp(1, -1, d);
  });
  return touched;
}
