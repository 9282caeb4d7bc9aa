// Defects painted into a surface: grooves, holes, stains, cracks and foreign bodies of irregular shape.

import type { Random } from '../../../autodiff/random.ts';
import type { Defect, Part, PartKind } from './part.ts';
import {
  type Color,
  copySurface,
  coverage,
  type Extent,
  mix,
  mixMaterial,
  ramp,
  type Surface,
  segmentDistance,
  tint,
  visit,
} from './surface.ts';
import { ValueNoise } from './value-noise.ts';

/** A damaged surface and how far (0..1) each pixel was touched. */
export interface Damage {
  readonly surface: Surface;
  readonly touched: Float32Array;
}

type Painter = (part: Part, kind: PartKind, random: Random) => Damage;

const painters: Record<Defect, Painter> = {
  scratch,
  hole,
  stain,
  crack,
  contamination,
  missing: (part, _kind, random) => part.withoutPiece(random),
};

export function damage(part: Part, kind: PartKind, defect: Defect, random: Random): Damage {
  return painters[defect](part, kind, random);
}

function scratch(part: Part, kind: PartKind, random: Random): Damage {
  const { u, v, angle } = part.spot(random);
  const noise = new ValueNoise(random);
  const stroke = curve(random, u, v, angle + random.uniform(0.5, 1.3), random.uniform(28, 64), 0.25);
  const width = random.uniform(0.9, 1.5) * kind.opening;
  const shade = random.uniform(0.8, 1.25);
  const doubled = random.chance(0.4) ? random.uniform(2.5, 4) : 0;
  return paint(part, around(stroke, 8), (s, i, pu, pv) => {
    const near = nearest(stroke, pu, pv);
    // Pressure fades at both ends and skips now and then.
    const pressure =
      ramp(0, 0.12, near.t) * ramp(0, 0.2, 1 - near.t) * (0.75 + 0.35 * noise.at(near.t * 14, 0));
    const line = Math.min(near.distance, doubled ? Math.abs(near.distance - doubled) + 0.4 : 99);
    const alpha = coverage(line - width * (0.4 + 0.6 * pressure), part.surface.size) * Math.min(1, pressure);
    if (alpha <= 0 || !part.holds(i)) return 0;
    const bare = kind.bare.color;
    mixMaterial(
      s,
      i,
      { ...kind.bare, color: [bare[0] * shade, bare[1] * shade, bare[2] * shade] },
      alpha * 0.85,
    );
    s.height[i] = s.height[i]! - 0.9 * alpha * ramp(width + 0.5, 0, line);
    return alpha;
  });
}

function crack(part: Part, _kind: PartKind, random: Random): Damage {
  const { u, v, angle } = part.spot(random);
  const length = random.uniform(34, 62);
  const trunk = jagged(random, u, v, angle + random.uniform(1.0, 2.1), length, 3.2);
  const fork = trunk[2 + random.int(Math.max(1, trunk.length - 4))]!;
  const branch = jagged(random, fork[0], fork[1], angle + random.uniform(0.2, 0.9), length * 0.35, 2.4, true);
  const width = random.uniform(0.9, 1.5);
  return paint(part, around([...trunk, ...branch], 5), (s, i, pu, pv) => {
    const main = nearest(trunk, pu, pv);
    const side = nearest(branch, pu, pv);
    const mainWidth = width * (0.35 + 1.1 * Math.sin(Math.PI * Math.min(1, 0.1 + 0.85 * main.t)));
    const sideWidth = width * 0.75 * (1 - 0.8 * side.t);
    const distance = Math.min(main.distance - mainWidth * 0.75, side.distance - sideWidth * 0.75);
    const alpha = coverage(distance, part.surface.size);
    if (alpha <= 0 || !part.holds(i)) return 0;
    tint(s, i, 1 - 0.9 * alpha);
    s.metal[i] = mix(s.metal[i]!, 0, alpha * 0.8);
    s.roughness[i] = mix(s.roughness[i]!, 1, alpha);
    s.height[i] = s.height[i]! - 2.2 * alpha;
    return alpha;
  });
}

function hole(part: Part, _kind: PartKind, random: Random): Damage {
  const { u, v } = part.spot(random);
  const radius = random.uniform(5, 11);
  const outline = ragged(random, 0.28);
  const [stretch, turn] = [random.uniform(0.75, 1.3), random.uniform(0, Math.PI)];
  return paint(part, square(u, v, radius * 2.4), (s, i, pu, pv) => {
    const x = (pu - u) * Math.cos(turn) + (pv - v) * Math.sin(turn);
    const y = (pv - v) * Math.cos(turn) - (pu - u) * Math.sin(turn);
    const distance = outline(x * stretch, y / stretch, radius);
    const inside = coverage(distance, part.surface.size);
    // The edge is frayed or burred: raised and paler.
    const rim = ramp(2.6, 0.4, Math.abs(distance - 0.6));
    const touched = Math.max(inside, rim);
    if (touched <= 0) return 0;
    tint(s, i, 1 + 0.35 * rim * (1 - inside));
    tint(s, i, 1 - 0.93 * inside);
    s.height[i] = s.height[i]! + 0.8 * rim * (1 - inside) - 9 * inside;
    s.metal[i] = s.metal[i]! * (1 - inside);
    s.roughness[i] = mix(s.roughness[i]!, 1, inside);
    return touched;
  });
}

