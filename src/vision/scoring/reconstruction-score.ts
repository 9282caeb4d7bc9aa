// The score that the original gives a picture and its reconstruction, and the map of where they differ.
import { type AnomalyMap, anomalyMap } from './anomaly-map.ts';
import { structuralSimilarity } from './structural-similarity.ts';
import { topMean } from './top-mean.ts';

/** What the score is made of, as the original weighs it. */
const WEIGHTS = { mean: 0.35, top: 0.35, dissimilarity: 0.15 } as const;
const TOP_SHARE = 0.01;

export interface ReconstructionScore {
  /** 0.35 * meanError + 0.35 * topError + 0.15 * dissimilarity. */
  readonly score: number;
  /** Mean of |x - r| over channels and pixels. */
  readonly meanError: number;
  /** Mean of the largest 1 % of the map: int(pixels * 0.01) of them, at least one. */
  readonly topError: number;
  /** 1 - SSIM. */
  readonly dissimilarity: number;
  /** |x - r|, mean over the channels. */
  readonly map: AnomalyMap;
}

/**
 * Score a picture `x` against its reconstruction `r`, both [channels, height, width] in 0..1.
 * Throws `train.diverged` when the reconstruction is not finite.
 */
export function scoreReconstruction(
  x: Float32Array,
  r: Float32Array,
  width: number,
  height: number,
): ReconstructionScore {
  const map = anomalyMap(meanAbsoluteDifference(x, r, width * height), width, height);
  const meanError = mean(map.data);
  const topError = topMean(map.data, Math.max(1, Math.floor(map.data.length * TOP_SHARE)));
  const dissimilarity = 1 - structuralSimilarity(x, r, width, height);
  const score = WEIGHTS.mean * meanError + WEIGHTS.top * topError + WEIGHTS.dissimilarity * dissimilarity;
  return { score, meanError, topError, dissimilarity, map };
}

/** |x - r| averaged over the channels: [height * width]. */
function meanAbsoluteDifference(x: Float32Array, r: Float32Array, pixels: number): Float32Array {
  const channels = x.length / pixels;
  if (x.length !== r.length || !Number.isInteger(channels) || channels < 1)
    throw new Error(`internal: planes of ${x.length} and ${r.length} values for ${pixels} pixels`);
  const map = new Float32Array(pixels);
  for (let i = 0; i < pixels; i++) {
    let sum = 0;
    for (let j = i; j < x.length; j += pixels) sum += Math.abs(x[j]! - r[j]!);
    map[i] = sum / channels;
  }
  return map;
}

function mean(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
