// How well anomaly maps mark the true regions, over many pictures in bounded memory.
import type { AnomalyMap } from './anomaly-map.ts';
import { labelComponents } from './components.ts';
import type { Metric } from './metrics.ts';

/**
 * A float32 turned into an integer of the same order, cut to its upper bits: the sign, 8 bits of exponent and 11 of
 * mantissa. Scores that are closer than one part in 2048 count as ties.
 */
const BITS = 20;
const BINS = 2 ** BITS;

/** A metric of pixels with how far the binning of scores may have moved it, at most. */
export type PixelMetric = Metric & { readonly precision?: number };

/**
 * Pixel AUROC and AUPRO of any number of maps: three histograms of 2^20 bins (24 MB), however many pixels are added.
 */
export class PixelMetrics {
  readonly #good = new Float64Array(BINS);
  readonly #anomalous = new Float64Array(BINS);
  /** Anomalous pixels weighted by one over the area of their region, so that small regions count as much as large ones. */
  readonly #regions = new Float64Array(BINS);
  #regionCount = 0;

  /** Add one picture; `mask` is non-zero where it is truly anomalous, of the map's size, or null for a good picture. */
  add(map: AnomalyMap, mask: Uint8Array | null): void {
    const { labels, weights } = weigh(mask ?? new Uint8Array(map.data.length), map.width, map.height);
    this.#regionCount += weights.length - 1;
    const { data } = map;
    const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
    for (let i = 0; i < data.length; i++) {
      const bin = binOf(bits[i]!);
      const label = labels[i]!;
      if (label === 0) this.#good[bin]!++;
      else {
        this.#anomalous[bin]!++;
        this.#regions[bin]! += weights[label]!;
      }
    }
  }

  /** The chance that an anomalous pixel scores higher than a good one, all pictures together. */
  auroc(): PixelMetric {
    return this.#missing() ?? partialArea(this.#good, this.#anomalous, 1);
  }

  /**
   * Area under the per-region overlap (Bergmann et al. 2021): the mean share of each true region (8-connected) that is
   * found, against the share of good pixels that is not good enough, up to a false-positive rate of `limit`; over `limit`.
   */
  aupro(limit = 0.3): PixelMetric {
    return this.#missing() ?? partialArea(this.#good, this.#regions, limit);
  }

  /** How many true regions were added. */
  get regionCount(): number {
    return this.#regionCount;
  }

  #missing(): { value: null; reason: string } | null {
    if (this.#regionCount === 0) return { value: null, reason: 'no picture has a true region marked' };
    if (this.#good.every((n) => n === 0)) return { value: null, reason: 'there is no good pixel' };
    return null;
  }
}

/** The components of a mask and, by label, one over the area of each. */
function weigh(mask: Uint8Array, width: number, height: number) {
  const { labels, count } = labelComponents(mask, width, height);
  const weights = new Float64Array(count + 1);
  for (let i = 0; i < labels.length; i++) weights[labels[i]!]!++;
  for (let label = 1; label <= count; label++) weights[label] = 1 / weights[label]!;
  return { labels, weights };
}

/** The bits of a float in the order of its values: negatives flipped, the rest above them. Refuses what is not finite. */
function binOf(bits: number): number {
  if ((bits & 0x7f800000) === 0x7f800000) throw new Error('internal: a map has a score that is not finite');
  const ordered = bits >>> 31 === 1 ? ~bits : bits | 0x80000000;
  return ordered >>> (32 - BITS);
}

/**
 * The area under hits against misses, both summed from the highest bin down and divided by their totals, up to a miss rate
 * of `limit`, divided by `limit`. Inside a bin hits and misses are taken to be evenly mixed; if all hits came first, or
 * all misses, the area would be off by half of their product.
 */
function partialArea(misses: Float64Array, hits: Float64Array, limit: number): PixelMetric {
  const totalMisses = misses.reduce((a, b) => a + b);
  const totalHits = hits.reduce((a, b) => a + b);
  let [area, doubt, x, y] = [0, 0, 0, 0];
  for (let bin = BINS - 1; bin >= 0 && x < limit; bin--) {
    const dy = hits[bin]! / totalHits;
    const dx = misses[bin]! / totalMisses;
    const share = x + dx > limit ? (limit - x) / dx : 1;
    area += share * dx * (y + (share * dy) / 2);
    doubt += share * dx * dy * (1 - share / 2);
    x += dx;
    y += dy;
  }
  return { value: area / limit, precision: doubt / limit };
}