/** What was spilt: the share of light that each colour keeps, and how glossy it dries. */
const spills: readonly { readonly keep: Color; readonly gloss: number }[] = [
  { keep: [0.24, 0.18, 0.1], gloss: 0.45 }, // oil
  { keep: [0.62, 0.27, 0.1], gloss: 0.9 }, // rust
  { keep: [0.26, 0.25, 0.28], gloss: 0.75 }, // soot
];

function stain(part: Part, kind: PartKind, random: Random): Damage {
  const { u, v } = part.spot(random);
  const radius = random.uniform(9, 17) * kind.soaking;
  const outline = ragged(random, 0.45);
  const noise = new ValueNoise(random);
  const spill = random.pick(spills);
  const strength = random.uniform(0.65, 1);
  return paint(part, square(u, v, radius * 2.6), (s, i, pu, pv) => {
    const distance = outline(pu - u, pv - v, radius);
    const body = ramp(1.8, -1.6, distance);
    if (body <= 0 || !part.holds(i)) return 0;
    const blotch = 0.72 + 0.28 * noise.fractal(pu / 7, pv / 7, 2);
    const edge = 0.25 * ramp(3, 0.4, Math.abs(distance + 1.5)); // dries darkest at its border
    const alpha = body * strength * Math.min(1, blotch + edge);
    tint(s, i, mix(1, spill.keep[0], alpha), mix(1, spill.keep[1], alpha), mix(1, spill.keep[2], alpha));
    // A film dulls metal: it scatters what the metal mirrored.
    tint(s, i, 1 - 0.55 * alpha * s.metal[i]!);
    s.metal[i] = s.metal[i]! * (1 - 0.6 * alpha);
    s.roughness[i] = mix(s.roughness[i]!, spill.gloss, alpha);
    return body;
  });
}

function contamination(part: Part, kind: PartKind, random: Random): Damage {
  return random.chance(0.5) ? fibre(part, kind, random) : grit(part, kind, random);
}

const lint: readonly Color[] = [
  [0.8, 0.78, 0.72],
  [0.62, 0.1, 0.08],
  [0.75, 0.55, 0.12],
  [0.03, 0.03, 0.035],
];

function fibre(part: Part, _kind: PartKind, random: Random): Damage {
  const { u, v } = part.spot(random);
  const stroke = curve(random, u, v, random.uniform(0, 2 * Math.PI), random.uniform(34, 70), 1.5);
  const width = random.uniform(0.8, 1.4);
  const color = random.pick(lint);
  const top = highest(part, square(u, v, 12)) * 0.3;
  return paint(part, around(stroke, 8), (s, i, pu, pv) => {
    const { distance } = nearest(stroke, pu, pv);
    const alpha = coverage(distance - width, part.surface.size);
    if (alpha > 0) {
      mixMaterial(s, i, { color, metal: 0, roughness: 0.8 }, alpha);
      const round = Math.sqrt(Math.max(0, 1 - (distance / (width + 0.6)) ** 2));
      s.height[i] = mix(s.height[i]!, Math.max(s.height[i]!, top) + 1.2 + 0.8 * round, alpha);
    }
    return ramp(width + 2.2, width + 0.4, distance);
  });
}

function grit(part: Part, _kind: PartKind, random: Random): Damage {
  const { u, v } = part.spot(random);
  const noise = new ValueNoise(random);
  const color: Color = random.pick<Color>([
    [0.32, 0.16, 0.06],
    [0.78, 0.76, 0.7],
    [0.05, 0.045, 0.04],
  ]);
  const grains = Array.from({ length: 1 + random.int(4) }, (_, n) => ({
    u: u + (n === 0 ? 0 : random.normal(0, 9)),
    v: v + (n === 0 ? 0 : random.normal(0, 9)),
    radius: n === 0 ? random.uniform(4.5, 7.5) : random.uniform(1.4, 3),
    outline: ragged(random, 0.3),
  }));
  return paint(part, square(u, v, 42), (s, i, pu, pv) => {
    let touched = 0;
    for (const g of grains) {
      const distance = g.outline(pu - g.u, pv - g.v, g.radius);
      const alpha = coverage(distance, part.surface.size);
      touched = Math.max(touched, ramp(2 + g.radius * 0.5, 1, distance));
      if (alpha <= 0) continue;
      const rough = 1 + 0.35 * noise.fractal(pu / 2.2, pv / 2.2, 2);
      mixMaterial(
        s,
        i,
        { color: [color[0] * rough, color[1] * rough, color[2] * rough], metal: 0, roughness: 0.85 },
        alpha,
      );
      const dome = Math.sqrt(Math.max(0, Math.min(1, -distance / g.radius)));
      s.height[i] = s.height[i]! + alpha * g.radius * (0.25 + 0.75 * dome) * (1 + 0.15 * (rough - 1));
    }
    return touched;
  });
}

