// Shape inference: for each op, which inputs are legal and what comes out. The table is total.
import { makeNode, type Node, type Value } from '../graph.ts';
import {
  broadcastShapes,
  type DType,
  elementCount,
  GraphError,
  isFloat,
  normalizeAxis,
  type Shape,
  sameShape,
  shapeText,
  type TensorType,
  typeText,
} from '../tensor.ts';
import type { ConvAttrs, OpAttributes, OpName, Pads, Pair, ReduceAttrs } from './attributes.ts';

type Infer<K extends OpName> = (inputs: readonly TensorType[], attributes: OpAttributes[K]) => TensorType[];

/** A node whose inputs were checked and whose output types were inferred. Throws GraphError. */
export function apply<K extends OpName>(
  op: K,
  inputs: readonly Value[],
  attributes: OpAttributes[K],
): Node<K> {
  const types = inferTypes(
    op,
    inputs.map((value) => value.type),
    attributes,
  );
  return makeNode(op, inputs, attributes, types);
}

/** The single output of a checked node. */
export function applyOne<K extends OpName>(
  op: K,
  inputs: readonly Value[],
  attributes: OpAttributes[K],
): Value {
  return apply(op, inputs, attributes).outputs[0]!;
}

export function inferTypes<K extends OpName>(
  op: K,
  inputs: readonly TensorType[],
  attributes: OpAttributes[K],
): TensorType[] {
  return inferTable[op](inputs, attributes);
}

function expectCount(op: string, inputs: readonly TensorType[], least: number, most = least): void {
  if (inputs.length >= least && inputs.length <= most) return;
  throw new GraphError(
    `${op}: expected ${least === most ? least : `${least} to ${most}`} inputs, got ${inputs.length}`,
  );
}

function expectFloat(op: string, type: TensorType): void {
  if (!isFloat(type.dtype)) throw new GraphError(`${op}: expected a float tensor, got ${typeText(type)}`);
}

function expectSameType(op: string, a: TensorType, b: TensorType): void {
  if (a.dtype !== b.dtype)
    throw new GraphError(`${op}: element types differ: ${typeText(a)} and ${typeText(b)}`);
}

function expectRank(op: string, what: string, type: TensorType, rank: number): void {
  if (type.shape.length !== rank)
    throw new GraphError(`${op}: expected ${what} of rank ${rank}, got ${typeText(type)}`);
}

const unaryFloat =
  (op: OpName) =>
  (inputs: readonly TensorType[]): TensorType[] => {
    expectCount(op, inputs, 1);
    expectFloat(op, inputs[0]!);
    return [inputs[0]!];
  };

const unaryNumber =
  (op: OpName) =>
  (inputs: readonly TensorType[]): TensorType[] => {
    expectCount(op, inputs, 1);
    if (inputs[0]!.dtype === 'bool')
      throw new GraphError(`${op}: expected numbers, got ${typeText(inputs[0]!)}`);
    return [inputs[0]!];
  };

const compared =
  (op: OpName, result?: DType) =>
  (inputs: readonly TensorType[]): TensorType[] => {
    expectCount(op, inputs, 2);
    const [a, b] = inputs as [TensorType, TensorType];
    expectSameType(op, a, b);
    return [{ dtype: result ?? a.dtype, shape: broadcastShapes(op, a.shape, b.shape) }];
  };

const arithmetic =
  (op: OpName) =>
  (inputs: readonly TensorType[]): TensorType[] => {
    for (const type of inputs)
      if (type.dtype === 'bool') throw new GraphError(`${op}: expected numbers, got ${typeText(type)}`);
    return compared(op)(inputs);
  };

const logical =
  (op: OpName) =>
  (inputs: readonly TensorType[]): TensorType[] => {
    for (const type of inputs) {
      if (type.dtype !== 'bool') throw new GraphError(`${op}: expected bool tensors, got ${typeText(type)}`);
    }
    return compared(op)(inputs);
  };

const reduction =
  (op: OpName) =>
  (inputs: readonly TensorType[], { axes, keepDims }: ReduceAttrs): TensorType[] => {
    expectCount(op, inputs, 1);
    const x = inputs[0]!;
    if (x.dtype === 'bool') throw new GraphError(`${op}: expected numbers, got ${typeText(x)}`);
    const reduced = new Set(axes.map((axis) => normalizeAxis(op, axis, x.shape.length)));
    const shape = keepDims
      ? x.shape.map((n, i) => (reduced.has(i) ? 1 : n))
      : x.shape.filter((_, i) => !reduced.has(i));
    return [{ dtype: x.dtype, shape }];
  };

