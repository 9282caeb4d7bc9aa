// The head: two small branches at each scale, one for the distances to the four sides, one for the classes.
import {
  concat,
  conv2d,
  fill,
  kaimingUniform,
  reshape,
  type Scope,
  transpose,
  type Value,
} from '../../autodiff/index.ts';
import { bins, strides } from './anchors.ts';
import { convBlock } from './blocks.ts';

/** What the network says about each anchor, before softmax and sigmoid. */
export interface Head {
  /** [N, A, 4 * bins]: for each side (left, top, right, bottom) the logits of its distance, 0 to 15 strides. */
  readonly distances: Value;
  /** [N, A, classes] */
  readonly scores: Value;
}

interface Branch {
  readonly width: number;
  readonly out: number;
  /** What the last convolution begins with, at this stride. */
  readonly bias: (stride: number) => number;
}

/** maps: [N, C, S / stride, S / stride] at the strides of `anchors.ts`; `s` is the scope of the head. */
export function headOf(s: Scope, maps: readonly Value[], classes: number): Head {
  const finest = maps[0]!.type.shape[1]!;
  const boxes = { width: Math.max(16, Math.floor(finest / 4), 4 * bins), out: 4 * bins, bias: () => 1 };
  const scores = {
    width: Math.max(finest, Math.min(classes, 100)),
    out: classes,
    bias: (stride: number) => rareObjects(stride, classes),
  };
  const each = (at: Scope, layout: Branch) =>
    perAnchor(maps.map((map, i) => branch(at.at(i), map, layout, strides[i]!)));
  return { distances: each(s.at('cv2'), boxes), scores: each(s.at('cv3'), scores) };
}

/** Two 3x3 convolutions, and a 1x1 with a bias and no activation. */
function branch(s: Scope, map: Value, { width, out, bias }: Branch, stride: number): Value {
  const x = convBlock(s.at(0), map, { out: width, kernel: 3 });
  const y = convBlock(s.at(1), x, { out: width, kernel: 3 });
  const last = s.at(2);
  return conv2d(y, last.param('weight', [out, width, 1, 1], kaimingUniform), {
    bias: last.param('bias', [out], fill(bias(stride)), 'bias'),
  });
}

/** Maps [N, C, H, W] of all scales -> [N, A, C], the finest first, row by row. */
function perAnchor(maps: readonly Value[]): Value {
  const flat = maps.map((map) => reshape(map, [map.type.shape[0]!, map.type.shape[1]!, -1]));
  return transpose(concat(flat, 2), [0, 2, 1]);
}

/**
 * The logit at which a picture of 640 pixels holds five objects at each scale, of any class: otherwise the many empty
 * anchors dominate the first steps (Lin et al. 2017, section 3.3).
 */
function rareObjects(stride: number, classes: number): number {
  return Math.log(5 / classes / (640 / stride) ** 2);
}
