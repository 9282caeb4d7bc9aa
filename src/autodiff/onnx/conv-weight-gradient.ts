// The gradient of a convolution's weights, which ONNX lacks, as matrix products. The forms were chosen by timing them.
import type { Node, Value } from '../graph.ts';
import type { ConvAttrs, Pads, Pair } from '../ops/attributes.ts';
import { concat, constant, conv2d, matmul, pad, reshape, slice, sum, transpose } from '../ops/build.ts';

type WeightGrad = Node<'convWeightGrad'>;

/** dW[o, c, i, j] = sum over n, y, x of dy[n, o, y, x] * xpad[n, c, y * stride + i * dilation, x * stride + j * dilation]. */
export function lowerConvWeightGrad(node: WeightGrad): Value {
  const [x, dy] = node.inputs as [Value, Value];
  const { groups, kernel, stride, pads } = node.attributes;
  const [channels, outChannels] = [x.type.shape[1]!, dy.type.shape[1]!];
  if (groups > 1) return groups === channels && groups === outChannels ? ofDepthwise(node) : ofGroups(node);
  const onePixel = [...kernel, ...stride].every((n) => n === 1) && pads.every((p) => p === 0);
  if (onePixel) return ofOnePixel(x, dy);
  const strides = stride[0] > 1 || stride[1] > 1;
  return strides && channels * kernel[0] * kernel[1] <= fewTaps ? ofPictures(node) : ofTaps(node);
}

/** A kernel of one pixel: [O, C, 1, 1]. */
function ofOnePixel(x: Value, dy: Value): Value {
  const product = productOverPixels(dy, { pixels: x, layout: 'channelsFirst' });
  return reshape(product, [...product.type.shape, 1, 1]);
}

/**
 * One product a tap over all pixels of the batch, with a shifted copy of one side. At stride 1 that is the side with fewer
 * channels; shifting dy turns the taps around. The copies have channels last, so that they are of whole rows.
 */
function ofTaps(node: WeightGrad): Value {
  const [x, dy] = node.inputs as [Value, Value];
  const { kernel, stride, pads, dilation } = node.attributes;
  const [outChannels, channels] = [dy.type.shape[1]!, x.type.shape[1]!];
  const turnedPads = mirroredPads(kernel, dilation, pads);
  const turned = stride.every((n) => n === 1) && outChannels < channels && turnedPads.every((p) => p >= 0);
  const [still, moving] = turned ? [x, dy] : [dy, x];
  const [, , height, width] = still.type.shape as [number, number, number, number];
  const [top, left, bottom, right] = turned ? turnedPads : pads;
  const padded = transpose(pad(moving, [0, 0, top, left], [0, 0, bottom, right]), [0, 2, 3, 1]);
  const taps = shifts(padded, [1, 2], { kernel, dilation, stride, size: [height, width] });
  const products = (turned ? taps.reverse() : taps).map((tap) =>
    productOverPixels(still, { pixels: tap, layout: 'channelsLast' }),
  );
  const stacked = concat(
    products.map((product) => reshape(product, [1, ...product.type.shape])),
    0,
  );
  return reshape(transpose(stacked, turned ? [2, 1, 0] : [1, 2, 0]), [outChannels, channels, ...kernel]);
}

/**
 * The sum over images and pixels of the products of the channels of a [N, A, H, W] with those of b: [A, B].
 * One product an image needs no copy of a, but leaves N results to be added, which pays on large maps.
 */
function productOverPixels(
  a: Value,
  b: { readonly pixels: Value; readonly layout: 'channelsFirst' | 'channelsLast' },
): Value {
  const [n, left, ...size] = a.type.shape as [number, number, number, number];
  const area = size[0] * size[1];
  const first = b.layout === 'channelsFirst';
  const right = first ? b.pixels.type.shape[1]! : b.pixels.type.shape[3]!;
  if ((left * right) / (left + right) < area) {
    const images = reshape(b.pixels, first ? [n, right, area] : [n, area, right]);
    return sum(matmul(reshape(a, [n, left, area]), images, { transB: first }), { axes: [0] });
  }
  const all = first ? channelsFirst(b.pixels) : b.pixels;
  const pixels = reshape(all, first ? [right, n * area] : [n * area, right]);
  return matmul(reshape(channelsFirst(a), [left, n * area]), pixels, { transB: first });
}

/** [N, C, H, W] -> [C, N, H, W]. */
function channelsFirst(x: Value): Value {
  return transpose(x, [1, 0, 2, 3]);
}

const fewTaps = 32;

