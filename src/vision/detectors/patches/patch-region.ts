// Regions for detectors that compare patches: an encoder that is blind outside, and which patches count.
import { constant, gather, mul, type Value } from '../../../autodiff/index.ts';
import type { Encoder } from '../../encoders/encoder.ts';
import { type RegionMask, type Regions, regionMask } from '../../scoring/region-mask.ts';
import { COARSE_PATCH, gridOf, PATCH } from './features.ts';

export interface PatchRegion {
  readonly pixels: RegionMask;
  /** A patch counts when it holds a pixel that does. */
  readonly patches: RegionMask;
  /** The same for the patches of the coarse level. */
  readonly coarse: RegionMask;
}

/** Throws option.invalid as regionMask does. */
export function patchRegion(regions: Regions, size: number): PatchRegion {
  const pixels = regionMask(regions, size, size);
  return { pixels, patches: patchesOf(pixels, PATCH), coarse: patchesOf(pixels, COARSE_PATCH) };
}

function patchesOf(pixels: RegionMask, patch: number): RegionMask {
  const size = pixels.width;
  const grid = gridOf(size, patch);
  const inside = new Uint8Array(grid * grid);
  for (const [i, v] of pixels.inside.entries()) {
    const [x, y] = [Math.floor((i % size) / patch), Math.floor(i / size / patch)];
    inside[y * grid + x]! |= v;
  }
  const count = inside.reduce((sum, v) => sum + v, 0);
  return { width: grid, height: grid, inside, count };
}

/** The same weights, fed with its mean colour outside: nothing out there can reach a patch that counts. */
export function blindOutside(encoder: Encoder, region: PatchRegion | null): Encoder {
  if (region === null) return encoder;
  const { width, height, inside } = region.pixels;
  const kept = Float32Array.from(inside);
  return { ...encoder, features: (x) => encoder.features(mul(x, constant(kept, [1, 1, height, width]))) };
}

/** The rows of the patches that count. */
export function rowsInside(rows: Value, mask: RegionMask | undefined): Value {
  if (mask === undefined) return rows;
  const places = [...mask.inside.keys()].filter((i) => mask.inside[i] === 1);
  return gather(rows, constant(places, [places.length], 'int64'));
}

/** The values of a plane [g * g] at the patches that count. */
export function valuesInside<T extends Float32Array | Float64Array>(plane: T, region: PatchRegion | null): T {
  return region === null ? plane : (plane.filter((_, i) => region.patches.inside[i] === 1) as T);
}

/** `blur` of a plane, to which only the patches that count contribute; 0 where none of them is near. */
export function blurInside(
  plane: Float64Array,
  region: PatchRegion | null,
  blur: (plane: Float64Array) => Float64Array,
): Float64Array {
  if (region === null) return blur(plane);
  const { inside } = region.patches;
  const shares = blur(Float64Array.from(inside));
  const sums = blur(plane.map((v, i) => v * inside[i]!));
  return sums.map((sum, i) => (shares[i]! > 0 ? sum / shares[i]! : 0));
}

/** By what each place of a blurred plane is divided, so that only patches that count contribute: its factor, or 0. */
export function factorsInside(
  { patches }: PatchRegion,
  blur: (plane: Float64Array) => Float64Array,
): Float32Array {
  return Float32Array.from(blur(Float64Array.from(patches.inside)), (share) => (share > 0 ? 1 / share : 0));
}
