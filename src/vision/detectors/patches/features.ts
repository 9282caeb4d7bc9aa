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

/** Patches along a side of the picture. */
export const gridOf = (size: number) => size / PATCH;

/** The channels of each level that patches are made of. */
export function levelWidths({ levels }: Encoder): number[] {
  return levels.filter(({ stride }) => strides.includes(stride)).map(({ channels }) => channels);
}

export const widthOf = (encoder: Encoder) => levelWidths(encoder).reduce((a, b) => a + b, 0);

export const pixelInput = (size: number) => ({ shape: [1, size, size, 3], dtype: 'uint8' }) as const;

/** pixels [1, S, S, 3] uint8 -> one row for each patch, from the top left: [g * g, channels], g = S / 8. */
export function patchRows(encoder: Encoder, pixels: Value, size: number): Value {
  const grid = gridOf(size);
  const planes = normalise(cast(transpose(pixels, [0, 3, 1, 2]), 'float32'), encoder.normalization);
  const maps = encoder
    .features(planes)
    .filter((_, i) => strides.includes(encoder.levels[i]!.stride))
    .map((map) => toGrid(averaged(map, NEIGHBOURHOOD), grid));
  const channels = widthOf(encoder);
  return transpose(reshape(concat(maps, 1), [channels, grid * grid]), [1, 0]);
}

/** Mean over a square of so many places; beyond the edge there is nothing. */
export function averaged(map: Value, width: number): Value {
  return averagePool2d(map, { kernel: width, stride: 1, pad: (width - 1) / 2, countIncludePad: false });
}

function toGrid(map: Value, grid: number): Value {
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
