// Gradients of matrix products, convolutions, pooling and resampling.
import type { Node, Value } from '../graph.ts';
import type { ConvAttrs, Pair } from '../ops/attributes.ts';
import { constant, matmul, reshape, scatterAdd, sum, zeros } from '../ops/build.ts';
import { applyOne } from '../ops/infer.ts';
import { elementCount } from '../tensor.ts';
import type { GradientTable } from './rule.ts';

const secondOrder = { none: 'second derivatives of convolutions are not supported' };

/** The gradient of a convolution's input, as a transposed convolution that ends at the input's size. */
function convInputGradient(dy: Value, w: Value, attributes: ConvAttrs, size: Pair): Value {
  const { stride, pads, dilation } = attributes;
  const rest = (i: 0 | 1): number => {
    const covered = (dy.type.shape[i + 2]! - 1) * stride[i] + (w.type.shape[i + 2]! - 1) * dilation[i] + 1;
    return size[i] - (covered - pads[i] - pads[i + 2]!);
  };
  return applyOne('convTranspose', [dy, w], { ...attributes, outputPads: [rest(0), rest(1)] });
}

function spatial(value: Value): Pair {
  return [value.type.shape[2]!, value.type.shape[3]!];
}

const biasGradient = (dy: Value) => sum(dy, { axes: [0, 2, 3] });

/** [out, in]: row o holds the weights with which the inputs make output o of a 1-D resize. */
export function resizeMatrix(inSize: number, outSize: number, mode: 'bilinear' | 'nearest'): Float32Array {
  const matrix = new Float32Array(outSize * inSize);
  for (let o = 0; o < outSize; o++) {
    if (mode === 'nearest') {
      matrix[o * inSize + Math.min(inSize - 1, Math.floor((o * inSize) / outSize))] = 1;
      continue;
    }
    const at = Math.min(inSize - 1, Math.max(0, ((o + 0.5) * inSize) / outSize - 0.5));
    const low = Math.floor(at);
    const high = Math.min(inSize - 1, low + 1);
    matrix[o * inSize + low]! += 1 - (at - low);
    matrix[o * inSize + high]! += at - low;
  }
  return matrix;
}

export const productGradients: GradientTable<
  'matmul' | 'conv' | 'convTranspose' | 'convWeightGrad' | 'maxPool' | 'resize'
> = {
  matmul: (node, [dy], needed) => [
    needed[0] ? matmulLeftGradient(node, dy!) : undefined,
    needed[1] ? matmulRightGradient(node, dy!) : undefined,
  ],
  conv: (node, [dy], needed) => {
    const [x, w] = node.inputs as [Value, Value];
    const kernel = spatial(w);
    return [
      needed[0] ? convInputGradient(dy!, w, node.attributes, spatial(x)) : undefined,
      needed[1] ? applyOne('convWeightGrad', [x, dy!], { ...node.attributes, kernel }) : undefined,
      needed[2] ? biasGradient(dy!) : undefined,
    ];
  },
  convTranspose: (node, [dy], needed) => {
    const [x, w] = node.inputs as [Value, Value];
    const { outputPads: _, ...attributes } = node.attributes;
    return [
      needed[0] ? applyOne('conv', [dy!, w], attributes) : undefined,
      needed[1] ? applyOne('convWeightGrad', [dy!, x], { ...attributes, kernel: spatial(w) }) : undefined,
      needed[2] ? biasGradient(dy!) : undefined,
    ];
  },
  convWeightGrad: secondOrder,
  // ONNX's indices count through the whole tensor.
  maxPool: (node, [dy]) => {
    const x = node.inputs[0]!;
    const flat = zeros([elementCount(x.type.shape)], x.type.dtype);
    return [reshape(scatterAdd(flat, reshape(node.outputs[1]!, [-1]), reshape(dy!, [-1]), 0), x.type.shape)];
  },
  resize: (node, [dy]) => {
    const [inHeight, inWidth] = spatial(node.inputs[0]!);
    const { height, width, mode } = node.attributes;
    const dtype = dy!.type.dtype;
    const rows = constant([...resizeMatrix(inHeight, height, mode)], [height, inHeight], dtype);
    const columns = constant([...resizeMatrix(inWidth, width, mode)], [width, inWidth], dtype);
    return [matmul(rows, matmul(dy!, columns), { transA: true })];
  },
};

function matmulLeftGradient(node: Node<'matmul'>, dy: Value): Value {
  const [, b] = node.inputs as [Value, Value];
  const { transA, transB } = node.attributes;
  return transA ? matmul(b, dy, { transA: transB, transB: true }) : matmul(dy, b, { transB: !transB });
}

function matmulRightGradient(node: Node<'matmul'>, dy: Value): Value {
  const [a, b] = node.inputs as [Value, Value];
  const { transA, transB } = node.attributes;
  // One weight matrix shared by a batch of rows: one long product instead of a sum over the batch.
  const shared = b.type.shape.length === 2 && a.type.shape.length > 2 && !transA;
  const left = shared ? reshape(a, [-1, a.type.shape.at(-1)!]) : a;
  const right = shared ? reshape(dy, [-1, dy.type.shape.at(-1)!]) : dy;
  return transB
    ? matmul(right, left, { transA: true, transB: transA })
    : matmul(left, right, { transA: !transA });
}
