// The detector that is served: from the pixels of a letterboxed picture to its objects, in one ONNX model.
import {
  add,
  argMax,
  cast,
  clip,
  constant,
  equal,
  type Graph,
  gather,
  greaterOrEqual,
  mul,
  nonMaxSuppression,
  reshape,
  split,
  sum,
  topK,
  trace,
  transpose,
  type Value,
  where,
} from '../../autodiff/index.ts';
import { candidatesOf } from './candidate-graph.ts';
import { pixelInput, type YoloNetwork } from './network.ts';

/** Objects that a picture may have. */
export const mostDetections = 300;

/**
 * pixels uint8 [1, S, S, 3], conf float32 [1] and iou float32 [1], both 0..1 -> the objects by falling confidence:
 * boxes [300, 4] (x1, y1, x2, y2 in pixels of the letterboxed picture), scores [300], classes int64 [300] and
 * count int64 [1], how many there are; the rows behind hold zeros and the class -1.
 * An anchor stands for its best class alone. Boxes of a class that overlap a better one by more than `iou` fall; a score must
 * be above `conf`. The weights are constants of the graph, and it uses standard ops alone.
 */
export function detectionGraph(network: YoloNetwork, size: number): Graph {
  return trace(network.parameters, {
    inputs: { pixels: pixelInput(1, size), conf: { shape: [1] }, iou: { shape: [1] } },
    build: (s, { pixels, conf, iou }) => detectionsOf(candidatesOf(network.head(s, pixels), size), conf, iou),
  });
}

/** boxes [1, A, 4] and scores [1, A, C] in 0..1 -> the outputs of `detectionGraph`. */
export function detectionsOf(
  { boxes, scores }: { readonly boxes: Value; readonly scores: Value },
  conf: Value,
  iou: Value,
): Record<'boxes' | 'scores' | 'classes' | 'count', Value> {
  const [, anchors, classes] = scores.type.shape as [number, number, number];
  const perClass = bestClassAlone(scores);
  // One class an anchor, so no more than the anchors there are.
  const count = Math.max(mostDetections, Math.min(anchors, classes * mostDetections));
  const kept = nonMaxSuppression(boxes, perClass, { score: conf, iou, perClass: mostDetections, count });
  const [, classOf, boxOf] = split(kept, [1, 1, 1], 1).map((column) => reshape(column, [count])) as [
    Value,
    Value,
    Value,
  ];
  const real = greaterOrEqual(boxOf, constant([0], [], 'int64'));
  const inside = clip(boxOf, 0, anchors - 1);
  const place = add(mul(clip(classOf, 0, classes - 1), anchors), inside);
  const confidences = where(real, gather(reshape(perClass, [-1]), place), -1);
  const best = topK(confidences, mostDetections);
  const found = greaterOrEqual(best.values, 0);
  const column = reshape(found, [mostDetections, 1]);
  return {
    boxes: where(column, gather(reshape(boxes, [anchors, 4]), gather(inside, best.indices)), 0),
    scores: where(found, best.values, 0),
    classes: gather(classOf, best.indices),
    count: cast(reshape(sum(cast(found, 'float32')), [1]), 'int64'),
  };
}

/** scores [1, A, C] -> [1, C, A], 0 for all but the best class of an anchor (of equals the first). */
function bestClassAlone(scores: Value): Value {
  const [n, anchors, classes] = scores.type.shape as [number, number, number];
  const best = reshape(argMax(scores, 2), [n, 1, anchors]);
  const names = constant([...Array(classes).keys()], [1, classes, 1], 'int64');
  return where(equal(best, names), transpose(scores, [0, 2, 1]), 0);
}
