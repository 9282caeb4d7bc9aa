// The training loss of the detector, with the assignment of anchors to boxes inside the graph.
import {
  add,
  broadcastTo,
  concat,
  constant,
  div,
  gather,
  type InputTypes,
  maximum,
  mul,
  reshape,
  type Scope,
  split,
  sub,
  sum,
  type Value,
} from '../../autodiff/index.ts';
import { anchorsOf, bins, boxesAround, decodedBoxes, expectedDistances } from './anchors.ts';
import { assign, type Truths } from './assigner.ts';
import type { Head } from './head.ts';
import { completeIou, crossEntropy, distributionLoss } from './losses.ts';
import { pixelInput, type YoloNetwork } from './network.ts';

/** How much each loss counts. */
export interface Gains {
  readonly box: number;
  readonly cls: number;
  readonly dfl: number;
}

export const defaultGains: Gains = { box: 7.5, cls: 0.5, dfl: 1.5 };

/**
 * What a step is fed: pixels uint8 [N, S, S, 3]; of `maxBoxes` boxes a picture boxes [N, M, 4] (x1, y1, x2, y2 in pixels of
 * the sample), classes int64 [N, M] and valid [N, M], 1 for a box and 0 for none; rows of no box hold zeros.
 */
export function trainingInputs(batch: number, size: number, maxBoxes: number) {
  return {
    pixels: pixelInput(batch, size),
    boxes: { shape: [batch, maxBoxes, 4] },
    classes: { shape: [batch, maxBoxes], dtype: 'int64' },
    valid: { shape: [batch, maxBoxes] },
  } as const satisfies InputTypes;
}

/**
 * The build function of a TrainStep over `trainingInputs`. Each loss is a sum over the batch divided by the sum of the
 * target scores (at least 1); `outputs` are the three with their gains. `loss` is their sum times the batch size, as is
 * usual for this family, so that learning rates known from elsewhere fit a batch of any size.
 */
export function trainingLoss(
  network: YoloNetwork,
  { size, maxBoxes, gains = defaultGains }: { size: number; maxBoxes: number; gains?: Gains },
) {
  return (s: Scope, { pixels, boxes, classes, valid }: Readonly<Record<string, Value>>) => {
    const truths = { boxes: boxes!, classes: classes!, valid: valid! };
    const batch = pixels!.type.shape[0]!;
    if (truths.valid.type.shape[1] !== maxBoxes)
      throw new Error(`internal: expected ${maxBoxes} boxes a picture, got ${truths.valid.type.shape[1]}`);
    const parts = headLosses(network.head(s, pixels!), truths, size);
    const outputs = {
      box: mul(parts.box, gains.box),
      cls: mul(parts.cls, gains.cls),
      dfl: mul(parts.dfl, gains.dfl),
    };
    return { loss: mul(add(add(outputs.box, outputs.cls), outputs.dfl), batch), outputs };
  };
}

/** The three losses without gains, scalars. */
export function headLosses(head: Head, truths: Truths, size: number): Record<keyof Gains, Value> {
  const anchors = anchorsOf(size);
  const predicted = decodedBoxes(head.distances, anchors);
  const assignment = assign(predicted, head.scores, truths, size);
  const hits = hitsOf(head, truths, assignment.anchors, size);
  const targets = reshape(assignment.targets, [-1]);
  const total = maximum(sum(targets), 1);
  const perTarget = (loss: Value) => div(sum(mul(reshape(loss, [-1]), targets)), total);
  const boxes = boxesAround(hits.centres, expectedDistances(hits.logits), hits.strides);
  return {
    box: perTarget(sub(1, completeIou(boxes, hits.boxes))),
    cls: div(crossEntropy(head.scores, hits.scores, targets), total),
    dfl: perTarget(distributionLoss(hits.logits, hits.distances)),
  };
}

/** The candidates of all boxes, R = N * M * K of them: what is predicted at their anchors, and what should be. */
interface Hits {
  /** [R, 4 * bins] */
  readonly logits: Value;
  /** [R]: the logit of the box's class. */
  readonly scores: Value;
  /** [R, 2] and [R, 1], in pixels. */
  readonly centres: Value;
  readonly strides: Value;
  /** [R, 4] in pixels: the box. */
  readonly boxes: Value;
  /** [R, 4] in strides: from the anchor to the sides of the box. */
  readonly distances: Value;
}

/** anchors: int64 [N, M * K]. */
function hitsOf({ distances, scores }: Head, truths: Truths, anchors: Value, size: number): Hits {
  const [batch, count, classes] = scores.type.shape as [number, number, number];
  const [, candidates] = anchors.type.shape as [number, number];
  const perBox = candidates / truths.valid.type.shape[1]!;
  const rows = batch * candidates;
  const firsts = constant(
    [...Array(batch).keys()].map((n) => n * count),
    [batch, 1],
    'int64',
  );
  const places = reshape(add(anchors, firsts), [rows]);
  const ofBox = (x: Value) => repeated(x, perBox);
  const named = add(mul(places, classes), reshape(ofBox(reshape(truths.classes, [-1, 1])), [rows]));

  const table = anchorsOf(size);
  const anchor = reshape(anchors, [rows]);
  const centres = gather(constant(table.centres, [count, 2]), anchor);
  const strides = gather(constant(table.strides, [count, 1]), anchor);
  const boxes = ofBox(reshape(truths.boxes, [-1, 4]));
  const [first, last] = split(boxes, [2, 2], 1) as [Value, Value];
  return {
    logits: gather(reshape(distances, [batch * count, 4 * bins]), places),
    scores: gather(reshape(scores, [-1]), named),
    centres,
    strides,
    boxes,
    distances: div(concat([sub(centres, first), sub(last, centres)], 1), strides),
  };
}

/** Each row `times` times: [B, n] -> [B * times, n]. */
function repeated(x: Value, times: number): Value {
  const [rows, width] = x.type.shape as [number, number];
  return reshape(broadcastTo(reshape(x, [rows, 1, width]), [rows, times, width]), [rows * times, width]);
}