const alongAxis =
  (op: OpName) =>
  (inputs: readonly TensorType[], { axis }: { readonly axis: number }): TensorType[] => {
    expectCount(op, inputs, 1);
    expectFloat(op, inputs[0]!);
    normalizeAxis(op, axis, inputs[0]!.shape.length);
    return [inputs[0]!];
  };

function expectIntegers(op: string, what: string, numbers: readonly number[], least: number): void {
  if (numbers.every((n) => Number.isInteger(n) && n >= least)) return;
  throw new GraphError(`${op}: ${what} must be integers of at least ${least}, got ${shapeText(numbers)}`);
}

interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pads: Pads;
  readonly dilation?: Pair;
}

function expectWindow(op: string, { kernel, stride, pads, dilation = [1, 1] }: Window): void {
  expectIntegers(op, 'the kernel', kernel, 1);
  expectIntegers(op, 'strides', stride, 1);
  expectIntegers(op, 'dilations', dilation, 1);
  expectIntegers(op, 'pads', pads, 0);
}

/** Height and width of the positions of a window over x [N, C, H, W]. */
function windowShape(op: string, x: Shape, window: Window): Pair {
  expectWindow(op, window);
  const { kernel, stride, pads, dilation = [1, 1] } = window;
  const count = (i: 0 | 1): number => {
    const reach = (kernel[i] - 1) * dilation[i] + 1;
    const room = x[i + 2]! + pads[i] + pads[i + 2]!;
    if (reach <= room) return Math.floor((room - reach) / stride[i]) + 1;
    throw new GraphError(
      `${op}: a window of ${shapeText(kernel)} with dilation ${shapeText(dilation)} does not fit in ${shapeText(x)} with padding ${shapeText(pads)}`,
    );
  };
  return [count(0), count(1)];
}

/** Checks x and the parameters of a normalisation over `axis` (scale and bias); returns the type of x. */
function expectAffine(op: string, inputs: readonly TensorType[], axis: number, most = 3): TensorType {
  expectCount(op, inputs, 3, most);
  const [x, ...parameters] = inputs as [TensorType, ...TensorType[]];
  expectFloat(op, x);
  const size = x.shape.at(axis);
  for (const type of parameters) {
    expectSameType(op, x, type);
    if (size === undefined || !sameShape(type.shape, [size])) {
      throw new GraphError(
        `${op}: x ${shapeText(x.shape)} needs parameters [${size}], got ${shapeText(type.shape)}`,
      );
    }
  }
  return x;
}

function expectBias(op: string, w: TensorType, bias: TensorType | undefined, channels: number): void {
  if (bias === undefined) return;
  expectSameType(op, w, bias);
  if (sameShape(bias.shape, [channels])) return;
  throw new GraphError(
    `${op}: w ${shapeText(w.shape)} needs a bias of shape [${channels}], got ${shapeText(bias.shape)}`,
  );
}

function inferConv(inputs: readonly TensorType[], a: ConvAttrs): TensorType[] {
  expectCount('conv', inputs, 2, 3);
  const [x, w, bias] = inputs as [TensorType, TensorType, TensorType?];
  for (const type of inputs) expectFloat('conv', type);
  expectRank('conv', 'x', x, 4);
  expectRank('conv', 'w', w, 4);
  expectSameType('conv', x, w);
  expectIntegers('conv', 'groups', [a.groups], 1);
  const [outChannels, inPerGroup, kh, kw] = w.shape as [number, number, number, number];
  if (x.shape[1] !== inPerGroup * a.groups || outChannels % a.groups !== 0) {
    throw new GraphError(
      `conv: x ${shapeText(x.shape)} does not fit w ${shapeText(w.shape)} with ${a.groups} groups`,
    );
  }
  expectBias('conv', w, bias, outChannels);
  const [h, width] = windowShape('conv', x.shape, { ...a, kernel: [kh, kw] });
  return [{ dtype: x.dtype, shape: [x.shape[0]!, outChannels, h, width] }];
}

