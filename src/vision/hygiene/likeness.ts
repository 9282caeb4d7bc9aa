// Whether two pictures show the same: a perceptual hash to find candidates, and a small copy to be sure.
import type { Picture } from '../image/picture.ts';
import { resize } from '../image/resize.ts';
import { lumaOf } from './quality.ts';

export interface Likeness {
  /** 63 bits of the lowest frequencies of the picture (pHash, Zauner 2010), as two words. */
  readonly hash: readonly [number, number];
  /** Luma 0..255, SIDE x SIDE. */
  readonly small: Float32Array;
}

const SIDE = 32;
const FREQUENCIES = 8;

export function likenessOf(picture: Picture): Likeness {
  const { luma: small } = lumaOf(resize(picture, SIDE, SIDE, 'area'));
  return { hash: hashOf(small), small };
}

/** Bits in which the hashes differ: 0 to 63. */
export function hashDistance(a: Likeness, b: Likeness): number {
  return ones(a.hash[0] ^ b.hash[0]) + ones(a.hash[1] ^ b.hash[1]);
}

/** Mean absolute difference of the small copies, in levels of 0..255. */
export function meanDifference({ small: a }: Likeness, { small: b }: Likeness): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / a.length;
}

/** Each low frequency but the mean: whether it is above the median of them. */
function hashOf(small: Float32Array): [number, number] {
  const values = lowFrequencies(small).slice(1);
  const median = [...values].sort((a, b) => a - b)[values.length >> 1]!;
  const words: [number, number] = [0, 0];
  values.forEach((v, i) => {
    if (v > median) words[i >> 5 === 0 ? 0 : 1] |= 1 << (i & 31);
  });
  return words;
}

/** The first FREQUENCIES x FREQUENCIES coefficients of the two-dimensional cosine transform, not scaled. */
function lowFrequencies(small: Float32Array): number[] {
  const rows = new Float64Array(SIDE * FREQUENCIES);
  for (let y = 0; y < SIDE; y++)
    for (let u = 0; u < FREQUENCIES; u++)
      for (let x = 0; x < SIDE; x++) rows[y * FREQUENCIES + u]! += small[y * SIDE + x]! * cosine(x, u);
  const out: number[] = [];
  for (let v = 0; v < FREQUENCIES; v++)
    for (let u = 0; u < FREQUENCIES; u++) {
      let sum = 0;
      for (let y = 0; y < SIDE; y++) sum += rows[y * FREQUENCIES + u]! * cosine(y, v);
      out.push(sum);
    }
  return out;
}

const cosines = Float64Array.from({ length: SIDE * FREQUENCIES }, (_, i) => {
  const [x, u] = [Math.floor(i / FREQUENCIES), i % FREQUENCIES];
  return Math.cos((Math.PI * (2 * x + 1) * u) / (2 * SIDE));
});
const cosine = (x: number, u: number) => cosines[x * FREQUENCIES + u]!;

function ones(word: number): number {
  let count = 0;
  for (let w = word; w !== 0; w &= w - 1) count++;
  return count;
}
