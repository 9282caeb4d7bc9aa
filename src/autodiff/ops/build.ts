// The functions that people write models with. Each returns a Value; a number in place of a Value is a constant.

import type { Value } from '../graph.ts';
import { toHalf } from '../half.ts';
import type { TypedArray } from '../runtime.ts';
import {
  allocate,
  type DType,
  elementCount,
  GraphError,
  normalizeAxis,
  type Shape,
  sameShape,
  shapeText,
  typeText,
} from '../tensor.ts';
import type { Pads, Pair } from './attributes.ts';
import { apply, applyOne } from './infer.ts';

export type Operand = Value | number;

// Leaves

/** A named input of the graph, fed at every run. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Value {
  return applyOne('input', [], { name, dtype, shape: [...shape] });
}

/** Numbers that are part of the graph. A plain number becomes a scalar; an array a vector unless `shape` is given. */
export function constant(
  numbers: TypedArray | readonly number[] | number,
  shape?: Shape,
  dtype: DType = 'float32',
): Value {
  const list = typeof numbers === 'number' ? [numbers] : numbers;
  const data = ArrayBuffer.isView(list) ? (list as TypedArray) : fill(list as readonly number[], dtype);
  return applyOne('constant', [], {
    data,
    dtype,
    shape: shape ?? (typeof numbers === 'number' ? [] : [data.length]),
  });
}

export function zeros(shape: Shape, dtype: DType = 'float32'): Value {
  return constant(allocate(dtype, elementCount(shape)), shape, dtype);
}

function fill(numbers: readonly number[], dtype: DType): TypedArray {
  const data = allocate(dtype, numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    if (dtype === 'int64') (data as BigInt64Array)[i] = BigInt(numbers[i]!);
    else if (dtype === 'float16') (data as Uint16Array)[i] = toHalf(numbers[i]!);
    else (data as Float32Array)[i] = numbers[i]!;
  }
  return data;
}

// Elementwise, one input

export const neg = (x: Value): Value => applyOne('neg', [x], {});
export const exp = (x: Value): Value => applyOne('exp', [x], {});
/** Natural logarithm. */
export const log = (x: Value): Value => applyOne('log', [x], {});
export const abs = (x: Value): Value => applyOne('abs', [x], {});
export const sqrt = (x: Value): Value => applyOne('sqrt', [x], {});
export const reciprocal = (x: Value): Value => applyOne('reciprocal', [x], {});
export const sign = (x: Value): Value => applyOne('sign', [x], {});
export const floor = (x: Value): Value => applyOne('floor', [x], {});
export const sin = (x: Value): Value => applyOne('sin', [x], {});
export const cos = (x: Value): Value => applyOne('cos', [x], {});
export const atan = (x: Value): Value => applyOne('atan', [x], {});
export const erf = (x: Value): Value => applyOne('erf', [x], {});
export const tanh = (x: Value): Value => applyOne('tanh', [x], {});
export const sigmoid = (x: Value): Value => applyOne('sigmoid', [x], {});
/** log(1 + exp(x)), without overflow. */
export const softplus = (x: Value): Value => applyOne('softplus', [x], {});
export const relu = (x: Value): Value => applyOne('relu', [x], {});
/** x * Phi(x), the exact form with erf (Hendrycks and Gimpel 2016). */
export const gelu = (x: Value): Value => applyOne('gelu', [x], {});
/** x * sigmoid(x), also called swish. */
export const silu = (x: Value): Value => applyOne('silu', [x], {});
/** clip(x / 6 + 1/2, 0, 1), as MobileNetV3 uses it. */
export const hardSigmoid = (x: Value): Value => applyOne('hardSigmoid', [x], {});
/** x * hardSigmoid(x). */
export const hardSwish = (x: Value): Value => applyOne('hardSwish', [x], {});
export const square = (x: Value): Value => applyOne('mul', [x, x], {});
export const not = (x: Value): Value => applyOne('not', [x], {});
export const clip = (x: Value, min: number, max: number): Value => applyOne('clip', [x], { min, max });
export const cast = (x: Value, to: DType): Value => applyOne('cast', [x], { to });
/** x, through which no gradient flows back. */
export const stopGradient = (x: Value): Value => applyOne('stopGradient', [x], {});
/** True where x is neither NaN nor infinite. */
export const finite = (x: Value): Value =>
  lessOrEqual(abs(x), x.type.dtype === 'float16' ? 65504 : 3.4028234663852886e38);

// Elementwise, two inputs (NumPy broadcasting)

