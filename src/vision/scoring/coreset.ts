// A few points that stand for many: the greedy k-center coreset (Gonzalez 1985; Sener and Savarese 2018).
import type { Random } from '../../autodiff/random.ts';

/** Rows of `width` numbers, one after the other. */
export interface Rows {
  readonly data: Float32Array;
  readonly width: number;
}

/** Distances between rows are taken in so many random directions, which keep them within a few percent (Johnson and Lindenstrauss 1984). */
const DIRECTIONS = 48;

/**
 * The indices of `count` rows such that every row is near one of them: each next one is the row that is farthest from
 * those chosen. All rows, in order, when there are no more than `count`. Wider rows are projected first.
 */
export function greedyCoreset(rows: Rows, count: number, random: Random): Int32Array {
  const total = rows.data.length / rows.width;
  if (total <= count) return Int32Array.from({ length: total }, (_, i) => i);
  const { data, width } = rows.width > DIRECTIONS ? randomProjection(rows, DIRECTIONS, random) : rows;
  const nearest = new Float32Array(total).fill(Number.POSITIVE_INFINITY);
  const chosen = new Int32Array(count);
  let next = random.int(total);
  for (let k = 0; k < count; k++) {
    chosen[k] = next;
    next = farthest(data, width, next, nearest);
  }
  return chosen;
}

/** Brings `nearest`, the squared distances to the chosen rows, up to date with a new one, and returns the farthest row. */
function farthest(data: Float32Array, width: number, chosen: number, nearest: Float32Array): number {
  const centre = data.slice(chosen * width, (chosen + 1) * width);
  let best = 0;
  let bestDistance = -1;
  for (let i = 0, at = 0; i < nearest.length; i++, at += width) {
    const before = nearest[i]!;
    let sum = 0;
    // The sum only grows: once it is no longer nearer, the rest need not be added.
    for (let c = 0; c < width && sum < before; c++) {
      const d = data[at + c]! - centre[c]!;
      sum += d * d;
    }
    if (sum < before) nearest[i] = sum;
    const distance = nearest[i]!;
    if (distance > bestDistance) {
      best = i;
      bestDistance = distance;
    }
  }
  return best;
}

function randomProjection({ data, width }: Rows, directions: number, random: Random): Rows {
  const matrix = Float32Array.from({ length: width * directions }, () => random.normal());
  const total = data.length / width;
  const out = new Float32Array(total * directions);
  for (let i = 0; i < total; i++)
    for (let c = 0; c < width; c++) {
      const value = data[i * width + c]!;
      for (let d = 0; d < directions; d++)
        out[i * directions + d] = out[i * directions + d]! + value * matrix[c * directions + d]!;
    }
  return { data: out, width: directions };
}

/** Keeps at most `capacity` of the rows that it is shown, each with the same chance (Vitter 1985, algorithm R). */
export class RowSample {
  readonly #rows: Float32Array;
  readonly #width: number;
  readonly #capacity: number;
  readonly #random: Random;
  #seen = 0;

  constructor(width: number, capacity: number, random: Random) {
    this.#rows = new Float32Array(width * capacity);
    this.#width = width;
    this.#capacity = capacity;
    this.#random = random;
  }

  add(data: Float32Array): void {
    const width = this.#width;
    for (let at = 0; at < data.length; at += width) {
      const place = this.#seen < this.#capacity ? this.#seen : this.#random.int(this.#seen + 1);
      if (place < this.#capacity) this.#rows.set(data.subarray(at, at + width), place * width);
      this.#seen++;
    }
  }

  get rows(): Rows {
    const kept = Math.min(this.#seen, this.#capacity);
    return { data: this.#rows.subarray(0, kept * this.#width), width: this.#width };
  }
}