function inferConvTranspose(inputs: readonly TensorType[], a: OpAttributes['convTranspose']): TensorType[] {
  expectCount('convTranspose', inputs, 2, 3);
  const [x, w, bias] = inputs as [TensorType, TensorType, TensorType?];
  for (const type of inputs) expectFloat('convTranspose', type);
  expectRank('convTranspose', 'x', x, 4);
  expectRank('convTranspose', 'w', w, 4);
  expectSameType('convTranspose', x, w);
  const [inChannels, outPerGroup, kh, kw] = w.shape as [number, number, number, number];
  expectIntegers('convTranspose', 'groups', [a.groups], 1);
  expectWindow('convTranspose', { ...a, kernel: [kh, kw] });
  expectIntegers('convTranspose', 'output pads', a.outputPads, 0);
  if (a.outputPads.some((n, i) => n >= a.stride[i]!)) {
    throw new GraphError(
      `convTranspose: output pads ${shapeText(a.outputPads)} must be smaller than the stride ${shapeText(a.stride)}`,
    );
  }
  if (x.shape[1] !== inChannels || inChannels % a.groups !== 0) {
    throw new GraphError(
      `convTranspose: x ${shapeText(x.shape)} does not fit w ${shapeText(w.shape)} with ${a.groups} groups`,
    );
  }
  expectBias('convTranspose', w, bias, outPerGroup * a.groups);
  const size = (n: number, k: number, i: 0 | 1) =>
    (n - 1) * a.stride[i] + (k - 1) * a.dilation[i] + 1 + a.outputPads[i] - a.pads[i] - a.pads[i + 2]!;
  const h = size(x.shape[2]!, kh, 0);
  const width = size(x.shape[3]!, kw, 1);
  if (h < 1 || width < 1)
    throw new GraphError(
      `convTranspose: padding ${shapeText(a.pads)} leaves nothing of ${shapeText(x.shape)} with w ${shapeText(w.shape)}`,
    );
  return [{ dtype: x.dtype, shape: [x.shape[0]!, outPerGroup * a.groups, h, width] }];
}

function inferConvWeightGrad(inputs: readonly TensorType[], a: OpAttributes['convWeightGrad']): TensorType[] {
  expectCount('convWeightGrad', inputs, 2);
  const [x, dy] = inputs as [TensorType, TensorType];
  expectRank('convWeightGrad', 'x', x, 4);
  expectRank('convWeightGrad', 'dy', dy, 4);
  const [h, width] = windowShape('convWeightGrad', x.shape, a);
  if (dy.shape[0] !== x.shape[0] || dy.shape[2] !== h || dy.shape[3] !== width) {
    throw new GraphError(`convWeightGrad: x ${shapeText(x.shape)} does not fit dy ${shapeText(dy.shape)}`);
  }
  return [{ dtype: x.dtype, shape: [dy.shape[1]!, x.shape[1]! / a.groups, ...a.kernel] }];
}

function inferMatmul(inputs: readonly TensorType[], a: OpAttributes['matmul']): TensorType[] {
  expectCount('matmul', inputs, 2);
  const [x, y] = inputs as [TensorType, TensorType];
  expectFloat('matmul', x);
  expectSameType('matmul', x, y);
  const fail = () => {
    const flags = `${a.transA ? ' transA' : ''}${a.transB ? ' transB' : ''}`;
    throw new GraphError(`matmul${flags}: shapes ${shapeText(x.shape)} and ${shapeText(y.shape)} do not fit`);
  };
  if (x.shape.length < 2 || y.shape.length < 2) fail();
  const last = (shape: Shape, transposed: boolean): Pair => {
    const [m, n] = shape.slice(-2) as [number, number];
    return transposed ? [n, m] : [m, n];
  };
  const [m, k] = last(x.shape, a.transA);
  const [k2, n] = last(y.shape, a.transB);
  if (k !== k2) fail();
  const batch = broadcastShapes('matmul', x.shape.slice(0, -2), y.shape.slice(0, -2));
  return [{ dtype: x.dtype, shape: [...batch, m, n] }];
}

