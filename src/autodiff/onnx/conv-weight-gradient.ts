// The gradient of a convolution's weights, which ONNX lacks, as matrix products. The forms were chosen by timing them.
import type { Node, Value } from '../graph.ts';
import type { ConvAttrs, Pads, Pair } from '../ops/attributes.ts';
import {
  concat,
  constant,
  conv2d,
  gather,
  late,
  matmul,
  pad,
  reshape,
  slice,
  sum,
  transpose,
} from '../ops/build.ts';
import { elementCount } from '../tensor.ts';

type WeightGrad = Node<'convWeightGrad'>;

/** dW[o, c, i, j] = sum over n, y, x of dy[n, o, y, x] * xpad[n, c, y * stride + i * dilation, x * stride + j * dilation]. */
export function lowerConvWeightGrad(node: WeightGrad): Value {
  const [x, dy] = node.inputs as [Value, Value];
  const { groups, kernel, stride, pads } = node.attributes;
  const [channels, outChannels] = [x.type.shape[1]!, dy.type.shape[1]!];
  if (groups > 1) return groups === channels && groups === outChannels ? ofDepthwise(node) : ofGroups(node);
  const onePixel = [...kernel, ...stride].every((n) => n === 1) && pads.every((p) => p === 0);
  if (onePixel) return ofOnePixel(x, dy);
  if (stride[0] > 1 || stride[1] > 1)
    return channels * kernel[0] * kernel[1] <= fewTaps ? ofPictures(node) : ofTaps(node);
  const copied = elementCount(dy.type.shape) * kernel[0] + elementCount(x.type.shape) * kernel[1];
  const many = Math.min(channels, outChannels) >= manyChannels && oneAnImage(dy, channels);
  return many && copied <= mostCopied ? ofRowsAndColumns(node) : ofTaps(node);
}

/** Elements of all copies at once (32 MB): more would cost the step of a decoder memory and save it no time. */
const mostCopied = 1 << 23;

/** From here on a copy of single pixels is as quick as one of rows. */
const manyChannels = 64;

/** A kernel of one pixel: [O, C, 1, 1]. */
function ofOnePixel(x: Value, dy: Value): Value {
  const product = productOverPixels(dy, { pixels: x, layout: 'channelsFirst' });
  return reshape(product, [...product.type.shape, 1, 1]);
}

/**
 * One product a tap over all pixels of the batch, with a shifted copy of one side. At stride 1 that is the side with fewer
 * channels; shifting dy turns the taps around. The copies have channels last, so that they are of whole rows or pixels.
 */
function ofTaps(node: WeightGrad): Value {
  const [x, dy] = node.inputs as [Value, Value];
  const { kernel, stride, pads, dilation } = node.attributes;
  const [outChannels, channels] = [dy.type.shape[1]!, x.type.shape[1]!];
  const turnedPads = mirroredPads(kernel, dilation, pads);
  const turned = stride.every((n) => n === 1) && outChannels < channels && turnedPads.every((p) => p >= 0);
  const [still, moving] = turned ? [x, dy] : [dy, x];
  const [, , height, width] = still.type.shape as [number, number, number, number];
  const taps = turned ? tapsOf(kernel).reverse() : tapsOf(kernel);
  const window: Window = { dilation, stride, pads: turned ? turnedPads : pads, size: [height, width] };
  const strides = stride.some((n) => n > 1);
  const gathers =
    (strides || moving.type.shape[1]! >= manyChannels) && oneAnImage(still, moving.type.shape[1]!);
  const stacked = gathers
    ? gatheredProducts(still, moving, window, strides ? [taps] : inRows(taps, kernel))
    : slicedProducts(still, moving, window, taps);
  return reshape(transpose(stacked, turned ? [2, 1, 0] : [1, 2, 0]), [outChannels, channels, ...kernel]);
}

