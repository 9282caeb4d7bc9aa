// Rewrites ops that ONNX lacks, or that ONNX Runtime runs slowly, into ones that it has and runs fast.
import type { Graph, Node, Value } from '../graph.ts';
import type { OpName, Pads } from '../ops/attributes.ts';
import {
  abs,
  add,
  constant,
  conv2d,
  div,
  gather,
  log,
  matmul,
  mean,
  mul,
  reciprocal,
  relu,
  reshape,
  sigmoid,
  slice,
  sqrt,
  sub,
  transpose,
} from '../ops/build.ts';
import { apply } from '../ops/infer.ts';
import { rewrite, simplify } from '../rewrite.ts';
import { mixBeforeResize } from '../upsampled-conv.ts';
import { lowerConvWeightGrad, mirroredPads } from './conv-weight-gradient.ts';
import { withoutTrailingOnes } from './trailing-ones.ts';

/**
 * What the graph is lowered for. 'portable' uses standard ONNX ops alone and no training mode, which only the CPU has;
 * 'cpu' uses what ONNX Runtime runs fastest there.
 */
export type Target = 'portable' | 'cpu';

/** A simplified graph of ops that emit.ts can write. */
export function lower(graph: Graph, target: Target): Graph {
  const table: Lowerings = { ...lowerings, ...(target === 'cpu' ? cpuLowerings : portableLowerings) };
  const rule = (node: Node) =>
    (table[node.op] as Lowering<OpName> | undefined)?.(node as never) ??
    (target === 'cpu' ? withoutTrailingOnes(node) : undefined);
  const cheaper = rewrite(simplify(graph), mixBeforeResize);
  // A lowering may use an op that is lowered itself.
  return simplify(rewrite(rewrite(cheaper, rule), rule));
}

type Lowering<K extends OpName> = (node: Node<K>) => readonly Value[] | undefined;
type Lowerings = { readonly [K in OpName]?: Lowering<K> };

const lowerings: Lowerings = {
  stopGradient: (node) => node.inputs,
  silu: ({ inputs: [x] }) => [mul(x!, sigmoid(x!))],
  groupNorm: lowerGroupNorm,
  convTranspose: lowerConvTranspose,
  convWeightGrad: (node) => [lowerConvWeightGrad(node)],
  resize: lowerResize,
};

const cpuLowerings: Lowerings = {
  // ONNX Runtime writes the batch's statistics over the memory of the running ones (inputs 4 and 5), even when these are
  // constants that other nodes read. So each node gets memory of its own, whose numbers count for nothing at momentum 0.
  batchNorm: (node) => {
    const [x, scale, bias, given] = node.inputs as [Value, Value, Value, Value?];
    if (given) return undefined;
    const axes = x.type.shape.flatMap((_, i) => (i === 1 ? [] : [i]));
    const firsts = slice(x, { axes, starts: axes.map(() => 0), ends: axes.map(() => 1) });
    const scratch = (factor: number) => mul(reshape(firsts, scale.type.shape), factor);
    return apply('batchNorm', [x, scale, bias, scratch(0.5), scratch(0.25)], node.attributes).outputs;
  },
  // max(x, 0) - log(sigmoid(|x|)): its five parts are vectorised, ONNX Runtime's Softplus goes number by number.
  softplus: ({ inputs: [x] }) => [sub(relu(x!), log(sigmoid(abs(x!))))],
};

const portableLowerings: Lowerings = {
  matmul: ({ inputs: [a, b], attributes: { transA, transB } }) => {
    const turned = (v: Value) =>
      transpose(
        v,
        [...v.type.shape.keys()].slice(0, -2).concat(v.type.shape.length - 1, v.type.shape.length - 2),
      );
    return transA || transB ? [matmul(transA ? turned(a!) : a!, transB ? turned(b!) : b!)] : undefined;
  },
  batchNorm: ({ inputs: [x, scale, bias], attributes: { eps } }) => {
    const { shape } = x!.type;
    const axes = shape.flatMap((_, i) => (i === 1 ? [] : [i]));
    const wide = (v: Value) =>
      reshape(
        v,
        shape.map((n, i) => (i === 1 ? n : 1)),
      );
    const average = mean(x!, { axes });
    const centred = sub(x!, wide(average));
    const variance = mean(mul(centred, centred), { axes });
    const gain = div(scale!, sqrt(add(variance, eps)));
    return [add(mul(centred, wide(gain)), wide(bias!)), average, variance];
  },
};