/** Applies `apply` to a copy of the part's surface; it returns how far it touched the pixel. */
function paint(
  part: Part,
  extent: Extent,
  apply: (s: Surface, i: number, u: number, v: number) => number,
): Damage {
  const surface = copySurface(part.surface);
  const touched = new Float32Array(surface.size * surface.size);
  visit(surface.size, part.pose, extent, (i, u, v) => {
    touched[i] = Math.min(1, Math.max(0, apply(surface, i, u, v)));
  });
  return { surface, touched };
}

function highest(part: Part, extent: Extent): number {
  let top = 0;
  visit(part.surface.size, part.pose, extent, (i) => {
    top = Math.max(top, part.surface.height[i]!);
  });
  return top;
}

type Line = (readonly [u: number, v: number])[];

/** A smooth stroke through (u, v) at its middle; `bend` is how many radians it may turn. */
function curve(random: Random, u: number, v: number, angle: number, length: number, bend: number): Line {
  const steps = 14;
  const turn = random.uniform(-bend, bend) / steps;
  const swing = (random.uniform(0, bend) / steps) * 1.6;
  let direction = angle;
  const points: Line = [[0, 0]];
  for (let n = 1; n <= steps; n++) {
    const [x, y] = points[n - 1]!;
    direction += turn + swing * Math.sin(n * 0.9);
    points.push([x + (Math.cos(direction) * length) / steps, y + (Math.sin(direction) * length) / steps]);
  }
  return centred(points, u, v);
}

/** A broken line whose corners leave the straight by up to `spread` units; from (u, v), or through it. */
function jagged(
  random: Random,
  u: number,
  v: number,
  angle: number,
  length: number,
  spread: number,
  fromHere = false,
): Line {
  const steps = Math.max(4, Math.round(length / 5));
  const points: Line = [];
  for (let n = 0; n <= steps; n++) {
    const along = (n / steps) * length;
    const off = n === 0 ? 0 : random.uniform(-spread, spread);
    points.push([
      Math.cos(angle) * along - Math.sin(angle) * off,
      Math.sin(angle) * along + Math.cos(angle) * off,
    ]);
  }
  return fromHere ? points.map(([x, y]) => [x + u, y + v] as const) : centred(points, u, v);
}

function centred(points: Line, u: number, v: number): Line {
  const [mu, mv] = points[Math.floor(points.length / 2)]!;
  return points.map(([x, y]) => [x - mu + u, y - mv + v] as const);
}

/** Distance to a line and how far along it (0..1) the nearest point lies. */
function nearest(line: Line, u: number, v: number): { distance: number; t: number } {
  let distance = Number.POSITIVE_INFINITY;
  let t = 0;
  for (let n = 1; n < line.length; n++) {
    const [ax, ay] = line[n - 1]!;
    const [bx, by] = line[n]!;
    const d = segmentDistance(u, v, ax, ay, bx, by);
    if (d >= distance) continue;
    distance = d;
    const along = ((u - ax) * (bx - ax) + (v - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2);
    t = (n - 1 + Math.min(1, Math.max(0, along))) / (line.length - 1);
  }
  return { distance, t };
}

/** A circle whose radius wanders by `spread`; the distance is close to Euclidean near the edge. */
function ragged(random: Random, spread: number): (x: number, y: number, radius: number) => number {
  const noise = new ValueNoise(random);
  return (x, y, radius) => {
    const r = Math.hypot(x, y);
    const angle = Math.atan2(y, x);
    const wobble = noise.fractal(4 + 1.6 * Math.cos(angle), 4 + 1.6 * Math.sin(angle), 3);
    return r - radius * (1 + spread * wobble);
  };
}

function around(line: Line, margin: number): Extent {
  const us = line.map(([u]) => u);
  const vs = line.map(([, v]) => v);
  return {
    u0: Math.min(...us) - margin,
    u1: Math.max(...us) + margin,
    v0: Math.min(...vs) - margin,
    v1: Math.max(...vs) + margin,
  };
}

function square(u: number, v: number, half: number): Extent {
  return { u0: u - half, v0: v - half, u1: u + half, v1: v + half };
}
