// A square plane of numbers, blurred.

/** Gaussian of the given deviation, in cells; at the edge the weights of the cells that are there count alone. */
export function smoothPlane(plane: ArrayLike<number>, side: number, deviation: number): Float64Array {
  const reach = Math.ceil(3 * deviation);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * deviation ** 2)),
  );
  return across(across(plane, side, weights, reach), side, weights, reach);
}

/** Blurs along x and transposes: two passes blur both ways and restore the layout. */
function across(
  plane: ArrayLike<number>,
  side: number,
  weights: readonly number[],
  reach: number,
): Float64Array {
  const out = new Float64Array(side * side);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      let [sum, total] = [0, 0];
      for (let k = Math.max(0, x - reach); k <= Math.min(side - 1, x + reach); k++) {
        const weight = weights[k - x + reach]!;
        sum += weight * plane[y * side + k]!;
        total += weight;
      }
      out[x * side + y] = sum / total;
    }
  return out;
}
