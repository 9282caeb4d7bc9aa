// Fingerprints of pictures that barely change when a picture is saved again or scaled, to find the same picture twice.
import type { Picture } from '../../image/picture.ts';
import { resize } from '../../image/resize.ts';

/** 256 bits: whether each of 16 x 16 cells is darker than its right neighbour (difference hash, Krawetz 2013). */
export type Fingerprint = Uint16Array;

const SIDE = 16;
const WORDS = SIDE;

/** Fingerprints this far apart are of one picture: any two pictures differ in about 128 bits. */
export const NEAR_BITS = 12;

export function fingerprintOf(picture: Picture): Fingerprint {
  const { data } = resize(picture, SIDE + 1, SIDE, 'area');
  const words = new Uint16Array(WORDS);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const at = 3 * (y * (SIDE + 1) + x);
      if (greyAt(data, at) < greyAt(data, at + 3)) words[y]! |= 1 << x;
    }
  }
  return words;
}

/** In how many bits two fingerprints differ. */
export function distance(a: Fingerprint, b: Fingerprint): number {
  let bits = 0;
  for (let i = 0; i < WORDS; i++) {
    for (let rest = a[i]! ^ b[i]!; rest !== 0; rest &= rest - 1) bits++;
  }
  return bits;
}

function greyAt(data: Uint8Array, at: number): number {
  return 299 * data[at]! + 587 * data[at + 1]! + 114 * data[at + 2]!;
}

export interface NearPair {
  readonly a: number;
  readonly b: number;
  readonly bits: number;
}

export interface NearPairs {
  /** At most one for each of the second list: the nearest that was found. */
  readonly pairs: readonly NearPair[];
  /** False when the search ended at its budget. */
  readonly complete: boolean;
}

/**
 * Which of `others` are near one of `all`. Two within NEAR_BITS share at least four of their sixteen words, so only those that
 * share a word are compared, at most `budget` of them.
 */
export function nearPairs(
  all: readonly Fingerprint[],
  others: readonly Fingerprint[],
  budget = 20_000_000,
): NearPairs {
  const byWord = new Map<number, number[]>();
  for (const [index, print] of all.entries()) {
    for (let word = 0; word < WORDS; word++) {
      const key = word * 65_536 + print[word]!;
      const list = byWord.get(key);
      if (list === undefined) byWord.set(key, [index]);
      else list.push(index);
    }
  }
  const pairs: NearPair[] = [];
  let left = budget;
  for (const [b, print] of others.entries()) {
    let best: NearPair | null = null;
    const seen = new Set<number>();
    for (let word = 0; word < WORDS; word++) {
      for (const a of byWord.get(word * 65_536 + print[word]!) ?? []) {
        if (seen.has(a)) continue;
        if (left-- <= 0) return { pairs, complete: false };
        seen.add(a);
        const bits = distance(all[a]!, print);
        if (bits <= NEAR_BITS && (best === null || bits < best.bits)) best = { a, b, bits };
      }
    }
    if (best !== null) pairs.push(best);
  }
  return { pairs, complete: true };
}