function operands(op: string, a: Operand, b: Operand): [Value, Value] {
  if (typeof a === 'number' && typeof b === 'number')
    throw new GraphError(`${op}: at least one side must be a Value`);
  const like = (typeof a === 'number' ? b : a) as Value;
  const lift = (x: Operand) => (typeof x === 'number' ? scalar(x, like.type.dtype) : x);
  return [lift(a), lift(b)];
}

/** A constant scalar of the given type. */
export function scalar(value: number, dtype: DType): Value {
  return constant([value], [], dtype);
}

export const add = (a: Operand, b: Operand): Value => applyOne('add', operands('add', a, b), {});
export const sub = (a: Operand, b: Operand): Value => applyOne('sub', operands('sub', a, b), {});
export const mul = (a: Operand, b: Operand): Value => applyOne('mul', operands('mul', a, b), {});
export const div = (a: Operand, b: Operand): Value => applyOne('div', operands('div', a, b), {});
export const pow = (a: Operand, b: Operand): Value => applyOne('pow', operands('pow', a, b), {});
export const minimum = (a: Operand, b: Operand): Value => applyOne('minimum', operands('minimum', a, b), {});
export const maximum = (a: Operand, b: Operand): Value => applyOne('maximum', operands('maximum', a, b), {});
export const less = (a: Operand, b: Operand): Value => applyOne('less', operands('less', a, b), {});
export const lessOrEqual = (a: Operand, b: Operand): Value =>
  applyOne('lessOrEqual', operands('lessOrEqual', a, b), {});
export const greater = (a: Operand, b: Operand): Value => applyOne('greater', operands('greater', a, b), {});
export const greaterOrEqual = (a: Operand, b: Operand): Value =>
  applyOne('greaterOrEqual', operands('greaterOrEqual', a, b), {});
export const equal = (a: Operand, b: Operand): Value => applyOne('equal', operands('equal', a, b), {});
export const and = (a: Value, b: Value): Value => applyOne('and', [a, b], {});
export const or = (a: Value, b: Value): Value => applyOne('or', [a, b], {});
/** a where the condition holds, else b. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  return applyOne('where', [condition, ...operands('where', a, b)], {});
}

// Products

/** Matrix product over the last two axes; leading axes broadcast. */
export function matmul(a: Value, b: Value, options: { transA?: boolean; transB?: boolean } = {}): Value {
  return applyOne('matmul', [a, b], { transA: options.transA ?? false, transB: options.transB ?? false });
}

export interface ConvOptions {
  readonly bias?: Value;
  readonly stride?: number | Pair;
  /** One number, [vertical, horizontal], or [top, left, bottom, right]. */
  readonly pad?: number | Pair | Pads;
  readonly dilation?: number | Pair;
  readonly groups?: number;
}

/** Cross-correlation. x: [N, C, H, W], w: [out, C / groups, kh, kw]; returns [N, out, H', W']. */
export function conv2d(x: Value, w: Value, options: ConvOptions = {}): Value {
  return applyOne('conv', options.bias ? [x, w, options.bias] : [x, w], convAttributes(options));
}

/** The transpose of conv2d. x: [N, in, H, W], w: [in, out / groups, kh, kw] (PyTorch's layout). */
export function convTranspose2d(
  x: Value,
  w: Value,
  options: ConvOptions & { outputPad?: number | Pair } = {},
): Value {
  const attributes = { ...convAttributes(options), outputPads: toPair(options.outputPad ?? 0) };
  return applyOne('convTranspose', options.bias ? [x, w, options.bias] : [x, w], attributes);
}

function convAttributes(options: ConvOptions) {
  return {
    stride: toPair(options.stride ?? 1),
    pads: toPads(options.pad ?? 0),
    dilation: toPair(options.dilation ?? 1),
    groups: options.groups ?? 1,
  };
}

function toPair(n: number | Pair): Pair {
  return typeof n === 'number' ? [n, n] : n;
}

function toPads(pad: number | Pair | Pads): Pads {
  if (typeof pad === 'number') return [pad, pad, pad, pad];
  return pad.length === 2 ? [pad[0], pad[1], pad[0], pad[1]] : pad;
}

// Windows and resampling

/** x: [N, C, H, W]. Bilinear with half-pixel centres (align_corners false), or nearest (floor of the scaled index). */
export function resize(x: Value, to: { height: number; width: number; mode: 'bilinear' | 'nearest' }): Value {
  return applyOne('resize', [x], to);
}

export interface PoolOptions {
  readonly kernel: number | Pair;
  readonly stride?: number | Pair;
  readonly pad?: number | Pair | Pads;
}

