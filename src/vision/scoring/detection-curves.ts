// Precision and recall of one class of detections: along the recall, as COCO averages it, and along the confidence.

/** Every detection of a class over all pictures, the surest first. */
export interface RankedClass {
  /** How many true boxes there are: at least one. */
  readonly truths: number;
  readonly confidences: Float64Array;
  /** Bit t is set where the detection finds a true box at `iouThresholds[t]`. */
  readonly hits: Uint16Array;
}

/** 0, 0.01 .. 1, with the very rounding of numpy's linspace. */
export const recallPoints: readonly number[] = Array.from({ length: 101 }, (_, i) =>
  i === 100 ? 1 : i * 0.01,
);

/** Steps of the confidence axis: step i is the confidence i / CONFIDENCE_STEPS. */
export const CONFIDENCE_STEPS = 1000;

/** Sort what was matched in each picture, ties in the order of the pictures (a stable sort, as numpy's mergesort). */
export function rankClass(
  truths: number,
  confidences: readonly number[],
  hits: readonly number[],
): RankedClass {
  const order = Array.from(confidences, (_, i) => i).sort((a, b) => confidences[b]! - confidences[a]!);
  return {
    truths,
    confidences: Float64Array.from(order, (i) => confidences[i]!),
    hits: Uint16Array.from(order, (i) => hits[i]!),
  };
}

/**
 * The precision at each of the 101 recalls for one IoU threshold (its bit): the highest that is reached at this recall or
 * a higher one, 0 where the recall is never reached. Its mean is COCO's average precision.
 */
export function interpolatedPrecision({ truths, hits }: RankedClass, bit: number): Float64Array {
  const recall = new Float64Array(hits.length);
  const precision = new Float64Array(hits.length);
  for (let i = 0, found = 0; i < hits.length; i++) {
    found += (hits[i]! >> bit) & 1;
    recall[i] = found / truths;
    precision[i] = found / (i + 1);
  }
  for (let i = hits.length - 1; i > 0; i--)
    if (precision[i]! > precision[i - 1]!) precision[i - 1] = precision[i]!;
  const points = new Float64Array(recallPoints.length);
  for (let p = 0, i = 0; p < points.length; p++) {
    while (i < recall.length && recall[i]! < recallPoints[p]!) i++;
    if (i < recall.length) points[p] = precision[i]!;
  }
  return points;
}

/** How many detections are as sure as each confidence step or surer, and how many of them are right at IoU 0.50. */
export interface ConfidenceCounts {
  readonly found: Uint32Array;
  readonly right: Uint32Array;
}

/** Exact counts, not smoothed: leaving out what is less sure never changes what a surer detection found. */
export function countByConfidence({ confidences, hits }: RankedClass): ConfidenceCounts {
  const found = new Uint32Array(CONFIDENCE_STEPS + 1);
  const right = new Uint32Array(CONFIDENCE_STEPS + 1);
  for (let step = CONFIDENCE_STEPS, i = 0, n = 0; step >= 0; step--) {
    for (; i < hits.length && confidences[i]! >= step / CONFIDENCE_STEPS; i++) n += hits[i]! & 1;
    found[step] = i;
    right[step] = n;
  }
  return { found, right };
}
