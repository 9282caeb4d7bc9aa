// Quantiles of a sorted list.

/** A sorted copy, smallest first. */
export function sorted(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).sort();
}

/** The quantile `q` in 0..1 of a sorted, non-empty list, linear between neighbours (numpy's default). */
export function quantile(ordered: Float64Array, q: number): number {
  if (ordered.length === 0) throw new Error('internal: quantile of an empty list');
  const position = q * (ordered.length - 1);
  const low = Math.floor(position);
  const high = Math.min(low + 1, ordered.length - 1);
  return ordered[low]! + (position - low) * (ordered[high]! - ordered[low]!);
}

/** For each key, in the order in which they first come up, the highest of its values. */
export function highestBy<Key>(values: readonly number[], keys: readonly Key[]): number[] {
  const highest = new Map<Key, number>();
  for (const [i, key] of keys.entries())
    highest.set(key, Math.max(highest.get(key) ?? Number.NEGATIVE_INFINITY, values[i]!));
  return [...highest.values()];
}

export function median(ordered: Float64Array): number {
  return quantile(ordered, 0.5);
}