export function maxPool2d(x: Value, options: PoolOptions): Value {
  const kernel = toPair(options.kernel);
  return applyOne('maxPool', [x], {
    kernel,
    stride: toPair(options.stride ?? kernel),
    pads: toPads(options.pad ?? 0),
  });
}

/**
 * Mean over windows. It is separable, so it is written as two products with banded matrices: ONNX Runtime's AveragePool
 * at stride 1 is about a hundred times slower on the CPU, and the gradient needs no rule of its own.
 */
export function averagePool2d(x: Value, options: PoolOptions & { countIncludePad?: boolean }): Value {
  const kernel = toPair(options.kernel);
  const stride = toPair(options.stride ?? kernel);
  const pads = toPads(options.pad ?? 0);
  if (x.type.shape.length !== 4)
    throw new GraphError(`averagePool2d: expected x of rank 4, got ${typeText(x.type)}`);
  const [, , height, width] = x.type.shape as [number, number, number, number];
  const countPad = options.countIncludePad ?? true;
  const along = (size: number, axis: 0 | 1) => {
    const window = { kernel: kernel[axis], stride: stride[axis], before: pads[axis], after: pads[axis + 2]! };
    return averageMatrix(x, size, { ...window, countPad });
  };
  return matmul(along(height, 0), matmul(x, along(width, 1), { transB: true }));
}

/** [outputs, size]: each row holds the weights of one window. */
function averageMatrix(
  x: Value,
  size: number,
  window: { kernel: number; stride: number; before: number; after: number; countPad: boolean },
): Value {
  const { kernel, stride, before, after, countPad } = window;
  const outputs = Math.floor((size + before + after - kernel) / stride) + 1;
  if (!(outputs >= 1 && kernel >= 1 && stride >= 1 && Math.max(before, after) < kernel)) {
    throw new GraphError(
      `averagePool2d: a window of ${kernel} at stride ${stride} does not fit in ${shapeText(x.type.shape)} with padding ${shapeText([before, after])}`,
    );
  }
  const numbers = new Array<number>(outputs * size).fill(0);
  for (let o = 0; o < outputs; o++) {
    const first = Math.max(0, o * stride - before);
    const last = Math.min(size, o * stride - before + kernel);
    const weight = 1 / (countPad ? kernel : last - first);
    for (let i = first; i < last; i++) numbers[o * size + i] = weight;
  }
  return constant(numbers, [outputs, size], x.type.dtype);
}

// Normalisation

/**
 * Batch normalisation in training mode (Ioffe and Szegedy 2015). x: [N, C, ...]; scale, bias: [C].
 * `mean` and `variance` (biased, [C]) are those of the batch, for running statistics.
 */
export function batchNorm(x: Value, scale: Value, bias: Value, options: { eps?: number } = {}) {
  const [y, mean, variance] = apply('batchNorm', [x, scale, bias], { eps: options.eps ?? 1e-5 }).outputs;
  return { y: y!, mean: mean!, variance: variance! };
}

/** Batch normalisation with fixed statistics: one multiply and one add per channel. */
export function batchNormInference(
  x: Value,
  scale: Value,
  bias: Value,
  mean: Value,
  variance: Value,
  options: { eps?: number } = {},
): Value {
  const factor = div(scale, sqrt(add(variance, options.eps ?? 1e-5)));
  return add(mul(x, perChannel(factor, x)), perChannel(sub(bias, mul(mean, factor)), x));
}

/** A number a channel [C] in the shape in which it meets x [N, C, ...]: [1, C, 1, ...]. */
export function perChannel(v: Value, x: Value): Value {
  return reshape(v, [1, -1, ...x.type.shape.slice(2).map(() => 1)]);
}

/** Normalises the last axis (Ba, Kiros and Hinton 2016). scale, bias: [last]. */
export function layerNorm(x: Value, scale: Value, bias: Value, options: { eps?: number } = {}): Value {
  return applyOne('layerNorm', [x, scale, bias], { eps: options.eps ?? 1e-5 });
}

/** Group normalisation (Wu and He 2018). x: [N, C, ...]; scale, bias: [C]. */
export function groupNorm(
  x: Value,
  scale: Value,
  bias: Value,
  options: { groups: number; eps?: number },
): Value {
  return applyOne('groupNorm', [x, scale, bias], { groups: options.groups, eps: options.eps ?? 1e-5 });
}

export const softmax = (x: Value, axis = -1): Value =>
  applyOne('softmax', [x], { axis: normalizeAxis('softmax', axis, x.type.shape.length) });
