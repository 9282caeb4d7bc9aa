// Gradients of ops that move elements without changing them.
import type { Value } from '../graph.ts';
import {
  broadcastTo,
  flip,
  gatherElements,
  pad,
  reshape,
  scatterAdd,
  slice,
  transpose,
  zeros,
} from '../ops/build.ts';
import { applyOne } from '../ops/infer.ts';
import { GraphError } from '../tensor.ts';
import type { GradientTable } from './rule.ts';

export const shapeGradients: GradientTable<
  | 'reshape'
  | 'transpose'
  | 'broadcastTo'
  | 'concat'
  | 'slice'
  | 'pad'
  | 'gather'
  | 'gatherElements'
  | 'scatterElements'
  | 'topK'
  | 'nonMaxSuppression'
> = {
  reshape: (node, [dy]) => [reshape(dy!, node.inputs[0]!.type.shape)],
  transpose: (node, [dy]) => {
    const inverse = new Array<number>(node.attributes.perm.length);
    for (const [i, p] of node.attributes.perm.entries()) inverse[p] = i;
    return [transpose(dy!, inverse)];
  },
  broadcastTo: (_, [dy]) => [dy],
  concat: (node, [dy], needed) => {
    let start = 0;
    return node.inputs.map((part, i) => {
      const { axis } = node.attributes;
      const end = start + part.type.shape[axis]!;
      const piece = needed[i] ? slice(dy!, { axes: [axis], starts: [start], ends: [end] }) : undefined;
      start = end;
      return piece;
    });
  },
  slice: (node, [dy]) => {
    const { starts, steps } = node.attributes;
    let g = dy!;
    const backwards = steps.flatMap((step, i) => (step < 0 ? [i] : []));
    if (backwards.length > 0) g = flip(g, backwards);
    for (const [axis, step] of steps.entries())
      if (Math.abs(step) > 1) g = spreadApart(g, axis, Math.abs(step));
    const { shape } = node.inputs[0]!.type;
    const before = shape.map((_, i) => (steps[i]! > 0 ? starts[i]! : starts[i]! - (g.type.shape[i]! - 1)));
    return [
      pad(
        g,
        before,
        shape.map((n, i) => n - before[i]! - g.type.shape[i]!),
      ),
    ];
  },
  pad: (node, [dy]) => {
    const { before } = node.attributes;
    const { shape } = node.inputs[0]!.type;
    const ends = shape.map((n, i) => before[i]! + n);
    return [slice(dy!, { axes: shape.map((_, i) => i), starts: before, ends })];
  },
  gather: (node, [dy]) => {
    const [x, indices] = node.inputs as [Value, Value];
    const { axis } = node.attributes;
    const { shape } = x.type;
    const leading = shape.slice(0, axis);
    const trailing = shape.slice(axis + 1);
    const flat = reshape(dy!, [...leading, -1, ...trailing]);
    const alongAxis = reshape(indices, [...leading.map(() => 1), -1, ...trailing.map(() => 1)]);
    return [
      scatterAdd(zeros(shape, x.type.dtype), broadcastTo(alongAxis, flat.type.shape), flat, axis),
      undefined,
    ];
  },
  gatherElements: (node, [dy]) => {
    const [x, indices] = node.inputs as [Value, Value];
    return [scatterAdd(zeros(x.type.shape, x.type.dtype), indices, dy!, node.attributes.axis), undefined];
  },
  scatterElements: (node, [dy], needed) => {
    const [, indices, updates] = node.inputs as [Value, Value, Value];
    const { axis, reduction } = node.attributes;
    if (reduction === 'max' || reduction === 'min')
      throw new GraphError(
        `scatterElements: the ${reduction} of updates carries no gradient; use stopGradient`,
      );
    const kept = () =>
      reduction === 'add'
        ? dy!
        : applyOne('scatterElements', [dy!, indices, zeros(updates.type.shape, dy!.type.dtype)], {
            axis,
            reduction,
          });
    return [
      needed[0] ? kept() : undefined,
      undefined,
      needed[2] ? gatherElements(dy!, indices, axis) : undefined,
    ];
  },
  topK: (node, [dy]) => {
    const x = node.inputs[0]!;
    return [scatterAdd(zeros(x.type.shape, x.type.dtype), node.outputs[1]!, dy!, node.attributes.axis)];
  },
  nonMaxSuppression: { none: 'its result is indices' },
};

/** Puts step - 1 zeros between neighbours along an axis: length n becomes (n - 1) * step + 1. */
function spreadApart(x: Value, axis: number, step: number): Value {
  const { shape } = x.type;
  const n = shape[axis]!;
  const split = reshape(x, [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]);
  const none = split.type.shape.map(() => 0);
  const wide = pad(
    split,
    none,
    none.map((_, i) => (i === axis + 1 ? step - 1 : 0)),
  );
  const joined = reshape(
    wide,
    shape.map((m, i) => (i === axis ? m * step : m)),
  );
  return slice(joined, { axes: [axis], starts: [0], ends: [(n - 1) * step + 1] });
}
