// Which anchors learn which boxes: the task-aligned assigner (Feng et al. 2021, TOOD, section 3.2), as a part of the graph.
import {
  add,
  and,
  cast,
  concat,
  constant,
  div,
  equal,
  gatherElements,
  greater,
  less,
  matmul,
  max,
  maximum,
  minimum,
  mul,
  relu,
  reshape,
  scatterMax,
  scatterMin,
  sigmoid,
  split,
  sqrt,
  stopGradient,
  sub,
  topK,
  transpose,
  type Value,
  where,
  zeros,
} from '../../autodiff/index.ts';
import { strides } from './anchors.ts';

/** Anchors that one box may have, the best aligned. */
const mostAnchors = 10;

/** M boxes a picture, the real ones and what fills the rest. */
export interface Truths {
  /** [N, M, 4]: x1, y1, x2, y2 in pixels; finite, also where nothing is. */
  readonly boxes: Value;
  /** int64 [N, M], 0 .. classes - 1, also where nothing is. */
  readonly classes: Value;
  /** [N, M]: 1 for a box, 0 for none. */
  readonly valid: Value;
}

/** K candidates for each box, K = min(10, A): candidate m * K + k of a picture is for its box m. */
export interface Assignment {
  /** int64 [N, M * K]: the anchor. No two candidates with a target above 0 share one. */
  readonly anchors: Value;
  /** [N, M * K]: the score that this anchor should have for the box's class; 0 for what is no candidate. */
  readonly targets: Value;
}

/**
 * The alignment of an anchor with a box is t = s^0.5 * u^6, with s its score for the box's class and u the IoU of what it
 * predicts with the box. Candidates of a box are the 10 best aligned of the anchors whose centres lie inside it; an anchor
 * that is a candidate of several boxes goes to the one it overlaps most, of equals to the first. Its target is t,
 * scaled so that the largest of each box equals the largest IoU among its anchors.
 * predicted: [N, A, 4] in pixels, scores: logits [N, A, classes]. No gradient flows.
 */
export function assign(predicted: Value, scores: Value, truths: Truths, size: number): Assignment {
  const [n, most] = truths.valid.type.shape as [number, number];
  const count = predicted.type.shape[1]!;
  const perBox = Math.min(mostAnchors, count);
  const flat = (x: Value) => reshape(x, [n, most * perBox]);

  const overlaps = overlap(stopGradient(predicted), truths.boxes); // [N, M, A]
  const near = mul(scoreRoots(stopGradient(scores), truths), insideBoxes(truths.boxes, size));
  const best = topK(mul(near, sixthPower(overlaps)), perBox); // [N, M, K]
  const anchors = flat(best.indices);
  const candidates = {
    anchors,
    alignments: flat(best.values),
    overlaps: flat(gatherElements(overlaps, best.indices, 2)),
  };
  const kept = keptCandidates(candidates, most, count);

  const among = (x: Value) => reshape(mul(x, kept), [n, most, perBox]);
  const largest = (x: Value) => max(x, { axes: [2], keepDims: true });
  const alignments = among(candidates.alignments);
  const share = div(alignments, maximum(largest(alignments), 1e-30));
  return { anchors, targets: flat(mul(share, largest(among(candidates.overlaps)))) };
}

interface Candidates {
  readonly anchors: Value;
  readonly alignments: Value;
  readonly overlaps: Value;
}

/** 1 for candidates that are real (aligned at all) and whose anchor goes to their box, else 0: [N, M * K]. */
function keptCandidates({ anchors, alignments, overlaps }: Candidates, most: number, count: number): Value {
  const [n, total] = anchors.type.shape as [number, number];
  const box = constant(
    Float32Array.from({ length: total }, (_, i) => Math.floor((i * most) / total)),
    [1, total],
  );
  const real = greater(alignments, 0);
  const own = where(real, overlaps, -1);
  const widest = scatterMax(zeros([n, count]), anchors, own, 1);
  const wins = and(real, equal(own, gatherElements(widest, anchors, 1)));
  // Of boxes that overlap alike the first.
  const nobody = constant(new Float32Array(n * count).fill(most), [n, count]);
  const first = scatterMin(nobody, anchors, where(wins, box, most), 1);
  return cast(and(wins, equal(box, gatherElements(first, anchors, 1))), 'float32');
}

/** The IoU of boxes [N, A, 4] and [N, M, 4] with each other: [N, M, A]. */
function overlap(predicted: Value, truths: Value): Value {
  const [left, top, right, bottom] = parts(transpose(predicted, [0, 2, 1]), 1); // [N, 1, A]
  const [x1, y1, x2, y2] = parts(truths, 2); // [N, M, 1]
  const width = relu(sub(minimum(right, x2), maximum(left, x1)));
  const height = relu(sub(minimum(bottom, y2), maximum(top, y1)));
  const both = mul(width, height);
  const areas = add(mul(sub(right, left), sub(bottom, top)), mul(sub(x2, x1), sub(y2, y1)));
  return div(both, add(sub(areas, both), 1e-7));
}

/** The four numbers of a box along an axis, which becomes 1. */
function parts(boxes: Value, axis: number): [Value, Value, Value, Value] {
  return split(boxes, [1, 1, 1, 1], axis) as [Value, Value, Value, Value];
}

/** The square root of each anchor's score for each box's class, 0 where no box is: [N, M, A]. */
function scoreRoots(scores: Value, { classes, valid }: Truths): Value {
  const [n, most] = valid.type.shape as [number, number];
  const names = constant([...Array(scores.type.shape[2]!).keys()], [1, 1, scores.type.shape[2]!], 'int64');
  const chosen = cast(equal(reshape(classes, [n, most, 1]), names), 'float32');
  return matmul(mul(chosen, reshape(valid, [n, most, 1])), sqrt(sigmoid(scores)), { transB: true });
}

/** 1 where an anchor's centre lies inside a box, else 0: [N, M, A]. Rows and columns of each scale by themselves. */
function insideBoxes(boxes: Value, size: number): Value {
  const [n, most] = boxes.type.shape as [number, number];
  const [x1, y1, x2, y2] = parts(boxes, 2);
  const scales = strides.map((stride) => {
    const cells = size / stride;
    const centres = constant(
      [...Array(cells).keys()].map((i) => (i + 0.5) * stride),
      [1, 1, cells],
    );
    const between = (low: Value, high: Value) =>
      cast(and(greater(centres, low), less(centres, high)), 'float32');
    const columns = reshape(between(x1, x2), [n, most, 1, cells]);
    const rows = reshape(between(y1, y2), [n, most, cells, 1]);
    return reshape(mul(rows, columns), [n, most, cells * cells]);
  });
  return concat(scales, 2);
}

function sixthPower(x: Value): Value {
  const squared = mul(x, x);
  return mul(mul(squared, squared), squared);
}
