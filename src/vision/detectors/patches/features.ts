// Patches of a picture as rows of numbers: the frozen encoder's features at strides 8 and 16, each with its neighbours.
import {
  add,
  averagePool2d,
  cast,
  concat,
  constant,
  mul,
  reshape,
  resize,
  transpose,
  type Value,
} from '../../../autodiff/index.ts';
import type { Encoder } from '../../encoders/encoder.ts';
import type { Normalization } from '../../image/planes.ts';

/** Pixels of the picture that one patch spans. */
export const PATCH = 8;
/** Shallower features see edges and no parts, deeper ones miss small defects. */
const strides: readonly number[] = [PATCH, 2 * PATCH];
/** Each place is averaged with those around it (Roth et al. 2022, section 3.1). */
const NEIGHBOURHOOD = 3;

/** Pixels of the picture that a patch of the coarse level spans. */
export const COARSE_PATCH = 2 * PATCH;

/** Patches along a side of the picture. */
export const gridOf = (size: number, patch = PATCH) => size / patch;

/** The channels of each level that patches are made of. */
export function levelWidths({ levels }: Encoder): number[] {
  return levels.filter(({ stride }) => strides.includes(stride)).map(({ channels }) => channels);
}

export const widthOf = (encoder: Encoder) => levelWidths(encoder).reduce((a, b) => a + b, 0);

export const pixelInput = (size: number) => ({ shape: [1, size, size, 3], dtype: 'uint8' }) as const;

/** `count` orthonormal directions among the scaled channels, one after the other. */
export interface Axes {
  readonly data: Float32Array;
  readonly count: number;
}

/** Patches as rows of channels, from the top left. */
export interface PatchRows {
  /** Both levels, drawn at the grid of the fine one: [g * g, channels], g = S / 8. */
  readonly joint: Value;
  /** Of stride 8 alone: [g * g, fine channels]. */
  readonly fine: Value;
  /** Of stride 16 alone: [g * g / 4, coarse channels]. */
  readonly coarse: Value;
}

/** pixels [1, S, S, 3] uint8 -> the rows of its patches. */
export function patchRows(encoder: Encoder, pixels: Value, size: number): PatchRows {
  const planes = normalise(cast(transpose(pixels, [0, 3, 1, 2]), 'float32'), encoder.normalization);
  const [fine, coarse] = encoder
    .features(planes)
    .filter((_, i) => strides.includes(encoder.levels[i]!.stride))
    .map((map) => averaged(map, NEIGHBOURHOOD));
  const joint = concat([fine!, toGrid(coarse!, gridOf(size))], 1);
  return { joint: asRows(joint), fine: asRows(fine!), coarse: asRows(coarse!) };
}

/** [1, C, g, g] -> [g * g, C] */
function asRows(map: Value): Value {
  const [, channels, height, width] = map.type.shape as [number, number, number, number];
  return transpose(reshape(map, [channels, height * width]), [1, 0]);
}

/** Mean over a square of so many places; beyond the edge there is nothing. */
export function averaged(map: Value, width: number): Value {
  return averagePool2d(map, { kernel: width, stride: 1, pad: (width - 1) / 2, countIncludePad: false });
}

export function toGrid(map: Value, grid: number): Value {
  if (map.type.shape[3] === grid) return map;
  return resize(map, { height: grid, width: grid, mode: 'bilinear' });
}

function normalise(planes: Value, { mean, std, scale }: Normalization): Value {
  const perChannel = (values: readonly number[]) => constant(values, [1, 3, 1, 1]);
  return add(
    mul(planes, perChannel(std.map((s) => scale / s))),
    perChannel(mean.map((m, c) => -m / std[c]!)),
  );
}