export const logSoftmax = (x: Value, axis = -1): Value =>
  applyOne('logSoftmax', [x], { axis: normalizeAxis('logSoftmax', axis, x.type.shape.length) });

// Reductions

export interface ReduceOptions {
  /** Axes to reduce, counted from the end when negative; all of them when left out. */
  readonly axes?: readonly number[];
  readonly keepDims?: boolean;
}

const reduce =
  (op: 'sum' | 'mean' | 'max' | 'min' | 'sumSquare') =>
  (x: Value, options: ReduceOptions = {}): Value => {
    const given = options.axes ?? x.type.shape.map((_, i) => i);
    const axes = [...new Set(given.map((axis) => normalizeAxis(op, axis, x.type.shape.length)))];
    // ONNX reads an empty list as all axes; over no axis a sum of squares is the square, the others change nothing.
    if (axes.length === 0) return op === 'sumSquare' ? square(x) : x;
    return applyOne(op, [x], { axes: axes.sort((a, b) => a - b), keepDims: options.keepDims ?? false });
  };

export const sum = reduce('sum');
export const mean = reduce('mean');
export const max = reduce('max');
export const min = reduce('min');
/** Sum of squares in one pass. */
export const sumSquare = reduce('sumSquare');

/** Index of the largest element along an axis (int64). */
export function argMax(x: Value, axis: number, options: { keepDims?: boolean } = {}): Value {
  return applyOne('argMax', [x], {
    axis: normalizeAxis('argMax', axis, x.type.shape.length),
    keepDims: options.keepDims ?? false,
  });
}

/** The k largest (or smallest) along an axis, sorted, and where they stood (int64). */
export function topK(x: Value, k: number, options: { axis?: number; largest?: boolean } = {}) {
  const axis = normalizeAxis('topK', options.axis ?? -1, x.type.shape.length);
  const [values, indices] = apply('topK', [x], { k, axis, largest: options.largest ?? true }).outputs;
  return { values: values!, indices: indices! };
}

// Shape

/** The same elements in another shape; one length may be -1. */
export function reshape(x: Value, shape: Shape): Value {
  const known = shape.reduce((product, n) => (n === -1 ? product : product * n), 1);
  const resolved = shape.map((n) => (n === -1 ? elementCount(x.type.shape) / known : n));
  if (shape.filter((n) => n === -1).length > 1 || resolved.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new GraphError(`reshape: ${shapeText(x.type.shape)} does not fit ${shapeText(shape)}`);
  }
  return applyOne('reshape', [x], { shape: resolved });
}

export function transpose(x: Value, perm: readonly number[]): Value {
  return applyOne('transpose', [x], { perm: [...perm] });
}

export function broadcastTo(x: Value, shape: Shape): Value {
  return sameShape(x.type.shape, shape) ? x : applyOne('broadcastTo', [x], { shape: [...shape] });
}

export function concat(parts: readonly Value[], axis: number): Value {
  const first = parts[0];
  if (first === undefined) throw new GraphError('concat: expected at least one tensor, got none');
  return applyOne('concat', parts, { axis: normalizeAxis('concat', axis, first.type.shape.length) });
}

/**
 * x, but not before y is known, for small x of the same rank: x joined with a number of y that is cut off again. What is
 * computed from it waits, where it would otherwise be computed as soon as x is there and lie in memory until it is needed.
 */
export function late(x: Value, y: Value): Value {
  const axes = [...x.type.shape.keys()];
  const rest = x.type.shape.map((n, i) => (i === 0 ? 1 : n));
  // As much of y as fits, so that it seldom needs to be broadcast.
  const ends = rest.map((n, i) => (n <= y.type.shape[i]! ? n : 1));
  const some = slice(y, { axes, starts: axes.map(() => 0), ends });
  return slice(concat([x, broadcastTo(some, rest)], 0), { axes: [0], starts: [0], ends: [x.type.shape[0]!] });
}

/** Consecutive pieces of the given sizes along an axis. */
export function split(x: Value, sizes: readonly number[], axis: number): Value[] {
  const at = normalizeAxis('split', axis, x.type.shape.length);
  const total = sizes.reduce((a, b) => a + b, 0);
  if (total !== x.type.shape[at]) {
    throw new GraphError(
      `split: sizes ${shapeText(sizes)} do not add up to axis ${at} of ${shapeText(x.type.shape)}`,
    );
  }
  let start = 0;
  return sizes.map((size) => {
    const piece = slice(x, { axes: [at], starts: [start], ends: [start + size] });
    start += size;
    return piece;
  });
}

