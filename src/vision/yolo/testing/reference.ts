// Losses and assignment of the detector written out plainly from the papers, one box at a time in float64.
import type { Box } from '../../dataset/labelled.ts';
import { anchorsOf, bins } from '../anchors.ts';

export interface Truth {
  readonly box: Box;
  readonly classId: number;
}

/** What the network says about one anchor: 4 * bins logits of distances, and a logit for each class. */
export interface AnchorLogits {
  readonly distances: readonly number[];
  readonly scores: readonly number[];
}

/** An anchor that learns a box: the number of the box, and the score to reach. */
export interface Assigned {
  readonly truth: number;
  readonly target: number;
}

const area = ([x1, y1, x2, y2]: Box) => (x2 - x1) * (y2 - y1);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

function intersection(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  return width > 0 && height > 0 ? width * height : 0;
}

export function iou(a: Box, b: Box): number {
  const both = intersection(a, b);
  const union = area(a) + area(b) - both;
  return union > 0 ? both / union : 0;
}

/** v of complete IoU (Zheng et al. 2020, eq. 8): the difference of the aspect ratios. */
function aspectDifference(a: Box, b: Box): number {
  const angle = ([x1, y1, x2, y2]: Box) => Math.atan2(x2 - x1, y2 - y1);
  return (4 / Math.PI ** 2) * (angle(b) - angle(a)) ** 2;
}

/** Its weight (eq. 11), which counts as a constant in the gradient. */
export function aspectWeight(a: Box, b: Box): number {
  const v = aspectDifference(a, b);
  return v === 0 ? 0 : v / (1 - iou(a, b) + v);
}

export function completeIou(a: Box, b: Box, alpha = aspectWeight(a, b)): number {
  const centre = ([x1, y1, x2, y2]: Box) => [(x1 + x2) / 2, (y1 + y2) / 2] as const;
  const [p, q] = [centre(a), centre(b)];
  const distance = (p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2;
  const diagonal =
    (Math.max(a[2], b[2]) - Math.min(a[0], b[0])) ** 2 + (Math.max(a[3], b[3]) - Math.min(a[1], b[1])) ** 2;
  return iou(a, b) - distance / diagonal - alpha * aspectDifference(a, b);
}

function softmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const powers = logits.map((x) => Math.exp(x - most));
  const total = powers.reduce((a, b) => a + b);
  return powers.map((p) => p / total);
}

/** The distributions of the four sides. */
function sides(logits: readonly number[]): number[][] {
  return [0, 1, 2, 3].map((side) => softmax(logits.slice(side * bins, (side + 1) * bins)));
}

/** Distribution focal loss (Li et al. 2020, eq. 6), the mean over the sides. */
export function distributionLoss(logits: readonly number[], distances: readonly number[]): number {
  const losses = sides(logits).map((chances, side) => {
    const y = Math.min(bins - 1, Math.max(0, distances[side]!));
    const low = Math.min(bins - 2, Math.floor(y));
    return -((low + 1 - y) * Math.log(chances[low]!) + (y - low) * Math.log(chances[low + 1]!));
  });
  return losses.reduce((a, b) => a + b) / 4;
}

export function crossEntropy(logit: number, target: number): number {
  return -(target * Math.log(sigmoid(logit)) + (1 - target) * Math.log(sigmoid(-logit)));
}

/** The anchors of a picture, one by one. */
export function anchorList(size: number) {
  const { centres, strides } = anchorsOf(size);
  return Array.from(strides, (stride, i) => ({ x: centres[2 * i]!, y: centres[2 * i + 1]!, stride }));
}

/** The boxes that the logits of all anchors say. */
export function decode(logits: readonly AnchorLogits[], size: number): Box[] {
  return anchorList(size).map(({ x, y, stride }, i) => {
    const mean = (chances: number[]) => chances.reduce((total, p, bin) => total + p * bin, 0) * stride;
    const [left, top, right, bottom] = sides(logits[i]!.distances).map(mean) as [
      number,
      number,
      number,
      number,
    ];
    return [x - left, y - top, x + right, y + bottom];
  });
}

