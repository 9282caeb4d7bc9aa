// From candidates to detections as the served graph finds them, in TypeScript: for validation, whose batches and weights change.
import type { Box } from '../../dataset/labelled.ts';
import type { Detection } from '../../scoring/detection.ts';
import { mostDetections } from '../../yolo/detection-graph.ts';

/** What the network says about one picture. */
export interface Candidates {
  /** [A, 4]: x1, y1, x2, y2 in pixels of the sample. */
  readonly boxes: Float32Array;
  /** [A, classes], 0..1. */
  readonly scores: Float32Array;
  readonly classes: number;
}

interface Candidate extends Detection {
  readonly area: number;
}

/**
 * The detections in pixels of the sample, the surest first, at most 300. An anchor stands for its best class; of boxes of
 * one class that overlap by more than `iou` the surest stays; scores up to `conf` do not count.
 */
export function suppress(candidates: Candidates, { conf, iou }: { conf: number; iou: number }): Detection[] {
  const kept: Candidate[] = [];
  const perClass = Array<number>(candidates.classes).fill(0);
  for (const candidate of sureOnes(candidates, conf)) {
    const { classId } = candidate;
    if (perClass[classId]! >= mostDetections) continue;
    if (kept.some((other) => other.classId === classId && overlap(other, candidate) > iou)) continue;
    perClass[classId]!++;
    kept.push(candidate);
  }
  return kept.slice(0, mostDetections).map(({ classId, confidence, box }) => ({ classId, confidence, box }));
}

/** By falling confidence. */
function sureOnes({ boxes, scores, classes }: Candidates, conf: number): Candidate[] {
  const found: Candidate[] = [];
  for (let anchor = 0; anchor * classes < scores.length; anchor++) {
    let classId = 0;
    const at = anchor * classes;
    for (let c = 1; c < classes; c++) if (scores[at + c]! > scores[at + classId]!) classId = c;
    const confidence = scores[at + classId]!;
    if (!(confidence > conf)) continue;
    const box = [...boxes.subarray(4 * anchor, 4 * anchor + 4)] as unknown as Box;
    found.push({ classId, confidence, box, area: areaOf(box) });
  }
  return found.sort((a, b) => b.confidence - a.confidence);
}

function areaOf([x1, y1, x2, y2]: Box): number {
  return (x2 - x1) * (y2 - y1);
}

/** Intersection over union. */
function overlap(a: Candidate, b: Candidate): number {
  const width = Math.min(a.box[2], b.box[2]) - Math.max(a.box[0], b.box[0]);
  const height = Math.min(a.box[3], b.box[3]) - Math.max(a.box[1], b.box[1]);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (a.area + b.area - shared);
}
