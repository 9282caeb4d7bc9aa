// Anchors: the centres of the cells at which the network predicts, and how its distances become boxes.
import {
  add,
  concat,
  constant,
  matmul,
  mul,
  reshape,
  slice,
  softmax,
  sub,
  type Value,
} from '../../autodiff/index.ts';

/** Pixels of the picture that one step in each map spans. */
export const strides = [8, 16, 32] as const;

/** A distance is a distribution over 0, 1, ... 15 strides (Li et al. 2020, generalised focal loss). */
export const bins = 16;

/** Both by anchor: the finest scale first, row by row. */
export interface Anchors {
  readonly count: number;
  /** [A, 2]: x and y of the centre, in pixels. */
  readonly centres: Float32Array;
  /** [A] */
  readonly strides: Float32Array;
}

/** The anchors of a picture of size x size pixels; `size` is divisible by 32. */
export function anchorsOf(size: number): Anchors {
  const rows = strides.flatMap((stride) => {
    const cells = [...Array(size / stride).keys()].map((i) => (i + 0.5) * stride);
    return cells.flatMap((y) => cells.map((x) => ({ x, y, stride })));
  });
  return {
    count: rows.length,
    centres: Float32Array.from(rows.flatMap(({ x, y }) => [x, y])),
    strides: Float32Array.from(rows.map(({ stride }) => stride)),
  };
}

/** The mean of each distance's distribution: logits [..., 4 * bins] -> [..., 4], in strides. */
export function expectedDistances(logits: Value): Value {
  const leading = logits.type.shape.slice(0, -1);
  const chances = softmax(reshape(logits, [...leading, 4, bins]));
  const positions = constant([...Array(bins).keys()], [bins, 1]);
  return reshape(matmul(reshape(chances, [-1, bins]), positions), [...leading, 4]);
}

/**
 * Corners from distances [..., A, 4] in strides, centres [..., A, 2] in pixels and strides [..., A, 1]:
 * [..., A, 4] as x1, y1, x2, y2 in pixels.
 */
export function boxesAround(centres: Value, distances: Value, stride: Value): Value {
  const axis = distances.type.shape.length - 1;
  const part = (start: number) => slice(distances, { axes: [axis], starts: [start], ends: [start + 2] });
  return concat([sub(centres, mul(part(0), stride)), add(centres, mul(part(2), stride))], axis);
}

/** The boxes of all anchors from the logits of their distances, [N, A, 4 * bins] -> [N, A, 4] in pixels. */
export function decodedBoxes(logits: Value, { count, centres, strides: spans }: Anchors): Value {
  return boxesAround(
    constant(centres, [1, count, 2]),
    expectedDistances(logits),
    constant(spans, [1, count, 1]),
  );
}