/** A copy a tap by a slice of rows, for few channels or many images of few pixels: [taps, A, B]. */
function slicedProducts(still: Value, moving: Value, window: Window, taps: readonly Pair[]): Value {
  const [top, left, bottom, right] = window.pads;
  const padded = channelsLast(pad(moving, [0, 0, top, left], [0, 0, bottom, right]));
  const products = taps.map((tap) =>
    productOverPixels(still, { pixels: shifted(padded, [1, 2], tap, window), layout: 'channelsLast' }),
  );
  return concat(
    products.map((product) => reshape(product, [1, ...product.type.shape])),
    0,
  );
}

/**
 * The copies of a group of taps by one gathering of pixels, which all threads share, where slices keep to one: [taps, A, B].
 * What lies outside is read from a pixel of zeros behind the others.
 */
function gatheredProducts(
  still: Value,
  moving: Value,
  window: Window,
  groups: readonly (readonly Pair[])[],
): Value {
  const [n, , height, width] = moving.type.shape as [number, number, number, number];
  const area = window.size[0] * window.size[1];
  const pixels = pixelsAndZero(moving);
  const rows = reshape(still, [n, 1, still.type.shape[1]!, area]);
  const products = groups.map((taps) => {
    const places = taps.flatMap((tap) => placesOf(tap, window, [height, width]));
    const copies = gather(pixels, constant(places, [taps.length, area], 'int64'), 1); // [N, taps, area, channels]
    return sum(matmul(rows, copies), { axes: [0] });
  });
  return concat(products, 0);
}

/** [N, C, H, W] -> [N, H * W + 1, C], the last pixel zero. */
function pixelsAndZero(x: Value): Value {
  const [n, channels] = x.type.shape as [number, number];
  return channelsLast(pad(reshape(x, [n, channels, -1]), [0, 0, 0], [0, 0, 1]));
}

/**
 * At stride 1 one product an image has all taps: of the channels of dy, each copied once a row of the kernel and moved by that
 * row, with those of x, copied once a column and moved by that column. That is kh + kw copies instead of kh * kw.
 */
function ofRowsAndColumns(node: WeightGrad): Value {
  const [x, dy] = node.inputs as [Value, Value];
  const { kernel, stride, pads, dilation } = node.attributes;
  const [n, channels, height, width] = x.type.shape as [number, number, number, number];
  const [, outChannels, outHeight, outWidth] = dy.type.shape as [number, number, number, number];
  const area = height * outWidth;

  // Row r of x meets row r + top - i * dilation of dy, or the row of zeros behind the others.
  const rows = Array.from({ length: kernel[0] * height }, (_, k) => {
    const row = (k % height) + pads[0] - Math.floor(k / height) * dilation[0];
    return row >= 0 && row < outHeight ? row : outHeight;
  });
  const rowsOfDy = constant(rows, [kernel[0], height], 'int64');
  const left = gather(pad(dy, [0, 0, 0, 0], [0, 0, 1, 0]), rowsOfDy, 2); // [N, O, kh, H, width of dy]

  const window: Window = { stride, dilation, pads: [0, pads[1], 0, pads[3]], size: [height, outWidth] };
  const taps = Array.from({ length: kernel[1] }, (_, j) => placesOf([0, j], window, [height, width]));
  const places = Array.from({ length: area }, (_, place) => taps.map((tap) => tap[place]!)).flat();
  const right = gather(pixelsAndZero(x), constant(places, [area, kernel[1]], 'int64'), 1); // [N, area, kw, C]

  const products = matmul(
    reshape(left, [n, outChannels * kernel[0], area]),
    reshape(right, [n, area, kernel[1] * channels]),
  );
  const sums = reshape(sum(products, { axes: [0] }), [outChannels, ...kernel, channels]);
  return transpose(sums, [0, 3, 1, 2]);
}

