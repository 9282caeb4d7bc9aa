// The mean of the largest values of an array, exact and in linear time.

/**
 * Mean of the `k` largest of `values` (all finite and >= 0, 1 <= k <= length). The bits of such floats sort as integers:
 * the k-th largest is found by counting the upper 16 bits, then the lower 16 bits inside one bucket.
 */
export function topMean(values: Float32Array, k: number): number {
  if (k < 1 || k > values.length) throw new Error(`internal: top ${k} of ${values.length} values`);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const upper = new Uint32Array(65536);
  for (let i = 0; i < bits.length; i++) upper[bits[i]! >>> 16]!++;
  const bucket = bucketOf(upper, k);
  const lower = new Uint32Array(65536);
  for (let i = 0; i < bits.length; i++) if (bits[i]! >>> 16 === bucket.index) lower[bits[i]! & 0xffff]!++;
  const cut = ((bucket.index << 16) | bucketOf(lower, k - bucket.above).index) >>> 0;

  let sum = 0;
  let count = 0;
  let smallest = 0;
  for (let i = 0; i < bits.length; i++) {
    if (bits[i]! > cut) {
      sum += values[i]!;
      count++;
    } else if (bits[i] === cut) smallest = values[i]!;
  }
  return (sum + (k - count) * smallest) / k;
}

/** The bucket that holds the k-th largest, and how many values lie in higher ones. */
function bucketOf(counts: Uint32Array, k: number): { index: number; above: number } {
  let above = 0;
  let index = counts.length - 1;
  while (above + counts[index]! < k) above += counts[index--]!;
  return { index, above };
}
