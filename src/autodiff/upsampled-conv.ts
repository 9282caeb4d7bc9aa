// Convolution of an enlarged picture, computed on the small picture: the channels are mixed before the enlargement.

import { resizeMatrix } from './gradients/products.ts';
import { isOp, type Node, type Value } from './graph.ts';
import { add, constant, matmul, reshape, transpose } from './ops/build.ts';
import type { RewriteRule } from './rewrite.ts';

/**
 * conv(resize(x), w) is linear in x, and mixing channels commutes with resizing. For every tap the channels are mixed at
 * the small size; each mixed map is then enlarged and shifted by its tap, which is separable and has no channels to mix:
 *   y = sum over taps (i, j) of  R_i  (w[:, :, i, j] . x)  C_j^T
 * with R_i and C_j the resize matrices moved by the tap. At a factor of 2 this saves three quarters of the
 * multiplications. It is applied before differentiation, so the backward pass saves as much.
 */
export const mixBeforeResize: RewriteRule = (node) => {
  if (!isOp(node, 'conv')) return undefined;
  const { stride, dilation, groups } = node.attributes;
  const source = node.inputs[0]!.node;
  if (!isOp(source, 'resize') || groups !== 1 || [...stride, ...dilation].some((n) => n !== 1))
    return undefined;
  const small = source.inputs[0]!;
  if (small.type.dtype !== 'float32') return undefined;
  const [, , height, width] = small.type.shape as [number, number, number, number];
  const enlarges = source.attributes.height >= 2 * height && source.attributes.width >= 2 * width;
  return enlarges ? [mixed(node, source, small)] : undefined;
};

function mixed(node: Node<'conv'>, source: Node<'resize'>, x: Value): Value {
  const [, w, bias] = node.inputs as [Value, Value, Value?];
  const [n, channels, height, width] = x.type.shape as [number, number, number, number];
  const [out, , kh, kw] = w.type.shape as [number, number, number, number];
  const [, , outHeight, outWidth] = node.outputs[0]!.type.shape as [number, number, number, number];
  const { pads } = node.attributes;
  const { mode } = source.attributes;
  const rows = shiftedResize(height, source.attributes.height, outHeight, kh, pads[0], mode); // [outHeight, kh * height]
  const columns = shiftedResize(width, source.attributes.width, outWidth, kw, pads[1], mode);

  const pixels = reshape(transpose(x, [1, 0, 2, 3]), [channels, n * height * width]);
  const taps = reshape(transpose(w, [0, 2, 3, 1]), [out * kh * kw, channels]);
  const maps = reshape(matmul(taps, pixels), [out, kh, kw, n, height, width]);
  const planes = reshape(transpose(maps, [0, 3, 1, 4, 2, 5]), [out, n, kh * height, kw * width]);
  const y = transpose(matmul(rows, matmul(planes, columns, { transB: true })), [1, 0, 2, 3]);
  return bias ? add(y, reshape(bias, [1, out, 1, 1])) : y;
}

/** [outSize, kernel * size]: block k holds the resize matrix moved by k - padding, zero outside the enlarged picture. */
function shiftedResize(
  size: number,
  enlarged: number,
  outSize: number,
  kernel: number,
  padding: number,
  mode: 'bilinear' | 'nearest',
): Value {
  const matrix = resizeMatrix(size, enlarged, mode);
  const data = new Float32Array(outSize * kernel * size);
  for (let o = 0; o < outSize; o++) {
    for (let k = 0; k < kernel; k++) {
      const from = o + k - padding;
      if (from < 0 || from >= enlarged) continue;
      data.set(matrix.subarray(from * size, (from + 1) * size), (o * kernel + k) * size);
    }
  }
  return constant(data, [outSize, kernel * size]);
}
