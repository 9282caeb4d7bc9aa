// 3x3 convolutions with a quarter of the multiplications, as matrix products alone, so that the backward pass saves as much.

import { isOp, type Node, type Value } from './graph.ts';
import { add, constant, matmul, reshape, slice, transpose } from './ops/build.ts';
import type { RewriteRule } from './rewrite.ts';

/**
 * Winograd's F(4x4, 3x3) (Lavin and Gray 2016): 4x4 pixels of the result need 6x6 of the picture and 36 products instead
 * of 144,  y = A^T [ (G w G^T) . (B^T x B) ] A  for each tile, the dot being 36 matrix products over the channels.
 */
const TILE = 4;
const REACH = 6;
const inputTransform = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
];
const filterTransform = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];
const outputTransform = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
];

/**
 * Applied before differentiation, where a convolution has many channels for its size: the products then cost so much
 * more than the transforms, which are products with banded matrices, that they pay. Rounding grows to some 1e-6.
 */
export const winograd: RewriteRule = (node) => {
  if (!isOp(node, 'conv')) return undefined;
  const [x, w] = node.inputs as [Value, Value];
  const { stride, dilation, groups } = node.attributes;
  const [out, channels, ...kernel] = w.type.shape as [number, number, number, number];
  const [, , height, width] = node.outputs[0]!.type.shape as [number, number, number, number];
  if (kernel.some((n) => n !== 3) || groups !== 1 || [...stride, ...dilation].some((n) => n !== 1))
    return undefined;
  const pays = (channels * out) / (channels + out) > Math.max(height, width); // as measured on the CPU
  return pays && x.type.dtype === 'float32' ? [transformed(node)] : undefined;
};

/** Channels lie last in between, so that nothing but the pictures themselves is reordered number by number. */
function transformed(node: Node<'conv'>): Value {
  const [x, w, bias] = node.inputs as [Value, Value, Value?];
  const [n, out, height, width] = node.outputs[0]!.type.shape as [number, number, number, number];
  const [top, left] = node.attributes.pads;
  const [down, across] = [Math.ceil(height / TILE), Math.ceil(width / TILE)];
  // The parts of a concatenation each on their own: those that need no gradient cost none.
  const parts = isOp(x.node, 'concat') && x.node.attributes.axis === 1 ? x.node.inputs : [x];
  let start = 0;
  const products = parts.map((part) => {
    const end = start + part.type.shape[1]!;
    const filters = slice(w, { axes: [1], starts: [start], ends: [end] });
    start = end;
    return matmul(tilesOf(part, [down, across], [top, left]), filtersOf(filters), { transB: true });
  });
  const tiles = reshape(products.reduce(add), [REACH, REACH, n, down, across * out]);
  const columns = reshape(transpose(tiles, [2, 0, 3, 1, 4]), [n, REACH * down, REACH * across, out]);
  const rows = reshape(matmul(untiling(width, across), columns), [n, REACH * down, width * out]);
  const y = reshape(matmul(untiling(height, down), rows), [n, height * width, out]);
  const planes = reshape(transpose(y, [0, 2, 1]), [n, out, height, width]);
  return bias ? add(planes, reshape(bias, [1, out, 1, 1])) : planes;
}

/** B^T x B of every tile of x [N, C, H, W]: [36, N * tiles, C]. */
function tilesOf(x: Value, [down, across]: [number, number], [top, left]: [number, number]): Value {
  const [n, channels, height, width] = x.type.shape as [number, number, number, number];
  const pixels = transpose(reshape(x, [n, channels, height * width]), [0, 2, 1]);
  const rows = matmul(tiling(height, down, top), reshape(pixels, [n, height, width * channels]));
  const tiles = matmul(tiling(width, across, left), reshape(rows, [n, REACH * down, width, channels]));
  const split = reshape(tiles, [n, REACH, down, REACH, across * channels]);
  return reshape(transpose(split, [1, 3, 0, 2, 4]), [REACH * REACH, n * down * across, channels]);
}

/** G w G^T of filters [O, C, 3, 3]: [36, O, C]. */
function filtersOf(w: Value): Value {
  const [out, channels] = w.type.shape as [number, number];
  const both = filterTransform.flatMap((p) =>
    filterTransform.flatMap((q) => p.flatMap((a) => q.map((b) => a * b))),
  );
  const filters = matmul(constant(both, [REACH * REACH, 9]), reshape(w, [out * channels, 9]), {
    transB: true,
  });
  return reshape(filters, [REACH * REACH, out, channels]);
}

/** [6 * tiles, size]: row k * tiles + t is row k of B^T over the pixels of tile t, which begins `padding` before its own. */
function tiling(size: number, tiles: number, padding: number): Value {
  return banded([REACH * tiles, size], (set) => {
    for (let t = 0; t < tiles; t++)
      for (const [k, row] of inputTransform.entries())
        for (const [i, value] of row.entries()) set(k * tiles + t, t * TILE + i - padding, value);
  });
}

/** [size, 6 * tiles]: pixel i of tile t from row i of A^T. */
function untiling(size: number, tiles: number): Value {
  return banded([size, REACH * tiles], (set) => {
    for (let t = 0; t < tiles; t++)
      for (const [i, row] of outputTransform.entries())
        for (const [k, value] of row.entries()) set(t * TILE + i, k * tiles + t, value);
  });
}

/** A matrix that is zero where nothing is set; what lies outside is dropped. */
function banded(
  [rows, columns]: [number, number],
  fill: (set: (row: number, column: number, value: number) => void) => void,
): Value {
  const data = new Float32Array(rows * columns);
  fill((row, column, value) => {
    if (row < rows && column >= 0 && column < columns) data[row * columns + column] = value;
  });
  return constant(data, [rows, columns]);
}
