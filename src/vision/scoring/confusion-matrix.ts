// Which class is taken for which: detections against true boxes of any class, with what is missed and what is invented.
import type { LabelledBox } from '../dataset/labelled.ts';
import type { Detection } from './detection.ts';
import { boxIou } from './detection-matching.ts';

export interface ConfusionMatrix {
  /** Detections below this do not count. */
  readonly confidence: number;
  /** Boxes belong together from this overlap on. */
  readonly iou: number;
  /**
   * counts[truth][detection], C+1 rows of C+1. The last row is background: detections where nothing is. The last column is
   * background: true boxes that are missed. The last of all is 0, since nobody counts nothing.
   */
  readonly counts: readonly (readonly number[])[];
}

interface Pair {
  readonly detection: number;
  readonly truth: number;
  readonly iou: number;
}

/** The matrix of all pictures. Of all pairs of a picture the one that overlaps most is taken first, then the surest. */
export function confusionMatrix(
  pictures: readonly { readonly detections: readonly Detection[]; readonly truths: readonly LabelledBox[] }[],
  classes: number,
  confidence: number,
  iou: number,
): ConfusionMatrix {
  const counts = Array.from({ length: classes + 1 }, () => new Array<number>(classes + 1).fill(0));
  for (const { detections, truths } of pictures) {
    const { sure, found } = pairedBoxes(detections, truths, confidence, iou);
    const used = new Set(found);
    truths.forEach((t, i) => {
      const row = counts[t.classId]!;
      row[found[i] === -1 ? classes : sure[found[i]!]!.classId]!++;
    });
    sure.forEach((d, i) => {
      if (!used.has(i)) counts[classes]![d.classId]!++;
    });
  }
  return { confidence, iou, counts };
}

export interface PairedBoxes {
  /** The detections that count, the surest first. */
  readonly sure: readonly Detection[];
  /** For each true box the index of its detection among `sure`, of whatever class; -1: missed. */
  readonly found: readonly number[];
}

/** Which detections of one picture belong to which true boxes, as the matrix counts them. */
export function pairedBoxes(
  detections: readonly Detection[],
  truths: readonly LabelledBox[],
  confidence: number,
  iou: number,
): PairedBoxes {
  const sure = detections
    .filter((d) => d.confidence >= confidence)
    .sort((a, b) => b.confidence - a.confidence);
  const found = new Array<number>(truths.length).fill(-1);
  const used = new Uint8Array(sure.length);
  for (const { detection, truth } of pairs(sure, truths, iou)) {
    if (used[detection] === 1 || found[truth] !== -1) continue;
    used[detection] = 1;
    found[truth] = detection;
  }
  return { sure, found };
}

function pairs(sure: readonly Detection[], truths: readonly LabelledBox[], least: number): Pair[] {
  const found: Pair[] = [];
  for (let detection = 0; detection < sure.length; detection++)
    for (let truth = 0; truth < truths.length; truth++) {
      const iou = boxIou(sure[detection]!.box, truths[truth]!.box);
      if (iou > 0 && iou >= least) found.push({ detection, truth, iou });
    }
  return found.sort((a, b) => b.iou - a.iou);
}
