// The three losses of the detector: complete IoU and distribution focal loss for boxes, cross-entropy for classes.
import {
  abs,
  add,
  atan,
  clip,
  constant,
  div,
  logSoftmax,
  maximum,
  minimum,
  mul,
  neg,
  relu,
  reshape,
  softplus,
  split,
  square,
  stopGradient,
  sub,
  sum,
  type Value,
} from '../../autodiff/index.ts';
import { bins } from './anchors.ts';

/** Keeps a box without area from dividing by zero; in square pixels, so that it changes nothing else. */
const eps = 1e-7;

/**
 * Complete IoU (Zheng et al. 2020, eq. 10) of boxes [R, 4] and [R, 4] in pixels: IoU - d^2 / c^2 - alpha * v, with d the
 * distance of the centres, c the diagonal of the box around both and v the difference of the aspect ratios. [R, 1], -1.5..1.
 * As in the paper alpha carries no gradient.
 */
export function completeIou(predicted: Value, truth: Value): Value {
  const [a, b] = [rectangle(predicted), rectangle(truth)];
  const width = relu(sub(minimum(a.x2, b.x2), maximum(a.x1, b.x1)));
  const height = relu(sub(minimum(a.y2, b.y2), maximum(a.y1, b.y1)));
  const both = mul(width, height);
  const union = sub(add(mul(a.width, a.height), mul(b.width, b.height)), both);
  const iou = div(both, add(union, eps));
  const around = add(
    square(sub(maximum(a.x2, b.x2), minimum(a.x1, b.x1))),
    square(sub(maximum(a.y2, b.y2), minimum(a.y1, b.y1))),
  );
  // Twice the distance of the centres, hence the quarter.
  const apart = add(
    square(sub(add(a.x1, a.x2), add(b.x1, b.x2))),
    square(sub(add(a.y1, a.y2), add(b.y1, b.y2))),
  );
  const v = mul(square(sub(aspect(b), aspect(a))), 4 / Math.PI ** 2);
  const alpha = stopGradient(div(v, add(add(sub(1, iou), v), eps)));
  return sub(sub(iou, div(mul(apart, 0.25), add(around, eps))), mul(alpha, v));
}

interface Rectangle {
  readonly x1: Value;
  readonly y1: Value;
  readonly x2: Value;
  readonly y2: Value;
  readonly width: Value;
  readonly height: Value;
}

function rectangle(boxes: Value): Rectangle {
  const [x1, y1, x2, y2] = split(boxes, [1, 1, 1, 1], 1) as [Value, Value, Value, Value];
  return { x1, y1, x2, y2, width: sub(x2, x1), height: sub(y2, y1) };
}

/** The angle of the diagonal. */
function aspect({ width, height }: Rectangle): Value {
  return atan(div(width, add(height, eps)));
}

/**
 * Distribution focal loss (Li et al. 2020, eq. 6): the cross-entropy with the two whole numbers around a distance, each
 * weighted by its nearness; the mean over the four sides. logits: [R, 4 * bins], distances: [R, 4] in strides, taken as
 * 0 .. bins - 1. [R, 1]
 */
export function distributionLoss(logits: Value, distances: Value): Value {
  const rows = logits.type.shape[0]!;
  const chances = logSoftmax(reshape(logits, [rows, 4, bins]));
  const target = reshape(clip(distances, 0, bins - 1), [rows, 4, 1]);
  const positions = constant([...Array(bins).keys()], [1, 1, bins]);
  // A tent over the target: the weights of its two neighbours, 0 for all others.
  const weights = relu(sub(1, abs(sub(positions, target))));
  return mul(neg(sum(mul(chances, weights), { axes: [1, 2], keepDims: true })), 0.25);
}

/**
 * Binary cross-entropy of all logits [N, A, C] with targets that are 0 but for some: `hits` [...] are the logits at those
 * and `targets` [...] their targets. The sum over all, a scalar.
 */
export function crossEntropy(logits: Value, hits: Value, targets: Value): Value {
  return sub(sum(softplus(logits)), sum(mul(hits, targets)));
}