/** The task-aligned assigner (Feng et al. 2021, section 3.2) of one picture: who learns what, by anchor. */
export function assign(
  logits: readonly AnchorLogits[],
  truths: readonly Truth[],
  size: number,
): Map<number, Assigned> {
  const predicted = decode(logits, size);
  const overlapOf = (anchor: number, truth: number) => iou(predicted[anchor]!, truths[truth]!.box);
  const alignmentOf = (anchor: number, truth: number) =>
    Math.sqrt(sigmoid(logits[anchor]!.scores[truths[truth]!.classId]!)) * overlapOf(anchor, truth) ** 6;

  const owner = new Map<number, number>();
  for (const [truth, { box }] of truths.entries()) {
    const inside = anchorList(size).flatMap(({ x, y }, anchor) =>
      x > box[0] && x < box[2] && y > box[1] && y < box[3] && alignmentOf(anchor, truth) > 0 ? [anchor] : [],
    );
    const best = inside.sort((a, b) => alignmentOf(b, truth) - alignmentOf(a, truth) || a - b).slice(0, 10);
    for (const anchor of best) {
      const before = owner.get(anchor);
      if (before === undefined || overlapOf(anchor, truth) > overlapOf(anchor, before))
        owner.set(anchor, truth);
    }
  }
  const assigned = new Map<number, Assigned>();
  for (const truth of truths.keys()) {
    const own = [...owner].flatMap(([anchor, owned]) => (owned === truth ? [anchor] : []));
    const best = Math.max(...own.map((anchor) => alignmentOf(anchor, truth)));
    const widest = Math.max(...own.map((anchor) => overlapOf(anchor, truth)));
    for (const anchor of own)
      assigned.set(anchor, { truth, target: (alignmentOf(anchor, truth) / best) * widest });
  }
  return assigned;
}

export interface Picture {
  readonly logits: readonly AnchorLogits[];
  readonly truths: readonly Truth[];
}

/** What the gradient takes as given: the assignment, and the weight of the aspect ratio at each assigned anchor. */
export interface Given {
  readonly assigned: ReadonlyMap<number, Assigned>;
  readonly alphas: ReadonlyMap<number, number>;
}

export function given({ logits, truths }: Picture, size: number): Given {
  const assigned = assign(logits, truths, size);
  const boxes = decode(logits, size);
  const alphas = [...assigned].map(
    ([anchor, { truth }]) => [anchor, aspectWeight(boxes[anchor]!, truths[truth]!.box)] as const,
  );
  return { assigned, alphas: new Map(alphas) };
}

/** The three losses of a batch, without gains. */
export function losses(
  pictures: readonly Picture[],
  size: number,
  fixed = pictures.map((p) => given(p, size)),
) {
  let [box, cls, dfl, total] = [0, 0, 0, 0];
  for (const [n, { logits, truths }] of pictures.entries()) {
    const { assigned, alphas } = fixed[n]!;
    const boxes = decode(logits, size);
    for (const [i, anchor] of anchorList(size).entries()) {
      const own = assigned.get(i);
      for (const [classId, logit] of logits[i]!.scores.entries())
        cls += crossEntropy(logit, own && truths[own.truth]!.classId === classId ? own.target : 0);
      if (own === undefined) continue;
      const truth = truths[own.truth]!.box;
      const toSides = [anchor.x - truth[0], anchor.y - truth[1], truth[2] - anchor.x, truth[3] - anchor.y];
      const distances = toSides.map((d) => d / anchor.stride);
      total += own.target;
      box += own.target * (1 - completeIou(boxes[i]!, truth, alphas.get(i)!));
      dfl += own.target * distributionLoss(logits[i]!.distances, distances);
    }
  }
  const count = Math.max(1, total);
  return { box: box / count, cls: cls / count, dfl: dfl / count };
}