function inferConcat(inputs: readonly TensorType[], { axis }: OpAttributes['concat']): TensorType[] {
  const first = inputs[0];
  if (first === undefined) throw new GraphError('concat: expected at least one tensor, got none');
  const at = normalizeAxis('concat', axis, first.shape.length);
  let total = 0;
  for (const type of inputs) {
    expectSameType('concat', first, type);
    const fits =
      type.shape.length === first.shape.length &&
      type.shape.every((n, i) => i === at || n === first.shape[i]);
    if (!fits) {
      throw new GraphError(
        `concat: shapes ${shapeText(first.shape)} and ${shapeText(type.shape)} differ beside axis ${at}`,
      );
    }
    total += type.shape[at]!;
  }
  return [{ dtype: first.dtype, shape: first.shape.map((n, i) => (i === at ? total : n)) }];
}

function inferSlice(inputs: readonly TensorType[], a: OpAttributes['slice']): TensorType[] {
  expectCount('slice', inputs, 1);
  const x = inputs[0]!;
  const legal =
    a.starts.length === x.shape.length &&
    x.shape.every((n, i) => {
      const first = a.starts[i]!;
      const last = first + (a.sizes[i]! - 1) * a.steps[i]!;
      return a.sizes[i]! >= 1 && a.steps[i] !== 0 && Math.min(first, last) >= 0 && Math.max(first, last) < n;
    });
  if (!legal) {
    throw new GraphError(
      `slice: start ${shapeText(a.starts)} size ${shapeText(a.sizes)} step ${shapeText(a.steps)} leaves ${shapeText(x.shape)}`,
    );
  }
  return [{ dtype: x.dtype, shape: a.sizes }];
}

function inferReshape(inputs: readonly TensorType[], { shape }: OpAttributes['reshape']): TensorType[] {
  expectCount('reshape', inputs, 1);
  const x = inputs[0]!;
  if (elementCount(x.shape) !== elementCount(shape)) {
    throw new GraphError(
      `reshape: ${shapeText(x.shape)} has ${elementCount(x.shape)} elements, ${shapeText(shape)} has ${elementCount(shape)}`,
    );
  }
  return [{ dtype: x.dtype, shape }];
}

function inferTranspose(inputs: readonly TensorType[], { perm }: OpAttributes['transpose']): TensorType[] {
  expectCount('transpose', inputs, 1);
  const x = inputs[0]!;
  if (
    perm.length !== x.shape.length ||
    new Set(perm).size !== perm.length ||
    perm.some((p) => x.shape[p] === undefined)
  ) {
    throw new GraphError(
      `transpose: ${shapeText(perm)} is no permutation of the axes of ${shapeText(x.shape)}`,
    );
  }
  return [{ dtype: x.dtype, shape: perm.map((p) => x.shape[p]!) }];
}

function inferBroadcastTo(
  inputs: readonly TensorType[],
  { shape }: OpAttributes['broadcastTo'],
): TensorType[] {
  expectCount('broadcastTo', inputs, 1);
  const x = inputs[0]!;
  if (!sameShape(broadcastShapes('broadcastTo', x.shape, shape), shape)) {
    throw new GraphError(`broadcastTo: ${shapeText(x.shape)} does not broadcast to ${shapeText(shape)}`);
  }
  return [{ dtype: x.dtype, shape }];
}

function inferGather(inputs: readonly TensorType[], { axis }: OpAttributes['gather']): TensorType[] {
  expectCount('gather', inputs, 2);
  const [x, indices] = inputs as [TensorType, TensorType];
  expectIndices('gather', indices);
  const at = normalizeAxis('gather', axis, x.shape.length);
  return [{ dtype: x.dtype, shape: [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)] }];
}

function expectIndices(op: string, type: TensorType): void {
  if (type.dtype !== 'int64' && type.dtype !== 'int32') {
    throw new GraphError(`${op}: expected integer indices, got ${typeText(type)}`);
  }
}

function expectInside(op: string, x: TensorType, indices: TensorType, axis: number): void {
  const at = normalizeAxis(op, axis, x.shape.length);
  const fits =
    indices.shape.length === x.shape.length && indices.shape.every((n, i) => i === at || n <= x.shape[i]!);
  if (!fits)
    throw new GraphError(`${op}: indices ${shapeText(indices.shape)} do not fit ${shapeText(x.shape)}`);
}

