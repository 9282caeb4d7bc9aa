// Gradients of reductions, softmax and normalisation layers.
import type { Node, Value } from '../graph.ts';
import type { ReduceAttrs } from '../ops/attributes.ts';
import {
  add,
  broadcastTo,
  cast,
  div,
  equal,
  exp,
  matmul,
  mean,
  mul,
  neg,
  perChannel,
  reciprocal,
  reshape,
  sqrt,
  square,
  sub,
  sum,
} from '../ops/build.ts';
import { elementCount, GraphError } from '../tensor.ts';
import type { GradientRule, GradientTable } from './rule.ts';

/** A reduced value with the reduced axes put back as 1. */
function keepDims(value: Value, x: Value, axes: readonly number[]): Value {
  return reshape(
    value,
    x.type.shape.map((n, i) => (axes.includes(i) ? 1 : n)),
  );
}

function spread(node: Node<'sum' | 'mean' | 'sumSquare'>, dy: Value): Value {
  const x = node.inputs[0]!;
  return broadcastTo(keepDims(dy, x, node.attributes.axes), x.type.shape);
}

function reducedCount(x: Value, { axes }: ReduceAttrs): number {
  return axes.reduce((count, axis) => count * x.type.shape[axis]!, 1);
}

/** Max and min: equal extremes share the gradient evenly, as PyTorch's amax does. */
const extreme: GradientRule<'max' | 'min'> = (node, [dy]) => {
  const x = node.inputs[0]!;
  const { axes } = node.attributes;
  const hit = cast(equal(x, keepDims(node.outputs[0]!, x, axes)), x.type.dtype);
  return [mul(div(hit, sum(hit, { axes, keepDims: true })), keepDims(dy!, x, axes))];
};

const indices = { none: 'its result is an index' };

export const reductionGradients: GradientTable<
  | 'sum'
  | 'mean'
  | 'max'
  | 'min'
  | 'sumSquare'
  | 'argMax'
  | 'softmax'
  | 'logSoftmax'
  | 'batchNorm'
  | 'groupNorm'
  | 'layerNorm'
