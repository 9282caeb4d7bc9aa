// Between a picture and the planes of floats that networks read.
import type { Picture } from './picture.ts';

/** Network input = (level * scale - mean) / std, for each channel. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly scale: number;
}

/** Levels as 0..1 and nothing else. */
export const unitRange: Normalization = { mean: [0, 0, 0], std: [1, 1, 1], scale: 1 / 255 };

/** The picture as [3, height, width], RGB. */
export function toPlanes(picture: Picture, normalization: Normalization): Float32Array {
  const size = picture.width * picture.height;
  const planes = new Float32Array(3 * size);
  for (let c = 0; c < 3; c++) {
    const values = levelValues(normalization, c);
    for (let i = 0, at = c; i < size; i++, at += 3) planes[c * size + i] = values[picture.data[at]!]!;
  }
  return planes;
}

/** The picture of planes [3, height, width]: the inverse of toPlanes, rounded half to even, clipped to 0..255. */
export function toPicture(
  planes: Float32Array,
  width: number,
  height: number,
  { mean, std, scale }: Normalization,
): Picture {
  const size = width * height;
  if (planes.length !== 3 * size) {
    throw new Error(`internal: expected planes [3, ${height}, ${width}], got ${planes.length} values`);
  }
  const levels = new Uint8ClampedArray(3 * size);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < size; i++) levels[i * 3 + c] = (planes[c * size + i]! * std[c]! + mean[c]!) / scale;
  }
  return { width, height, data: new Uint8Array(levels.buffer) };
}

/** The input of the network for each of the 256 levels of a channel. */
function levelValues({ mean, std, scale }: Normalization, channel: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, level) => (level * scale - mean[channel]!) / std[channel]!);
}
