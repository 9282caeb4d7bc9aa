// How far a counted share may be from the true one: the exact interval of Clopper and Pearson (1934).
import type { Interval } from './metrics.ts';

/**
 * The shares under which `count` of `total` is neither too many nor too few: each tail has at most half of what `level` leaves
 * over. It holds the true share at least as often as `level` says, however few pictures there are. Throws `internal` unless
 * 0 <= count <= total and total > 0.
 */
export function binomialInterval(count: number, total: number, level = 0.95): Interval {
  const whole = Number.isSafeInteger(count) && Number.isSafeInteger(total);
  if (!whole || total < 1 || count < 0 || count > total)
    throw new Error(`internal: an interval of ${count} in ${total}`);
  const tail = (1 - level) / 2;
  const chances = logChoices(total);
  const between = (from: number, to: number, p: number) => chanceBetween(chances, from, to, p);
  return {
    low: count === 0 ? 0 : crossing((p) => between(count, total, p) - tail),
    high: count === total ? 1 : crossing((p) => tail - between(0, count, p)),
  };
}

/** ln of "total choose k", for k from 0 to total. */
function logChoices(total: number): Float64Array {
  const out = new Float64Array(total + 1);
  for (let k = 1; k <= total; k++) out[k] = out[k - 1]! + Math.log((total - k + 1) / k);
  return out;
}

/** The chance of `from` to `to` hits at a share p inside 0..1. */
function chanceBetween(chances: Float64Array, from: number, to: number, p: number): number {
  const total = chances.length - 1;
  const [hit, miss] = [Math.log(p), Math.log1p(-p)];
  let sum = 0;
  for (let k = from; k <= to; k++) sum += Math.exp(chances[k]! + k * hit + (total - k) * miss);
  return sum;
}

/** Where a rising function of 0..1 crosses zero. */
function crossing(rising: (p: number) => number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
