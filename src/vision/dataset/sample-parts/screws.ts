// A steel wood screw on a conveyor belt: countersunk head, plain shank, thread, point.

import type { Random } from '../../../autodiff/random.ts';
import type { Part, PartKind } from './part.ts';
import {
  copySurface,
  coverage,
  emptySurface,
  everywhere,
  mix,
  type Pose,
  ramp,
  type Surface,
  visit,
} from './surface.ts';
import { ValueNoise } from './value-noise.ts';

// Along the axis, in units from the middle: head at the left, point at the right.
const axis = { top: -108, rim: -101, neck: -73, thread: -40, taper: 76, point: 109 };
const radius = { head: 30, shank: 11.2, root: 9, crest: 14 };
const pitch = 11.2;

interface Wear {
  /** Turn of the screw about its axis, in threads. */
  readonly roll: number;
  readonly grain: ValueNoise;
  readonly belt: ValueNoise;
}

/** What is gone from the screw: its end from here on, or the ridges of the thread over a stretch. */
interface Loss {
  readonly endsAt: number;
  readonly bareFrom: number;
  readonly bareTo: number;
  readonly jag: number;
}
const noLoss: Loss = { endsAt: axis.point, bareFrom: 0, bareTo: 0, jag: 0 };

export const screws: PartKind = {
  defects: ['scratch', 'stain', 'missing', 'crack', 'contamination'],
  bare: { color: [0.95, 0.93, 0.9], metal: 0.35, roughness: 0.7 },
  opening: 1,
  soaking: 1,
  build(random, size) {
    const pose = {
      angle: -0.62 + random.normal(0, 0.045),
      dx: random.uniform(-6, 6),
      dy: random.uniform(-6, 6),
    };
    const wear = {
      roll: random.uniform(0, 1),
      grain: new ValueNoise(random),
      belt: new ValueNoise(random),
    };
    const surface = screwOnBelt(size, pose, wear, noLoss);
    return {
      surface,
      pose,
      lamp: {
        azimuth: random.normal(-1.9, 0.07),
        elevation: random.normal(0.9, 0.03),
        strength: random.normal(1, 0.03),
        ambient: random.normal(0.5, 0.02),
      },
      spot,
      holds: (i) => surface.metal[i]! > 0.5,
      withoutPiece: (r) => withoutPiece(r, size, pose, wear, surface),
    } satisfies Part;
  },
};

function spot(random: Random) {
  const u = random.pick([random.uniform(-98, -80), random.uniform(-70, -44), random.uniform(-30, 64)]);
  const r = u < -80 ? 13 : radius.root * 0.6;
  return { u, v: random.uniform(-r, r), angle: random.uniform(-0.3, 0.3) };
}

/** Radius of the screw at `u`, where the surface faces `turn` (in threads) away from the camera. */
function radiusAt(u: number, turn: number, wear: Wear, loss: Loss): number {
  if (u < axis.top || u > loss.endsAt) return -1;
  if (u < axis.rim) return radius.head - 1.5 * ramp(axis.rim, axis.top, u);
  if (u < axis.neck) {
    const t = (u - axis.rim) / (axis.neck - axis.rim);
    return mix(radius.head, radius.shank, 1 - (1 - t) ** 1.25);
  }
  if (u < axis.thread) return radius.shank;
  const phase = u / pitch + turn + wear.roll;
  const saw = phase - Math.floor(phase);
  const ridge = Math.max(0, 1 - Math.abs(saw - 0.5) / 0.3);
  const start = ramp(axis.thread, axis.thread + 10, u);
  const narrowing = u > axis.taper ? 1 - ((u - axis.taper) / (axis.point - axis.taper)) ** 1.3 : 1;
  const stripped = ramp(loss.bareFrom - 2, loss.bareFrom + 2, u) * ramp(loss.bareTo + 2, loss.bareTo - 2, u);
  const high = (radius.crest - radius.root) * start * (1 - 0.92 * stripped);
  const low = mix(radius.shank, radius.root, start);
  return (low + high * ridge) * (0.07 + 0.93 * narrowing);
}

