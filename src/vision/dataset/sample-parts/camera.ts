// A camera for the lit scene: uneven light, slight blur, colour cast, sensor noise, tone curve.

import type { Random } from '../../../autodiff/random.ts';
import type { Picture } from '../../image/picture.ts';
import type { Radiance } from './lighting.ts';

/** How one shot differs from the next. */
export interface Shot {
  readonly exposure: number;
  /** Change of brightness across the picture, to the right and down, as fractions. */
  readonly slope: readonly [number, number];
  readonly vignette: number;
  readonly cast: readonly [number, number, number];
  /** Weight of the neighbours in the 1-2-1 style blur; 0 is sharp. */
  readonly blur: number;
  readonly noise: number;
}

export function someShot(random: Random): Shot {
  const warmth = random.normal(0, 0.012);
  return {
    exposure: random.uniform(0.94, 1.06),
    slope: [random.uniform(-0.09, 0.09), random.uniform(-0.09, 0.09)],
    vignette: random.uniform(0.1, 0.18),
    cast: [1 + warmth, 1, 1 - warmth],
    blur: random.uniform(0.1, 0.2),
    noise: random.uniform(0.006, 0.011),
  };
}

/** The light that reaches the sensor, blurred and unevenly lit; same layout as the scene. */
export function expose(scene: Radiance, size: number, shot: Shot): Radiance {
  const out = blurred(scene, size, shot.blur);
  for (let y = 0; y < size; y++) {
    const v = ((y + 0.5) / size) * 2 - 1;
    for (let x = 0; x < size; x++) {
      const u = ((x + 0.5) / size) * 2 - 1;
      const falloff =
        shot.exposure *
        (1 + shot.slope[0] * u + shot.slope[1] * v) *
        (1 - shot.vignette * 0.5 * (u * u + v * v));
      const i = 3 * (y * size + x);
      out[i] = out[i]! * falloff * shot.cast[0];
      out[i + 1] = out[i + 1]! * falloff * shot.cast[1];
      out[i + 2] = out[i + 2]! * falloff * shot.cast[2];
    }
  }
  return out;
}

/** Adds noise (shot noise and a little of the pixels' own) and turns light into 8-bit sRGB. */
export function develop(light: Radiance, size: number, shot: Shot, random: Random): Picture {
  const bytes = new Uint8Array(size * size * 3);
  const grain = noiseTile(random);
  const start = random.int(grain.length);
  for (let i = 0; i < bytes.length; i++) {
    const noise = grain[(start + i * 7) % grain.length]!;
    const value = Math.max(0, light[i]!);
    const exposed = 1 - Math.exp(-1.15 * value);
    const noisy = exposed + noise * shot.noise * Math.sqrt(0.06 + 0.6 * exposed);
    bytes[i] = toneCurve[Math.min(toneCurve.length - 1, Math.max(0, Math.round(noisy * toneSteps)))]!;
  }
  return { width: size, height: size, data: bytes };
}

/** Normal numbers drawn once and walked through with a stride: 200,000 Box-Muller draws would take longer than the rest. */
function noiseTile(random: Random): Float32Array {
  const tile = new Float32Array(30011);
  for (let i = 0; i < tile.length; i++) {
    // Three uniforms from one word: close enough to normal for grain.
    const bits = random.bits();
    tile[i] = ((bits & 1023) + ((bits >>> 10) & 1023) + ((bits >>> 20) & 1023) - 1534.5) / 512;
  }
  return tile;
}

/** Linear light 0..1 to 8-bit sRGB with a little contrast, as cameras add it; tabulated. */
const toneSteps = 4095;
const toneCurve = Uint8Array.from({ length: toneSteps + 1 }, (_, i) => {
  const linear = i / toneSteps;
  const gamma = linear <= 0.0031308 ? linear * 12.92 : 1.055 * linear ** (1 / 2.4) - 0.055;
  const contrast = gamma * gamma * (3 - 2 * gamma);
  return Math.round(255 * (0.55 * gamma + 0.45 * contrast));
});

function blurred(scene: Radiance, size: number, weight: number): Radiance {
  const across = blurAlong(scene, size, 3, 3 * size, weight);
  return blurAlong(across, size, 3 * size, 3, weight);
}

function blurAlong(from: Radiance, size: number, step: number, line: number, weight: number): Radiance {
  const out = new Float32Array(from.length);
  for (let l = 0; l < size; l++)
    for (let p = 0; p < size; p++) {
      const i = l * line + p * step;
      const before = p > 0 ? i - step : i;
      const after = p < size - 1 ? i + step : i;
      for (let c = 0; c < 3; c++)
        out[i + c] = (1 - 2 * weight) * from[i + c]! + weight * (from[before + c]! + from[after + c]!);
    }
  return out;
}
