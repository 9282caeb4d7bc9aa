// Regions as constants of a graph, for every kind that finds anomalies: any ONNX runtime then leaves out the same places.
import { add, cast, constant, mul, reshape, topK, type Value } from '../../autodiff/index.ts';
import type { RegionMask } from '../scoring/region-mask.ts';

/** What the network sees outside, whatever the picture shows there: mid grey. */
const OUTSIDE_LEVEL = 128;
/** The map outside, in spreads of good parts: far below every threshold of pixels. */
const OUTSIDE_SCORE = -100;
/** Below every score there is. */
const NEVER = -1e30;

/**
 * Levels [N, S, S, 3] with grey outside, then as float32. Nothing out there can reach a score, however far the network sees.
 */
export function insidePixels(levels: Value, mask: RegionMask | null): Value {
  if (mask === null) return levels;
  return blended(cast(levels, 'float32'), mask, OUTSIDE_LEVEL, [1, mask.height, mask.width, 1]);
}

/** A map with as many values as the mask has pixels, below every threshold outside. */
export function insideMap(map: Value, mask: RegionMask | null): Value {
  return mask === null ? map : blended(map, mask, OUTSIDE_SCORE, map.type.shape);
}

/** A share of so many values, at least one. */
export const countOfShare = (values: number, share: number) => Math.max(1, Math.floor(values * share));

/** The largest values inside, a share of those there are and at least one: [1, k]. */
export function topInside(map: Value, share: number, mask: RegionMask | null): Value {
  const scores = mask === null ? map : blended(map, mask, NEVER, map.type.shape);
  const pixels = reshape(scores, [1, -1]);
  return topK(pixels, countOfShare(mask?.count ?? pixels.type.shape[1]!, share)).values;
}

/** x inside, `value` outside; exact, since one of the two parts is always zero. */
function blended(x: Value, { inside }: RegionMask, value: number, shape: readonly number[]): Value {
  const kept = Float32Array.from(inside);
  const rest = kept.map((v) => (v === 1 ? 0 : value));
  return add(mul(x, constant(kept, shape)), constant(rest, shape));
}
