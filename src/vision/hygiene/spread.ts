// Where the middle of some values lies and how far they spread, whatever a few of them do.
import { median, sorted } from '../scoring/order-statistics.ts';

export interface Spread {
  readonly median: number;
  /** Median absolute deviation times 1.4826: the standard deviation where the values are normal. */
  readonly deviation: number;
}

/** 1.4826 makes the MAD of a normal distribution its standard deviation. */
const NORMAL = 1.4826;

/** Throws `internal` for an empty list. */
export function spreadOf(values: ArrayLike<number>): Spread {
  const middle = median(sorted(values));
  const deviations = Float64Array.from(values, (v) => Math.abs(v - middle));
  return { median: middle, deviation: NORMAL * median(deviations.sort()) };
}