function inferSuppression(
  inputs: readonly TensorType[],
  { count }: OpAttributes['nonMaxSuppression'],
): TensorType[] {
  expectCount('nonMaxSuppression', inputs, 5);
  const scores = inputs[1]!;
  const [n, classes, anchors] = scores.shape;
  const expected = [
    `f32[${n},${anchors},4]`,
    `f32[${n},${classes},${anchors}]`,
    'i64[1]',
    'f32[1]',
    'f32[1]',
  ];
  if (inputs.some((type, i) => typeText(type) !== expected[i]))
    throw new GraphError(
      `nonMaxSuppression: expected boxes, scores, the most of a class, iou and score as ${expected.join(', ')}; got ${inputs.map(typeText).join(', ')}`,
    );
  expectIntegers('nonMaxSuppression', 'count', [count], 1);
  return [{ dtype: 'int64', shape: [count, 3] }];
}

const inferTable: { readonly [K in OpName]: Infer<K> } = {
  input: (_, { name, dtype, shape }) => {
    expectIntegers('input', `the shape of ${name}`, shape, 0);
    return [{ dtype, shape }];
  },
  constant: (_, { dtype, shape, data }) => {
    expectIntegers('constant', 'the shape', shape, 0);
    if (data.length !== elementCount(shape)) {
      throw new GraphError(`constant: ${data.length} numbers do not fill ${shapeText(shape)}`);
    }
    return [{ dtype, shape }];
  },
  neg: unaryNumber('neg'),
  exp: unaryFloat('exp'),
  log: unaryFloat('log'),
  abs: unaryNumber('abs'),
  sqrt: unaryFloat('sqrt'),
  reciprocal: unaryFloat('reciprocal'),
  sign: unaryNumber('sign'),
  floor: unaryFloat('floor'),
  sin: unaryFloat('sin'),
  cos: unaryFloat('cos'),
  atan: unaryFloat('atan'),
  erf: unaryFloat('erf'),
  tanh: unaryFloat('tanh'),
  sigmoid: unaryFloat('sigmoid'),
  softplus: unaryFloat('softplus'),
  relu: unaryFloat('relu'),
  gelu: unaryFloat('gelu'),
  silu: unaryFloat('silu'),
  hardSigmoid: unaryFloat('hardSigmoid'),
  hardSwish: unaryFloat('hardSwish'),
  clip: (inputs, { min, max }) => {
    if (!(min <= max)) throw new GraphError(`clip: the lower bound ${min} is above the upper bound ${max}`);
    return unaryNumber('clip')(inputs);
  },
  not: (inputs) => {
    expectCount('not', inputs, 1);
    if (inputs[0]!.dtype !== 'bool') throw new GraphError(`not: expected bool, got ${typeText(inputs[0]!)}`);
    return [inputs[0]!];
  },
  cast: (inputs, { to }) => {
    expectCount('cast', inputs, 1);
    return [{ dtype: to, shape: inputs[0]!.shape }];
  },
  stopGradient: (inputs) => {
    expectCount('stopGradient', inputs, 1);
    return [inputs[0]!];
  },
  add: arithmetic('add'),
  sub: arithmetic('sub'),
  mul: arithmetic('mul'),
  div: arithmetic('div'),
  pow: arithmetic('pow'),
  minimum: arithmetic('minimum'),
  maximum: arithmetic('maximum'),
  less: compared('less', 'bool'),
  lessOrEqual: compared('lessOrEqual', 'bool'),
  greater: compared('greater', 'bool'),
  greaterOrEqual: compared('greaterOrEqual', 'bool'),
  equal: compared('equal', 'bool'),
  and: logical('and'),
  or: logical('or'),
  where: (inputs) => {
    expectCount('where', inputs, 3);
    const [condition, a, b] = inputs as [TensorType, TensorType, TensorType];
    if (condition.dtype !== 'bool')
      throw new GraphError(`where: expected a bool condition, got ${typeText(condition)}`);
    expectSameType('where', a, b);
    return [
      {
        dtype: a.dtype,
        shape: broadcastShapes('where', condition.shape, broadcastShapes('where', a.shape, b.shape)),
      },
    ];
  },
  matmul: inferMatmul,
  conv: inferConv,
  convTranspose: inferConvTranspose,
  convWeightGrad: inferConvWeightGrad,
  maxPool: (inputs, { kernel, stride, pads }) => {
    expectCount('maxPool', inputs, 1);
    const x = inputs[0]!;
    expectRank('maxPool', 'x', x, 4);
    if (pads.some((n, i) => n >= kernel[i % 2]!)) {
      throw new GraphError(
        `maxPool: padding ${shapeText(pads)} of ${shapeText(x.shape)} must be smaller than the kernel ${shapeText(kernel)}`,
      );
    }
    const shape = [x.shape[0]!, x.shape[1]!, ...windowShape('maxPool', x.shape, { kernel, stride, pads })];
    return [
      { dtype: x.dtype, shape },
      { dtype: 'int64', shape },
    ];
  },
  resize: (inputs, { height, width }) => {
    expectCount('resize', inputs, 1);
    const x = inputs[0]!;
    expectRank('resize', 'x', x, 4);
    if (!(Number.isInteger(height) && Number.isInteger(width) && height >= 1 && width >= 1))
      throw new GraphError(`resize: cannot resize ${shapeText(x.shape)} to ${height} x ${width}`);
    return [{ dtype: x.dtype, shape: [x.shape[0]!, x.shape[1]!, height, width] }];
  },
  batchNorm: (inputs) => {
    const x = expectAffine('batchNorm', inputs, 1, 5); // 4 and 5: scratch space that lowering adds
    const perChannel = { dtype: x.dtype, shape: [x.shape[1]!] };
    return [x, perChannel, perChannel];
  },
  groupNorm: (inputs, { groups }) => {
    const x = expectAffine('groupNorm', inputs, 1);
    if (x.shape[1]! % groups !== 0)
      throw new GraphError(
        `groupNorm: the channels of x ${shapeText(x.shape)} do not split into ${groups} groups`,
      );
    const perGroup = { dtype: x.dtype, shape: [x.shape[0]!, groups] };
    return [x, perGroup, perGroup];
  },
  layerNorm: (inputs) => {
    const x = expectAffine('layerNorm', inputs, -1);
    const perRow = { dtype: x.dtype, shape: [...x.shape.slice(0, -1), 1] };
    return [x, perRow, perRow];
  },
  softmax: alongAxis('softmax'),
  logSoftmax: alongAxis('logSoftmax'),
  sum: reduction('sum'),
  mean: reduction('mean'),
  max: reduction('max'),
  min: reduction('min'),
  sumSquare: reduction('sumSquare'),
  argMax: (inputs, { axis, keepDims }) => [
    { dtype: 'int64', shape: reduction('argMax')(inputs, { axes: [axis], keepDims })[0]!.shape },
  ],
  topK: (inputs, { k, axis }) => {
    expectCount('topK', inputs, 1);
    const x = inputs[0]!;
    const at = normalizeAxis('topK', axis, x.shape.length);
    if (!(k >= 1 && k <= x.shape[at]!))
      throw new GraphError(`topK: cannot take ${k} of axis ${at} of ${shapeText(x.shape)}`);
    const shape = x.shape.map((n, i) => (i === at ? k : n));
    return [
      { dtype: x.dtype, shape },
      { dtype: 'int64', shape },
    ];
  },
  reshape: inferReshape,
  transpose: inferTranspose,
  broadcastTo: inferBroadcastTo,
  concat: inferConcat,
  slice: inferSlice,
  pad: (inputs, { before, after }) => {
    expectCount('pad', inputs, 1);
    const x = inputs[0]!;
    if (
      before.length !== x.shape.length ||
      after.length !== x.shape.length ||
      [...before, ...after].some((n) => n < 0)
    ) {
      throw new GraphError(
        `pad: pads ${shapeText(before)} and ${shapeText(after)} do not fit ${shapeText(x.shape)}`,
      );
    }
    return [{ dtype: x.dtype, shape: x.shape.map((n, i) => n + before[i]! + after[i]!) }];
  },
  gather: inferGather,
  gatherElements: (inputs, { axis }) => {
    expectCount('gatherElements', inputs, 2);
    const [x, indices] = inputs as [TensorType, TensorType];
    expectIndices('gatherElements', indices);
    expectInside('gatherElements', x, indices, axis);
    return [{ dtype: x.dtype, shape: indices.shape }];
  },
  scatterElements: (inputs, { axis }) => {
    expectCount('scatterElements', inputs, 3);
    const [x, indices, updates] = inputs as [TensorType, TensorType, TensorType];
    expectIndices('scatterElements', indices);
    expectInside('scatterElements', x, indices, axis);
    if (!sameShape(indices.shape, updates.shape)) {
      throw new GraphError(
        `scatterElements: indices ${shapeText(indices.shape)} and updates ${shapeText(updates.shape)} differ`,
      );
    }
    return [x];
  },
  nonMaxSuppression: inferSuppression,
};