> = {
  sum: (node, [dy]) => [spread(node, dy!)],
  mean: (node, [dy]) => [spread(node, mul(dy!, 1 / reducedCount(node.inputs[0]!, node.attributes)))],
  max: extreme as GradientRule<'max'>,
  min: extreme as GradientRule<'min'>,
  sumSquare: (node, [dy]) => [
    mul(mul(node.inputs[0]!, 2), keepDims(dy!, node.inputs[0]!, node.attributes.axes)),
  ],
  argMax: indices,
  softmax: ({ outputs: [y], attributes: { axis } }, [dy]) => {
    const weighted = mul(dy!, y!);
    return [sub(weighted, mul(y!, sum(weighted, { axes: [axis], keepDims: true })))];
  },
  logSoftmax: ({ outputs: [y], attributes: { axis } }, [dy]) => [
    sub(dy!, mul(exp(y!), sum(dy!, { axes: [axis], keepDims: true }))),
  ],
  batchNorm: (node, dy) => {
    refuseStatistics('batchNorm', dy);
    const [x, scale] = node.inputs as [Value, Value, Value];
    const { shape } = x.type;
    // What a channel has is [1, C, 1, 1] throughout, as the maps want it.
    const [gain, average, variance] = [scale, node.outputs[1]!, node.outputs[2]!].map((v) =>
      perChannel(v, x),
    ) as [Value, Value, Value];
    const inverse = reciprocal(sqrt(add(variance, node.attributes.eps)));
    const others = shape.flatMap((_, i) => (i === 1 ? [] : [i]));
    const dyTotal = sum(dy[0]!, { axes: others, keepDims: true });
    const dyx = channelProducts(x, dy[0]!);
    const dScale = mul(inverse, sub(sum(dyx, { axes: [0], keepDims: true }), mul(average, dyTotal)));
    // dx = a * dy + b * x + c
    const a = mul(gain, inverse);
    const share = mul(a, -shape[1]! / elementCount(shape));
    const b = mul(share, mul(inverse, dScale));
    const c = sub(mul(share, dyTotal), mul(b, average));
    const dx = add(mul(dy[0]!, a), add(mul(x, b), c));
    return [dx, reshape(dScale, scale.type.shape), reshape(dyTotal, scale.type.shape)];
  },
  groupNorm: (node, dy) => {
    refuseStatistics('groupNorm', dy);
    const [x, scale] = node.inputs as [Value, Value, Value];
    const [, average, inverse] = node.outputs as [Value, Value, Value]; // [N, G]
    const { groups } = node.attributes;
    const [n, channels, ...rest] = x.type.shape as [number, number, ...number[]];
    const each = channels / groups;
    const count = each * elementCount(rest);
    const perGroup = (v: Value) => reshape(v, [n, groups, 1]);
    const grouped = (v: Value) => reshape(v, [v.type.shape.length === 1 ? 1 : n, groups, each]);
    const dyx = grouped(reshape(channelProducts(x, dy[0]!), [n, channels]));
    const dyTotal = grouped(sum(reshape(dy[0]!, [n, channels, -1]), { axes: [2] }));
    const centred = mul(sub(dyx, mul(perGroup(average), dyTotal)), perGroup(inverse)); // sum of dy * xhat, [N, G, C/G]
    const dScale = reshape(sum(centred, { axes: [0] }), [channels]);
    const dBias = reshape(sum(dyTotal, { axes: [0] }), [channels]);
    const gain = grouped(scale); // [1, G, C/G]
    const meanDy = mul(sum(mul(gain, dyTotal), { axes: [2], keepDims: true }), 1 / count); // of dy * scale, [N, G, 1]
    const meanDyXhat = mul(sum(mul(gain, centred), { axes: [2], keepDims: true }), 1 / count);
    // dx = inverse * (scale * dy - meanDy - xhat * meanDyXhat), xhat = (x - average) * inverse
    const a = reshape(mul(gain, perGroup(inverse)), [n, channels]);
    const b = mul(square(perGroup(inverse)), meanDyXhat);
    const c = sub(mul(b, perGroup(average)), mul(perGroup(inverse), meanDy));
    const perChannel = (v: Value) => reshape(broadcastTo(v, [n, groups, each]), [n, channels]);
    return [affine(x, dy[0]!, a, perChannel(b), perChannel(c)), dScale, dBias];
  },
  layerNorm: (node, dy) => {
    refuseStatistics('layerNorm', dy);
    const [x, scale] = node.inputs as [Value, Value, Value];
    const [, average, inverse] = node.outputs as [Value, Value, Value];
    const normal = mul(sub(x, average), inverse);
    const rows = x.type.shape.map((_, i) => i).slice(0, -1);
    const gained = mul(dy[0]!, scale);
    const meanOf = (v: Value) => mean(v, { axes: [-1], keepDims: true });
    const dx = mul(inverse, sub(sub(gained, meanOf(gained)), mul(normal, meanOf(mul(gained, normal)))));
    return [dx, sum(mul(dy[0]!, normal), { axes: rows }), sum(dy[0]!, { axes: rows })];
  },
};

function refuseStatistics(op: string, dy: readonly (Value | undefined)[]): void {
  if (dy[1] || dy[2])
    throw new GraphError(`${op}: its statistics carry no gradient; use stopGradient on them`);
}

/** Pixels of maps so small that a map of products costs less than a dot product for each of their many channels. */
const FEW_PIXELS = 400;

/** The sum of dy * x over all but the first two axes: [N, C, 1, 1]. */
function channelProducts(x: Value, dy: Value): Value {
  const [n, channels, ...rest] = x.type.shape as [number, number, ...number[]];
  if (elementCount(rest) <= FEW_PIXELS)
    return sum(mul(dy, x), { axes: rest.map((_, i) => i + 2), keepDims: true });
  const rowsOf = (v: Value) => reshape(v, [n * channels, 1, -1]);
  const products = matmul(rowsOf(dy), rowsOf(x), { transB: true });
  return reshape(products, [n, channels, ...rest.map(() => 1)]);
}

/** a * dy - b * x + c with coefficients per [N or 1, C]. */
function affine(x: Value, dy: Value, a: Value, b: Value, c: Value): Value {
  const ones = x.type.shape.slice(2).map(() => 1);
  const wide = (v: Value) => reshape(v, [...v.type.shape, ...ones]);
  return add(mul(dy, wide(a)), add(mul(x, wide(neg(b))), wide(c)));
}