/**
 * Nearest neighbours at a factor that is no whole number, by their indices: ONNX Runtime divides by a rounded float32
 * factor and so takes a pixel too early at some sizes (14 -> 2 takes pixel 6, not 7).
 */
function lowerResize(node: Node<'resize'>): readonly Value[] | undefined {
  const [x] = node.inputs as [Value];
  const { height, width, mode } = node.attributes;
  const [, , inHeight, inWidth] = x.type.shape as [number, number, number, number];
  if (mode === 'bilinear' || (height % inHeight === 0 && width % inWidth === 0)) return undefined;
  const sources = (from: number, to: number) =>
    constant(
      Array.from({ length: to }, (_, o) => Math.floor((o * from) / to)),
      [to],
      'int64',
    );
  return [gather(gather(x, sources(inHeight, height), 2), sources(inWidth, width), 3)];
}

/**
 * Statistics through BatchNormalization over [1, N * G, C / G * H * W], then one multiply and one add per channel.
 */
function lowerGroupNorm(node: Node<'groupNorm'>): readonly Value[] {
  const [x, scale, bias] = node.inputs as [Value, Value, Value];
  const { groups, eps } = node.attributes;
  const [n, channels, ...rest] = x.type.shape as [number, number, ...number[]];
  const { dtype } = x.type;
  const fill = (value: number) => constant(new Array<number>(n * groups).fill(value), [n * groups], dtype);
  const flat = reshape(x, [1, n * groups, -1]);
  const [, average, variance] = apply('batchNorm', [flat, fill(1), fill(0)], { eps }).outputs as [
    Value,
    Value,
    Value,
  ];
  const inverse = reciprocal(sqrt(add(variance, eps)));
  const perGroup = (v: Value) => reshape(v, [n, groups, 1]);
  const perChannel = (v: Value) => reshape(v, [1, groups, channels / groups]);
  const gain = mul(perGroup(inverse), perChannel(scale));
  const shift = sub(perChannel(bias), mul(gain, perGroup(average)));
  const wide = (v: Value) => reshape(v, [n, channels, ...rest.map(() => 1)]);
  return [add(mul(x, wide(gain)), wide(shift)), reshape(average, [n, groups]), reshape(inverse, [n, groups])];
}

/** At stride 1 a transposed convolution is a convolution with the kernel turned around and its channels swapped. */
function lowerConvTranspose(node: Node<'convTranspose'>): readonly Value[] | undefined {
  const [x, w, bias] = node.inputs as [Value, Value, Value?];
  const { stride, pads, dilation, groups, outputPads } = node.attributes;
  if (stride[0] !== 1 || stride[1] !== 1) return undefined;
  const [inChannels, outPerGroup, kh, kw] = w.type.shape as [number, number, number, number];
  const taps = reshape(w, [groups, inChannels / groups, outPerGroup, kh * kw]);
  const turned = turnedAround(transpose(taps, [0, 2, 1, 3]));
  const swapped = reshape(turned, [groups * outPerGroup, inChannels / groups, kh, kw]);
  const [top, left, bottom, right] = mirroredPads([kh, kw], dilation, pads);
  const own: Pads = [top, left, bottom + outputPads[0], right + outputPads[1]];
  if (own.some((p) => p < 0)) return undefined;
  return [conv2d(x, swapped, { pad: own, dilation, groups, ...(bias && { bias }) })];
}

/** The last axis in reverse, as a product with a permutation matrix: six times as fast as a Slice with step -1. */
function turnedAround(x: Value): Value {
  const n = x.type.shape.at(-1)!;
  const reversal = new Array<number>(n * n).fill(0);
  for (let i = 0; i < n; i++) reversal[i * n + n - 1 - i] = 1;
  return n === 1 ? x : matmul(x, constant(reversal, [n, n], x.type.dtype));
}
