// Rewrites ops that ONNX lacks, or that ONNX Runtime runs slowly, into ones that it has and runs fast.
import type { Graph, Node, Value } from '../graph.ts';
import type { OpName, Pads, Pair } from '../ops/attributes.ts';
import {
  add,
  concat,
  constant,
  conv2d,
  flip,
  matmul,
  mul,
  pad,
  reciprocal,
  reshape,
  sigmoid,
  slice,
  sqrt,
  sub,
  sum,
  transpose,
} from '../ops/build.ts';
import { apply } from '../ops/infer.ts';
import { rewrite, simplify } from '../rewrite.ts';

/** A simplified graph of ops that emit.ts can write. */
export function lower(graph: Graph): Graph {
  return simplify(
    rewrite(simplify(graph), (node) => (lowerings[node.op] as Lowering<OpName> | undefined)?.(node as never)),
  );
}

type Lowering<K extends OpName> = (node: Node<K>) => readonly Value[] | undefined;

const lowerings: { readonly [K in OpName]?: Lowering<K> } = {
  stopGradient: (node) => node.inputs,
  silu: ({ inputs: [x] }) => [mul(x!, sigmoid(x!))],
  groupNorm: lowerGroupNorm,
  convTranspose: lowerConvTranspose,
  convWeightGrad: (node) => [lowerConvWeightGrad(node)],
};

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
  const grouped = reshape(flip(w, [2, 3]), [groups, inChannels / groups, outPerGroup, kh, kw]);
  const swapped = reshape(transpose(grouped, [0, 2, 1, 3, 4]), [
    groups * outPerGroup,
    inChannels / groups,
    kh,
    kw,
  ]);
  const reachY = (kh - 1) * dilation[0];
  const reachX = (kw - 1) * dilation[1];
  const own = [
    reachY - pads[0],
    reachX - pads[1],
    reachY - pads[2] + outputPads[0],
    reachX - pads[3] + outputPads[1],
  ] as const;
  if (own.some((p) => p < 0)) return undefined;
  return [conv2d(x, swapped, { pad: own, dilation, groups, ...(bias && { bias }) })];
}

/**
 * dW of a convolution as matrix products over unfolded pixels: dW[o, c, i, j] = sum over n, y, x of
 * dy[n, o, y, x] * xpad[n, c, y * stride + i * dilation, x * stride + j * dilation].
 * Unfolding makes kh * kw shifted copies, so at stride 1 the side with fewer channels is unfolded: dy instead of x turns
 * every shift around, dW[o, c, i, j] = sum of x[n, c, u, v] * dypad[n, o, u - i * dilation + pad, v - j * dilation + pad].
 */
function lowerConvWeightGrad(node: Node<'convWeightGrad'>): Value {
  const [x, dy] = node.inputs as [Value, Value];
  const { kernel, stride, pads, dilation, groups } = node.attributes;
  const channels = x.type.shape[1]!;
  const [, outChannels, height, width] = dy.type.shape as [number, number, number, number];
  const plain = stride[0] === 1 && stride[1] === 1;
  const reach = [(kernel[0] - 1) * dilation[0], (kernel[1] - 1) * dilation[1]] as const;
  const turnedPads: Pads = [reach[0] - pads[0], reach[1] - pads[1], reach[0] - pads[2], reach[1] - pads[3]];
  const turned = plain && outChannels < channels && turnedPads.every((p) => p >= 0);
  if (!turned) {
    const columns = unfold(x, { kernel, dilation, stride, pads, size: [height, width], groups });
    return reshape(transpose(pairSum(dy, columns, groups), [0, 1, 3, 2]), [
      outChannels,
      channels / groups,
      ...kernel,
    ]);
  }
  const size: Pair = [x.type.shape[2]!, x.type.shape[3]!];
  const columns = unfold(dy, { kernel, dilation, stride, pads: turnedPads, size, groups });
  const product = pairSum(x, columns, groups); // [G, C/G, taps, O/G], taps turned around
  const weights = transpose(flip(product, [2]), [0, 3, 1, 2]);
  return reshape(weights, [outChannels, channels / groups, ...kernel]);
}

interface Unfold {
  readonly kernel: Pair;
  readonly dilation: Pair;
  readonly stride: Pair;
  readonly pads: Pads;
  /** Height and width of the result. */
  readonly size: Pair;
  readonly groups: number;
}

/** x: [N, C, H, W] -> [N, G, taps, C / G, area]: one shifted copy of x per tap of the kernel. */
function unfold(x: Value, { kernel, dilation, stride, pads, size, groups }: Unfold): Value {
  const [n, channels] = x.type.shape as [number, number];
  const padded = pad(x, [0, 0, pads[0], pads[1]], [0, 0, pads[2], pads[3]]);
  const span = (i: 0 | 1, start: number) => start + (size[i] - 1) * stride[i] + 1;
  const shifts: Value[] = [];
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const starts = [i * dilation[0], j * dilation[1]] as const;
      const shift = slice(padded, {
        axes: [2, 3],
        starts,
        ends: [span(0, starts[0]), span(1, starts[1])],
        steps: stride,
      });
      shifts.push(reshape(shift, [n, groups, 1, channels / groups, size[0] * size[1]]));
    }
  }
  return concat(shifts, 2);
}

/** Sum over images and pixels of all products: x [N, G * A, area], columns [N, G, taps, B, area] -> [G, A, taps, B]. */
function pairSum(x: Value, columns: Value, groups: number): Value {
  const [n, , taps, each, area] = columns.type.shape as [number, number, number, number, number];
  const rows = reshape(x, [n, groups, -1, area]);
  const product = matmul(rows, reshape(columns, [n, groups, taps * each, area]), { transB: true });
  return reshape(sum(product, { axes: [0] }), [groups, -1, taps, each]);
}
