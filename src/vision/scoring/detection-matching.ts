// Which detections of a picture find which true boxes: COCO's greedy matching, as pycocotools does it.
import type { Box, LabelledBox } from '../dataset/labelled.ts';
import type { Detection } from './detection.ts';

/** 0.50, 0.55 .. 0.95, with the very rounding of numpy's linspace. */
export const iouThresholds: readonly number[] = Array.from({ length: 10 }, (_, i) =>
  i === 9 ? 0.95 : i * ((0.95 - 0.5) / 9) + 0.5,
);

/** What a matching says about the detections of one class in one picture, the surest first, ties in the given order. */
export interface Matched {
  readonly confidences: readonly number[];
  /** Bit t is set where the detection finds a true box at `iouThresholds[t]`. */
  readonly hits: readonly number[];
}

/** Intersection over union of two boxes in the same unit; 0 where they do not overlap or have no area. */
export function boxIou(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (!(width > 0 && height > 0)) return 0;
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

const area = (box: Box) => (box[2] - box[0]) * (box[3] - box[1]);

/**
 * Match the detections and the true boxes of one class in one picture. At each threshold the surest detection takes the
 * free true box that it overlaps most, if by the threshold at least; of equal overlaps it takes the last. Only the
 * `maxDetections` surest count.
 */
export function matchDetections(
  detections: readonly Detection[],
  truths: readonly LabelledBox[],
  maxDetections: number,
): Matched {
  const kept = [...detections].sort((a, b) => b.confidence - a.confidence).slice(0, maxDetections);
  const rivals = kept.map((d) => overlapping(d.box, truths));
  const hits = new Array<number>(kept.length).fill(0);
  const taken = new Uint16Array(truths.length); // bit t: taken at threshold t
  iouThresholds.forEach((threshold, t) => {
    rivals.forEach((candidates, d) => {
      let [best, reached] = [-1, threshold];
      for (const { truth, iou } of candidates) {
        if (iou < reached || (taken[truth]! & (1 << t)) !== 0) continue;
        [best, reached] = [truth, iou];
      }
      if (best < 0) return;
      taken[best]! |= 1 << t;
      hits[d]! |= 1 << t;
    });
  });
  return { confidences: kept.map((d) => d.confidence), hits };
}

/** The true boxes that a box overlaps by the lowest threshold at least, in their order. */
function overlapping(box: Box, truths: readonly LabelledBox[]): { truth: number; iou: number }[] {
  const found: { truth: number; iou: number }[] = [];
  for (let truth = 0; truth < truths.length; truth++) {
    const iou = boxIou(box, truths[truth]!.box);
    if (iou >= iouThresholds[0]!) found.push({ truth, iou });
  }
  return found;
}
