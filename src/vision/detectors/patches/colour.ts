// The colour of patches beside the features of the encoder, which tell shapes and textures well and faint stains badly.
import {
  add,
  averagePool2d,
  concat,
  constant,
  log,
  matmul,
  min,
  mul,
  reshape,
  sub,
  topK,
  type Value,
} from '../../../autodiff/index.ts';
import type { Encoder } from '../../encoders/encoder.ts';
import type { Normalization } from '../../image/planes.ts';
import { PATCH } from './features.ts';

/** log(red / green) and log(blue / sqrt(red * green)): nearly the same in bright and in dim light. [colours, 3] */
const ratios = [
  [1, -1, 0],
  [-0.5, -0.5, 1],
];
export const COLOURS = ratios.length;
/** Added to red, green and blue, 0..1: of what is nearly black, a ratio says nothing. */
const DARK = 0.06;
/** No deviation of a colour counts as less, 0.2 % of a ratio: good pictures of one plain colour say little of how far it wanders. */
export const LEAST_COLOUR = 0.002;
/** How much the deviation of a colour counts, since two of them stand beside more than a hundred features. */
export const COLOUR_WEIGHT = 3;

/** The encoder with the colours of each patch as the last channels of its map at stride 8. */
export function withColour(encoder: Encoder): Encoder {
  const fine = encoder.levels.findIndex(({ stride }) => stride === PATCH);
  return {
    ...encoder,
    levels: encoder.levels.map((level, i) =>
      i === fine ? { ...level, channels: level.channels + COLOURS } : level,
    ),
    features: (x) => {
      const colours = coloursOf(x, encoder.normalization);
      return encoder.features(x).map((map, i) => (i === fine ? concat([map, colours], 1) : map));
    },
  };
}

/**
 * x [1, 3, S, S], normalised -> [1, colours, S / 8, S / 8]. They are measured from the median of the picture, so that a camera that
 * balances its white otherwise changes nothing, and a stain changes its own patches alone.
 */
function coloursOf(x: Value, normalization: Normalization): Value {
  const perChannel = (values: readonly number[]) => constant(values, [1, 3, 1, 1]);
  const full = 255 * normalization.scale;
  const levels = add(
    mul(
      averagePool2d(x, { kernel: PATCH, stride: PATCH }),
      perChannel(normalization.std.map((s) => s / full)),
    ),
    perChannel(normalization.mean.map((m) => m / full + DARK)),
  );
  const [, , height, width] = levels.type.shape as [number, number, number, number];
  const logs = reshape(log(levels), [3, height * width]);
  const colours = matmul(constant(ratios.flat(), [COLOURS, 3]), logs);
  return reshape(sub(colours, medianOf(colours)), [1, COLOURS, height, width]);
}

/** Of each row: [rows, n] -> [rows, 1] */
function medianOf(rows: Value): Value {
  const { values: upperHalf } = topK(rows, Math.ceil(rows.type.shape[1]! / 2));
  return min(upperHalf, { axes: [1], keepDims: true });
}