export interface SliceOptions {
  readonly axes: readonly number[];
  readonly starts: readonly number[];
  /** Exclusive; counted from the end when negative; Infinity for the whole axis. */
  readonly ends: readonly number[];
  readonly steps?: readonly number[];
}

/** NumPy's x[start:end:step] along some axes. Steps are positive; `flip` turns an axis around. */
export function slice(x: Value, options: SliceOptions): Value {
  const { shape } = x.type;
  const starts = shape.map(() => 0);
  const sizes = [...shape];
  const steps = shape.map(() => 1);
  for (const [i, axis] of options.axes.entries()) {
    const at = normalizeAxis('slice', axis, shape.length);
    const n = shape[at]!;
    const inside = (index: number) => Math.min(n, Math.max(0, index < 0 ? index + n : index));
    const step = options.steps?.[i] ?? 1;
    if (!(step >= 1)) throw new GraphError(`slice: steps must be at least 1, got ${step}`);
    starts[at] = inside(options.starts[i]!);
    sizes[at] = Math.ceil((inside(options.ends[i]!) - starts[at]!) / step);
    steps[at] = step;
  }
  return applyOne('slice', [x], { starts, sizes, steps });
}

/** x with the given axes turned around. */
export function flip(x: Value, axes: readonly number[]): Value {
  const flipped = new Set(axes.map((axis) => normalizeAxis('flip', axis, x.type.shape.length)));
  const { shape } = x.type;
  return applyOne('slice', [x], {
    starts: shape.map((n, i) => (flipped.has(i) ? n - 1 : 0)),
    sizes: [...shape],
    steps: shape.map((_, i) => (flipped.has(i) ? -1 : 1)),
  });
}

/** Adds `before[i]` and `after[i]` elements of `value` around axis i. */
export function pad(x: Value, before: Shape, after: Shape, value = 0): Value {
  return applyOne('pad', [x], { before: [...before], after: [...after], value });
}

/** Slices of x at integer indices along an axis; the indices' shape replaces the axis. */
export function gather(x: Value, indices: Value, axis = 0): Value {
  return applyOne('gather', [x, indices], { axis: normalizeAxis('gather', axis, x.type.shape.length) });
}

/** One element of x per index: out[i][j] = x[index[i][j]][j] for axis 0. */
export function gatherElements(x: Value, indices: Value, axis: number): Value {
  return applyOne('gatherElements', [x, indices], {
    axis: normalizeAxis('gatherElements', axis, x.type.shape.length),
  });
}

/** base with base[index[i][j]][j] += updates[i][j] for axis 0; the inverse of gatherElements. */
export function scatterAdd(base: Value, indices: Value, updates: Value, axis: number): Value {
  const at = normalizeAxis('scatterAdd', axis, base.type.shape.length);
  return applyOne('scatterElements', [base, indices, updates], { axis: at, reduction: 'add' });
}

/** base with base[index[i][j]][j] = the largest of itself and all updates for it, for axis 0; no gradient. */
export function scatterMax(base: Value, indices: Value, updates: Value, axis: number): Value {
  const at = normalizeAxis('scatterMax', axis, base.type.shape.length);
  return applyOne('scatterElements', [base, indices, updates], { axis: at, reduction: 'max' });
}

/** As scatterMax, the smallest. */
export function scatterMin(base: Value, indices: Value, updates: Value, axis: number): Value {
  const at = normalizeAxis('scatterMin', axis, base.type.shape.length);
  return applyOne('scatterElements', [base, indices, updates], { axis: at, reduction: 'min' });
}

// Selection

export interface SuppressionOptions {
  /** float32 [1]: boxes with a score of this or less are not looked at. */
  readonly score: Value;
  /** float32 [1] in 0..1: of two boxes of a class that overlap by more than this IoU the lesser falls. */
  readonly iou: Value;
  /** Boxes kept of each class of a picture, at most. */
  readonly perClass: number;
  /** Rows of the result. What does not fit is cut off. */
  readonly count: number;
}

/**
 * Greedy non-maximum suppression within each class. boxes: [N, A, 4] as two opposite corners, scores: [N, C, A]; returns
 * int64 [count, 3], rows of picture, class and box: class by class, falling scores (of equal ones the lower index), then
 * rows of -1. No gradient.
 */
export function nonMaxSuppression(boxes: Value, scores: Value, options: SuppressionOptions): Value {
  const { score, iou, perClass, count } = options;
  const most = constant([perClass], [1], 'int64');
  return applyOne('nonMaxSuppression', [boxes, scores, most, iou, score], { count });
}