function screwOnBelt(size: number, pose: Pose, wear: Wear, loss: Loss): Surface {
  const s = emptySurface(size);
  layBelt(s, pose, wear.belt);
  const { grain } = wear;
  const extent = { u0: axis.top - 2, u1: axis.point + 2, v0: -radius.head - 2, v1: radius.head + 2 };
  visit(size, pose, extent, (i, u, v) => {
    const end = u + loss.jag * grain.fractal(v / 4, 3, 2);
    const turn = Math.asin(Math.max(-1, Math.min(1, v / radius.crest))) / (2 * Math.PI);
    const r = radiusAt(loss.jag > 0 && end > loss.endsAt ? axis.point + 1 : u, turn, wear, loss);
    if (r <= 0) return;
    const alpha = coverage(Math.abs(v) - r, size);
    if (alpha <= 0) return;
    const rise = Math.sqrt(Math.max(0, r * r - v * v));
    // Machining marks run around the screw, a faint patina over it.
    const marks = 0.1 * grain.at(u * 1.3, v * 0.09) + 0.05 * grain.at(u * 3.1, v * 0.2);
    s.height[i] = mix(s.height[i]!, radius.crest * 0.9 + rise + marks, alpha);
    const patina = 1 + 0.1 * grain.fractal(u / 15, v / 9, 3) + 0.06 * grain.at(u * 1.7, v * 0.12);
    // Oil and dirt sit at the foot of the thread.
    const foot = u > axis.thread && u < axis.point ? ramp(radius.crest - 0.6, radius.root - 0.6, r) : 0;
    const tone = patina * (1 - 0.42 * foot);
    s.red[i] = mix(s.red[i]!, 0.74 * tone, alpha);
    s.green[i] = mix(s.green[i]!, 0.735 * tone, alpha);
    s.blue[i] = mix(s.blue[i]!, 0.725 * tone, alpha);
    s.metal[i] = mix(s.metal[i]!, 1, alpha);
    s.roughness[i] = mix(s.roughness[i]!, 0.42 + 0.1 * grain.fractal(u / 8, v / 8, 2), alpha);
  });
  return s;
}

/** A worn rubber belt with a fine woven imprint; it moves, so that no two shots show the same stretch. */
function layBelt(s: Surface, pose: Pose, noise: ValueNoise): void {
  const drift = 40 * noise.at(3.3, 8.1);
  visit(s.size, { ...pose, angle: 0 }, everywhere, (i, u0, v) => {
    const u = u0 + drift;
    const imprint = Math.sin((u + v) * 0.9) * Math.sin((u - v) * 0.9);
    const wear = noise.fractal(u / 48, v / 30, 4);
    const scuff = ramp(0.42, 0.75, noise.at(u / 70 + 9, v * 0.55)) * ramp(0.1, 0.5, noise.at(u / 40, v / 25));
    const speck = ramp(0.78, 0.95, noise.at(u * 0.7, v * 0.7)) * 0.35;
    const tone = 1 + 0.16 * wear + 0.09 * imprint + 0.3 * scuff + speck;
    s.height[i] = 0.22 * imprint + 0.2 * wear + 0.1 * noise.at(u * 1.1, v * 1.1);
    s.red[i] = 0.085 * tone;
    s.green[i] = 0.108 * tone;
    s.blue[i] = 0.116 * tone;
    s.roughness[i] = 0.8;
  });
}

function withoutPiece(random: Random, size: number, pose: Pose, wear: Wear, whole: Surface) {
  const broken = random.chance(0.5);
  const from = random.uniform(-20, 38);
  const loss: Loss = broken
    ? { ...noLoss, endsAt: random.uniform(55, 90), jag: 2.4 }
    : { ...noLoss, bareFrom: from, bareTo: from + random.uniform(18, 30) };
  const surface = screwOnBelt(size, pose, wear, loss);
  const touched = new Float32Array(size * size);
  const start = broken ? loss.endsAt - 3 : loss.bareFrom - 3;
  const end = broken ? axis.point + 2 : loss.bareTo + 3;
  // The screw throws its shadow down and to the right; that goes too.
  const shadow = broken ? 13 : 7;
  visit(size, pose, everywhere, (i, u, v) => {
    const along = Math.max(start - u, u - end - (broken ? 4 : 0));
    const across = Math.max(-radius.crest - 2 - v, v - radius.crest - shadow);
    touched[i] = ramp(1.5, -1, Math.max(along, across));
  });
  return { surface: { ...copySurface(whole), ...surface }, touched };
}