/** The pixel that a tap reads for each place of the window, row by row; height * width where that is outside. */
function placesOf(tap: Pair, { stride, dilation, pads, size }: Window, [height, width]: Pair): number[] {
  const places: number[] = [];
  for (let y = 0; y < size[0]; y++) {
    for (let x = 0; x < size[1]; x++) {
      const row = y * stride[0] + tap[0] * dilation[0] - pads[0];
      const column = x * stride[1] + tap[1] * dilation[1] - pads[1];
      const inside = row >= 0 && row < height && column >= 0 && column < width;
      places.push(inside ? row * width + column : height * width);
    }
  }
  return places;
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
  if (oneAnImage(a, right)) {
    const images = reshape(b.pixels, first ? [n, right, area] : [n, area, right]);
    return sum(matmul(reshape(a, [n, left, area]), images, { transB: first }), { axes: [0] });
  }
  const all = first ? channelsFirst(b.pixels) : b.pixels;
  const pixels = reshape(all, first ? [right, n * area] : [n * area, right]);
  return matmul(reshape(channelsFirst(a), [left, n * area]), pixels, { transB: first });
}

/** ONNX Runtime's Transpose of so few channels takes six times longer with two threads than with one. */
const fewChannels = 16;

/** [N, C, ...] -> [N, ..., C]. Few channels are laid out by a product with the identity matrix. */
function channelsLast(x: Value): Value {
  const [n, channels, ...size] = x.type.shape as [number, number, ...number[]];
  const planes = reshape(x, [n, channels, -1]);
  const each = constant(identityMatrix(channels), [channels, channels], x.type.dtype);
  const pixels =
    channels <= fewChannels ? matmul(planes, each, { transA: true }) : transpose(planes, [0, 2, 1]);
  return reshape(pixels, [n, ...size, channels]);
}

/** Whether a product an image pays, of the channels of a [N, A, H, W] with so many others. */
function oneAnImage(a: Value, right: number): boolean {
  const [, left, height, width] = a.type.shape as [number, number, number, number];
  return (left * right) / (left + right) < height * width;
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
  const taps = conv2d(x, late(each, dy), { stride, pad: pads, dilation });
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

interface Window extends Pick<ConvAttrs, 'dilation' | 'stride' | 'pads'> {
  /** Rows and columns of places at which the kernel is put. */
  readonly size: Pair;
}

/** What one tap of the kernel reads, along two axes of x, which was padded before. */
function shifted(x: Value, axes: Pair, tap: Pair, { dilation, stride, size }: Omit<Window, 'pads'>): Value {
  const starts = [tap[0] * dilation[0], tap[1] * dilation[1]] as const;
  const end = (i: 0 | 1) => starts[i] + (size[i] - 1) * stride[i] + 1;
  return slice(x, { axes, starts, ends: [end(0), end(1)], steps: stride });
}

/** The taps of each row of the kernel. */
function inRows(taps: readonly Pair[], kernel: Pair): Pair[][] {
  return Array.from({ length: kernel[0] }, (_, i) => taps.slice(i * kernel[1], (i + 1) * kernel[1]));
}

/** All taps of a kernel, row by row. */
function tapsOf(kernel: Pair): Pair[] {
  return Array.from({ length: kernel[0] * kernel[1] }, (_, t) => [Math.floor(t / kernel[1]), t % kernel[1]]);
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
  const taps = tapsOf(kernel).map((tap) =>
    shifted(padded, [2, 3], tap, { dilation, stride, size: [height, width] }),
  );
  const columns = concat(
    taps.map((tap) => reshape(tap, [n, groups, 1, each, area])),
    2,
  );
  const flat = reshape(columns, [n, groups, taps.length * each, area]);
  const product = matmul(reshape(dy, [n, groups, outChannels / groups, area]), flat, { transB: true });
  const total = reshape(sum(product, { axes: [0] }), [outChannels, taps.length, each]);
  return reshape(transpose(total, [0, 2, 1]), [outChannels, each, ...kernel]);
}