/** Pictures have so few channels that one convolution can lay out all taps, each as a channel of its own. */
function ofPictures(node: WeightGrad): Value {
  const [x, dy] = node.inputs as [Value, Value];
  const { kernel, stride, pads, dilation } = node.attributes;
  const channels = x.type.shape[1]!;
  const count = channels * kernel[0] * kernel[1];
  const each = constant(identityMatrix(count), [count, channels, ...kernel], x.type.dtype);
  const taps = conv2d(x, each, { stride, pad: pads, dilation });
  const product = productOverPixels(dy, { pixels: taps, layout: 'channelsFirst' });
  return reshape(product, [dy.type.shape[1]!, channels, ...kernel]);
}

function identityMatrix(size: number): number[] {
  return Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
}

/** The padding with which a kernel turned around reaches the same pixels. */
export function mirroredPads(kernel: Pair, dilation: Pair, pads: Pads): Pads {
  const reach = [(kernel[0] - 1) * dilation[0], (kernel[1] - 1) * dilation[1]] as const;
  return [reach[0] - pads[0], reach[1] - pads[1], reach[0] - pads[2], reach[1] - pads[3]];
}

interface Shifts extends Pick<ConvAttrs, 'dilation' | 'stride'> {
  readonly kernel: Pair;
  /** Length of each result along the two axes. */
  readonly size: Pair;
}

/** One shifted copy of x, which was padded before, along two axes for each tap of the kernel, row by row. */
function shifts(x: Value, axes: Pair, { kernel, dilation, stride, size }: Shifts): Value[] {
  const end = (i: 0 | 1, start: number) => start + (size[i] - 1) * stride[i] + 1;
  const out: Value[] = [];
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const starts = [i * dilation[0], j * dilation[1]] as const;
      const ends = [end(0, starts[0]), end(1, starts[1])];
      out.push(slice(x, { axes, starts, ends, steps: stride }));
    }
  }
  return out;
}

/**
 * With one channel a group: for each row i of the kernel one product a channel, over images and rows, of every column of dy
 * with every column of x. Those that the kernel brings together lie on its diagonals, which a second product adds up.
 * It costs width / kernel times the multiplications, and a fifth of the copies.
 */
function ofDepthwise(node: WeightGrad): Value {
  const [x, dy] = node.inputs as [Value, Value];
  const { kernel, stride, pads, dilation } = node.attributes;
  const [n, channels, , width] = x.type.shape as [number, number, number, number];
  const [, , outHeight, outWidth] = dy.type.shape as [number, number, number, number];
  const padded = pad(channelsFirst(x), [0, 0, pads[0], 0], [0, 0, pads[2], 0]);
  const still = reshape(channelsFirst(dy), [channels, n * outHeight, outWidth]);
  const products = Array.from({ length: kernel[0] }, (_, i) => {
    const start = i * dilation[0];
    const end = start + (outHeight - 1) * stride[0] + 1;
    const rows = slice(padded, { axes: [2], starts: [start], ends: [end], steps: [stride[0]] });
    const pairs = matmul(still, reshape(rows, [channels, n * outHeight, width]), { transA: true });
    return reshape(pairs, [channels, 1, outWidth * width]);
  });
  const diagonals = new Array<number>(outWidth * width * kernel[1]).fill(0);
  for (let a = 0; a < outWidth; a++) {
    for (let j = 0; j < kernel[1]; j++) {
      const column = a * stride[1] + j * dilation[1] - pads[1];
      if (column >= 0 && column < width) diagonals[(a * width + column) * kernel[1] + j] = 1;
    }
  }
  const taps = constant(diagonals, [outWidth * width, kernel[1]], x.type.dtype);
  return reshape(matmul(concat(products, 1), taps), [channels, 1, ...kernel]);
}

/** With a few channels a group, all taps go into one product per image and group. */
function ofGroups(node: WeightGrad): Value {
  const [x, dy] = node.inputs as [Value, Value];
  const { kernel, stride, pads, dilation, groups } = node.attributes;
  const [n, channels] = x.type.shape as [number, number];
  const [, outChannels, height, width] = dy.type.shape as [number, number, number, number];
  const each = channels / groups;
  const area = height * width;
  const padded = pad(x, [0, 0, pads[0], pads[1]], [0, 0, pads[2], pads[3]]);
  const taps = shifts(padded, [2, 3], { kernel, dilation, stride, size: [height, width] });
  const columns = concat(
    taps.map((tap) => reshape(tap, [n, groups, 1, each, area])),
    2,
  );
  const flat = reshape(columns, [n, groups, taps.length * each, area]);
  const product = matmul(reshape(dy, [n, groups, outChannels / groups, area]), flat, { transB: true });
  const total = reshape(sum(product, { axes: [0] }), [outChannels, taps.length, each]);
  return reshape(transpose(total, [0, 2, 1]), [outChannels, each, ...kernel]);
}
