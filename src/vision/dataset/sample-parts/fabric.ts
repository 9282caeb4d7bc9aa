// Woven twill cloth: two sets of threads, each with its own thickness and fibres.

import type { Random } from '../../../autodiff/random.ts';
import type { Part, PartKind } from './part.ts';
import {
  copySurface,
  emptySurface,
  everywhere,
  mix,
  type Pose,
  ramp,
  type Surface,
  visit,
} from './surface.ts';
import { ValueNoise } from './value-noise.ts';

const pitch = 5.6; // units from thread to thread

export const fabric: PartKind = {
  defects: ['scratch', 'hole', 'stain', 'missing', 'contamination'],
  bare: { color: [0.62, 0.61, 0.57], metal: 0, roughness: 0.95 },
  opening: 1.9,
  soaking: 1.5,
  build(random, size) {
    const pose = {
      angle: random.normal(0, 0.02),
      dx: random.uniform(-pitch, pitch),
      dy: random.uniform(-pitch, pitch),
    };
    const noise = new ValueNoise(random);
    const surface = weave(size, pose, noise, noThread);
    return {
      surface,
      pose,
      lamp: {
        azimuth: random.normal(-2.2, 0.08),
        elevation: random.normal(0.75, 0.03),
        strength: random.normal(0.95, 0.03),
        ambient: random.normal(0.55, 0.02),
      },
      spot: (r) => ({ u: r.uniform(-80, 80), v: r.uniform(-80, 80), angle: r.uniform(0, Math.PI) }),
      holds: () => true,
      withoutPiece: (r) => pulledThread(r, size, pose, noise, surface),
    } satisfies Part;
  },
};

interface Gap {
  readonly along: 'warp' | 'weft';
  readonly thread: number;
  readonly from: number;
  readonly to: number;
}
const noThread: Gap = { along: 'warp', thread: Number.NaN, from: 0, to: 0 };

/** Plain 2/1 twill. Warp threads run down (constant u), weft threads across (constant v). */
function weave(size: number, pose: Pose, noise: ValueNoise, gap: Gap): Surface {
  const s = emptySurface(size);
  visit(size, pose, everywhere, (i, u0, v0) => {
    // Cloth is never quite straight.
    const u = u0 + 2.2 * noise.at(v0 / 60, u0 / 90);
    const v = v0 + 2.2 * noise.at(u0 / 60 + 20, v0 / 90);
    const warp = thread(u, v, noise, 0);
    const weft = thread(v, u, noise, 31);
    if (gap.along === 'warp') warp.body *= present(gap, warp.index, v);
    else weft.body *= present(gap, weft.index, u);
    // Twill: the warp floats over two wefts, then dives under one.
    const phase = (warp.index + weft.index) % 3;
    const cycle = (((phase + 3) % 3) + (v / pitch - weft.index)) / 3;
    const lift = Math.cos((cycle - 0.42) * 2 * Math.PI);
    const warpTop = warp.body <= 0 ? -3 : 1.25 * warp.body + 0.95 * lift;
    const weftTop = weft.body <= 0 ? -3 : 1.25 * weft.body - 0.55 * lift - 0.35;
    const over = ramp(-0.25, 0.25, warpTop - weftTop);
    const fuzz = noise.at(u0 * 0.9, v0 * 0.9) * 0.14;
    s.height[i] = Math.max(warpTop, weftTop) + fuzz;
    const tone = mix(weft.shade, warp.shade, over) * (1 + 0.07 * noise.fractal(u0 / 26, v0 / 26, 3));
    const bottom = ramp(-1.6, 0.2, s.height[i]!) * 0.75 + 0.25;
    s.red[i] = mix(0.36, 0.03, over) * tone * bottom;
    s.green[i] = mix(0.36, 0.055, over) * tone * bottom;
    s.blue[i] = mix(0.35, 0.13, over) * tone * bottom;
    s.roughness[i] = 0.92;
  });
  return s;
}

/** One set of threads: which thread lies at `across`, how thick it is there (0..1) and its shade. */
function thread(across: number, along: number, noise: ValueNoise, salt: number) {
  const index = Math.floor(across / pitch);
  const middle = across / pitch - index - 0.5 + 0.07 * noise.at(index * 3.7 + salt, along / 40);
  const width = 0.47 + 0.09 * noise.at(index * 1.9 + salt, along / 18 + salt);
  const t = middle / width;
  const body = t * t >= 1 ? 0 : Math.sqrt(1 - t * t);
  // Fibres are spun: they run at a slant along the thread.
  const fibre = noise.at((across + along * 0.45) * 1.1 + salt, (along - across * 0.2) * 0.22);
  const shade = 1 + 0.16 * noise.at(index * 5.3 + salt, along / 70) + 0.26 * fibre;
  return { index, body, shade };
}

function present(gap: Gap, index: number, along: number): number {
  if (index !== gap.thread) return 1;
  return 1 - ramp(gap.from - 3, gap.from, along) * (1 - ramp(gap.to, gap.to + 3, along));
}

/** A thread missing for a stretch: what lies beneath shows. */
function pulledThread(random: Random, size: number, pose: Pose, noise: ValueNoise, whole: Surface) {
  const from = random.uniform(-90, 30);
  const gap: Gap = {
    along: random.chance(0.5) ? 'warp' : 'weft',
    thread: random.int(26) - 13,
    from,
    to: from + random.uniform(35, 80),
  };
  const surface = copySurface(whole);
  const bare = weave(size, pose, noise, gap);
  const touched = new Float32Array(size * size);
  visit(size, pose, everywhere, (i, u0, v0) => {
    const u = u0 + 2.2 * noise.at(v0 / 60, u0 / 90);
    const v = v0 + 2.2 * noise.at(u0 / 60 + 20, v0 / 90);
    const [across, along] = gap.along === 'warp' ? [u, v] : [v, u];
    const off = Math.abs(across / pitch - gap.thread - 0.5) * pitch;
    const end = Math.max(gap.from - 3 - along, along - gap.to - 3);
    touched[i] = 1 - ramp(pitch * 0.5, pitch * 0.5 + 1.5, Math.max(off, end + pitch * 0.5));
  });
  for (const plane of ['height', 'red', 'green', 'blue'] as const) surface[plane].set(bare[plane]);
  return { surface, touched };
}
