// Every op's gradient against central differences. The table is total: a new op needs cases or a reason.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradients } from '../grad.ts';
import { topologicalOrder, type Value } from '../graph.ts';
import type { OpName } from '../ops/attributes.ts';
import * as ops from '../ops/build.ts';
import { applyOne } from '../ops/infer.ts';
import type { Shape } from '../tensor.ts';
import { type GradientCase, gradientError, type Spread } from '../testing/gradient-check.ts';
import { gradientTable } from './table.ts';

/** Relative to the norm of the central difference, in float32 with a step of 1/128. */
const tolerance = 1e-3;

type Given = GradientCase['inputs'][number];
type Row = readonly [name: string, inputs: readonly Given[], build: (...x: Value[]) => Value];
type Reason = `no gradient: ${string}`;

const at = (shape: Shape, low: number, high: number): Given => ({
  shape,
  spread: { kind: 'between', low, high },
});
const distinct = (...shape: number[]): Given => ({ shape, spread: { kind: 'distinct' } });
const avoiding = (shape: Shape, ...kinks: number[]): Given => ({
  shape,
  spread: { kind: 'avoiding', kinks },
});
const indices = (numbers: number[], shape: Shape) => ops.constant(numbers, shape, 'int64');

const unary = (f: (x: Value) => Value, given: Given = [3, 5]): Row[] => [['elementwise', [given], f]];

const broadcasts = (
  f: (a: Value, b: Value) => Value,
  left: (shape: Shape) => Given = (shape) => shape,
  right: (shape: Shape) => Given = left,
): Row[] => [
  ['equal shapes', [left([3, 4]), right([3, 4])], f],
  ['a row', [left([2, 3, 4]), right([4])], f],
  ['a column', [left([2, 3, 1]), right([3, 5])], f],
  ['a scalar', [left([]), right([2, 3])], f],
  ['both ways and ones', [left([3, 1, 4]), right([2, 1, 5, 1])], f],
];

const conv = (name: string, x: Shape, w: Shape, options: ops.ConvOptions = {}, bias?: Shape): Row => [
  name,
  bias ? [x, w, bias] : [x, w],
  (a, b, c) => ops.conv2d(a!, b!, c ? { ...options, bias: c } : options),
];

const convTranspose = (
  name: string,
  x: Shape,
  w: Shape,
  options: Parameters<typeof ops.convTranspose2d>[2] = {},
  bias?: Shape,
): Row => [
  name,
  bias ? [x, w, bias] : [x, w],
  (a, b, c) => ops.convTranspose2d(a!, b!, c ? { ...options, bias: c } : options),
];

const reductions = (
  f: (x: Value, options?: ops.ReduceOptions) => Value,
  given: (shape: Shape) => Given = (s) => s,
): Row[] => [
  ['all axes', [given([2, 3, 4])], (x) => f(x!)],
  ['a middle axis', [given([2, 3, 4])], (x) => f(x!, { axes: [1] })],
  ['negative axes, kept', [given([2, 3, 4])], (x) => f(x!, { axes: [-1, 0], keepDims: true })],
  ['an axis of length 1', [given([2, 1, 4])], (x) => f(x!, { axes: [1] })],
  ['no axis', [given([2, 3])], (x) => f(x!, { axes: [] })],
  ['one axis named twice', [given([2, 3])], (x) => f(x!, { axes: [1, -1] })],
];

const matmuls: Row[] = [false, true].flatMap((transA) =>
  [false, true].flatMap((transB): Row[] => {
    const flags = { transA, transB };
    const left = (m: number, k: number) => (transA ? [k, m] : [m, k]);
    const right = (k: number, n: number) => (transB ? [n, k] : [k, n]);
    const f = (a: Value, b: Value) => ops.matmul(a, b, flags);
    const name = `${transA ? 'transA ' : ''}${transB ? 'transB ' : ''}`;
    return [
      [`${name}matrices`, [left(3, 4), right(4, 5)], f],
      [
        `${name}two batches`,
        [
          [2, ...left(3, 4)],
          [2, ...right(4, 5)],
        ],
        f,
      ],
      [`${name}a batch by one matrix`, [[2, 3, ...left(2, 4)], right(4, 3)], f],
      [`${name}one matrix by a batch`, [left(2, 4), [3, ...right(4, 2)]], f],
      [
        `${name}batches that broadcast`,
        [
          [2, 1, ...left(2, 3)],
          [3, ...right(3, 2)],
        ],
        f,
      ],
    ];
  }),
);

const cases: Record<OpName, readonly Row[] | Reason> = {
  input: 'no gradient: it has no inputs',
  constant: 'no gradient: it has no inputs',
  neg: unary(ops.neg),
  exp: unary(ops.exp),
  log: unary(ops.log, at([3, 5], 0.3, 2)),
  abs: unary(ops.abs, avoiding([3, 5], 0)),
  sqrt: unary(ops.sqrt, at([3, 5], 0.3, 2)),
  reciprocal: unary(ops.reciprocal, at([3, 5], -2, -0.5)),
  sign: 'no gradient: piecewise constant',
  floor: 'no gradient: piecewise constant',
  sin: unary(ops.sin),
  cos: unary(ops.cos),
  atan: unary(ops.atan),
  erf: unary(ops.erf),
  tanh: unary(ops.tanh),
  sigmoid: unary(ops.sigmoid),
  softplus: unary(ops.softplus, at([3, 5], -6, 6)),
  relu: unary(ops.relu, avoiding([3, 5], 0)),
  gelu: unary(ops.gelu, at([3, 5], -3, 3)),
  silu: [
    ...unary(ops.silu, at([3, 5], -3, 3)),
    [
      'after batch normalisation',
      [[2, 3, 2, 3], [3], [3]],
      (x, scale, bias) => ops.silu(ops.batchNorm(x!, scale!, bias!).y),
    ],
  ],
  hardSigmoid: unary(ops.hardSigmoid, avoiding([4, 5], -3, 3)),
  hardSwish: unary(ops.hardSwish, avoiding([4, 5], -3, 3)),
  clip: [
    ['both bounds', [avoiding([4, 5], -0.5, 0.75)], (x) => ops.clip(x!, -0.5, 0.75)],
    ['an upper bound alone', [avoiding([4, 5], 0.5)], (x) => ops.clip(x!, Number.NEGATIVE_INFINITY, 0.5)],
  ],
  not: 'no gradient: bool',
  cast: unary((x) => ops.cast(x, 'float32')),
  stopGradient: 'no gradient: that is what it is for',
  add: broadcasts(ops.add),
  sub: broadcasts(ops.sub),
  mul: [...broadcasts(ops.mul), ['the same value twice', [[3, 4]], (x) => ops.mul(x!, x!)]],
  div: broadcasts(
    ops.div,
    (s) => s,
    (s) => at(s, 0.5, 2),
  ),
  pow: [
    ...broadcasts(
      ops.pow,
      (s) => at(s, 0.5, 2),
      (s) => at(s, -2, 2),
    ),
    ['a negative base to a whole power', [at([3, 4], -2, -0.5)], (x) => ops.pow(x!, 3)],
  ],
  minimum: [['a column', [distinct(2, 3, 4), [3, 1]], (a, b) => ops.minimum(a!, ops.mul(b!, 0))]],
  maximum: [
    [
      'a row',
      [distinct(3, 4), avoiding([4], 0)],
      (a, b) => ops.maximum(a!, ops.add(ops.mul(b!, 0.001), 0.03)),
    ],
  ],
  less: 'no gradient: bool',
  lessOrEqual: 'no gradient: bool',
  greater: 'no gradient: bool',
  greaterOrEqual: 'no gradient: bool',
  equal: 'no gradient: bool',
  and: 'no gradient: bool',
  or: 'no gradient: bool',
  where: [
    [
      'a condition that broadcasts',
      [
        [2, 3, 4],
        [3, 1],
      ],
      (a, b) => ops.where(ops.constant(Uint8Array.of(1, 0, 0, 1), [4], 'bool'), a!, b!),
    ],
    ['a number on one side', [avoiding([3, 4], 0)], (x) => ops.where(ops.less(x!, 0), 2, ops.square(x!))],
  ],
  matmul: matmuls,
  conv: [
    conv('plain', [2, 3, 5, 4], [2, 3, 3, 3]),
    conv('bias and padding', [1, 2, 5, 4], [3, 2, 3, 3], { pad: 1 }, [3]),
    conv('padding of four kinds', [1, 2, 4, 5], [2, 2, 3, 2], { pad: [2, 1, 0, 1] }),
    conv('stride that leaves a rest', [1, 2, 6, 7], [2, 2, 3, 3], { stride: 2 }),
    conv('stride 3 by 2, padded', [1, 2, 7, 5], [3, 2, 3, 3], { stride: [3, 2], pad: [1, 0] }, [3]),
    conv('dilation', [1, 2, 7, 6], [2, 2, 3, 2], { dilation: [2, 3], pad: 2 }),
    conv('dilation and stride', [1, 2, 8, 7], [2, 2, 2, 3], { dilation: [3, 2], stride: 2, pad: 1 }),
    conv('groups', [2, 4, 4, 3], [6, 2, 3, 3], { groups: 2, pad: 1 }, [6]),
    conv('depthwise', [1, 3, 5, 5], [3, 1, 3, 3], { groups: 3, pad: 1 }, [3]),
    conv('depthwise, twice the channels, stride 2', [1, 3, 5, 6], [6, 1, 3, 3], {
      groups: 3,
      stride: 2,
      pad: 1,
    }),
    conv('one by one', [2, 5, 3, 3], [2, 5, 1, 1], {}, [2]),
    conv('one by one, stride 2', [1, 3, 5, 5], [4, 3, 1, 1], { stride: 2 }),
    conv('patches', [1, 2, 8, 8], [3, 2, 4, 4], { stride: 4 }),
    conv('fewer channels out than in', [2, 6, 4, 4], [1, 6, 3, 3], { pad: 1 }),
    conv('more channels out than in', [2, 1, 4, 4], [6, 1, 3, 3], { pad: 1 }),
    conv('more padding than the kernel reaches', [1, 1, 3, 3], [2, 1, 2, 2], { pad: 3 }),
    conv('one pixel', [2, 3, 1, 1], [2, 3, 3, 3], { pad: 1 }),
    [
      'an enlarged picture',
      [
        [1, 3, 3, 2],
        [2, 3, 3, 3],
      ],
      (x, w) => ops.conv2d(ops.resize(x!, { height: 6, width: 4, mode: 'bilinear' }), w!, { pad: 1 }),
    ],
  ],
  convTranspose: [
    convTranspose('plain', [1, 3, 3, 4], [3, 2, 3, 3]),
    convTranspose('bias and padding', [2, 2, 4, 3], [2, 3, 3, 3], { pad: 1 }, [3]),
    convTranspose(
      'stride 2 and output padding',
      [1, 2, 3, 4],
      [2, 3, 3, 3],
      { stride: 2, pad: 1, outputPad: 1 },
      [3],
    ),
    convTranspose('stride 2 by 3, output padding of one side', [1, 2, 3, 3], [2, 2, 2, 3], {
      stride: [2, 3],
      outputPad: [0, 2],
    }),
    convTranspose('groups', [1, 4, 3, 3], [4, 3, 2, 2], { groups: 2, stride: 2 }, [6]),
    convTranspose('depthwise', [1, 3, 3, 3], [3, 1, 3, 3], { groups: 3, stride: 2, pad: 1 }),
    convTranspose('dilation', [1, 2, 4, 3], [2, 2, 2, 3], { dilation: [2, 1], pad: [1, 0] }),
    convTranspose('padding of four kinds', [1, 2, 5, 4], [2, 2, 3, 3], { stride: 2, pad: [2, 0, 1, 1] }),
    convTranspose('more padding than the kernel reaches', [1, 2, 6, 6], [2, 2, 2, 2], { pad: 2 }),
  ],
  convWeightGrad: 'no gradient: second derivatives of convolutions are not supported',
  maxPool: [
    ['side by side', [distinct(2, 2, 4, 6)], (x) => ops.maxPool2d(x!, { kernel: 2 })],
    [
      'overlapping and padded',
      [distinct(1, 2, 5, 6)],
      (x) => ops.maxPool2d(x!, { kernel: 3, stride: 1, pad: 1 }),
    ],
    [
      'a 5 by 5 window over little',
      [distinct(2, 1, 3, 4)],
      (x) => ops.maxPool2d(x!, { kernel: 5, stride: 1, pad: 2 }),
    ],
    [
      'padding of four kinds, a rest left',
      [distinct(1, 2, 6, 5)],
      (x) => ops.maxPool2d(x!, { kernel: [3, 2], stride: [2, 3], pad: [1, 0, 2, 1] }),
    ],
  ],
  resize: (['bilinear', 'nearest'] as const).flatMap((mode): Row[] =>
    [
      [6, 10],
      [4, 7],
      [2, 3],
      [3, 5],
      [1, 1],
      [7, 2],
    ].map(([height, width]) => [
      `${mode} to ${height} x ${width}`,
      [[2, 2, 3, 5]],
      (x) => ops.resize(x!, { height: height!, width: width!, mode }),
    ]),
  ),
  batchNorm: [
    [
      'pictures',
      [[3, 2, 3, 2], at([2], 0.5, 2), [2]],
      (x, scale, bias) => ops.batchNorm(x!, scale!, bias!, { eps: 1e-3 }).y,
    ],
    [
      'a picture of more pixels than channelProducts multiplies one by one',
      [[1, 1, 21, 20], at([1], 0.5, 2), [1]],
      (x, scale, bias) => ops.batchNorm(x!, scale!, bias!, { eps: 1e-3 }).y,
    ],
    ['rows', [[6, 3], at([3], 0.5, 2), [3]], (x, scale, bias) => ops.batchNorm(x!, scale!, bias!).y],
  ],
  groupNorm: [1, 2, 4].map((groups) => [
    `${groups} groups`,
    [[2, 4, 3, 2], at([4], 0.5, 2), [4]],
    (x, scale, bias) => ops.groupNorm(x!, scale!, bias!, { groups, eps: 1e-3 }),
  ]),
  layerNorm: [
    [
      'rows of a batch',
      [[2, 3, 5], at([5], 0.5, 2), [5]],
      (x, scale, bias) => ops.layerNorm(x!, scale!, bias!, { eps: 1e-3 }),
    ],
    ['one row', [[5], [5], [5]], (x, scale, bias) => ops.layerNorm(x!, scale!, bias!)],
  ],
  softmax: [0, 1, -1].map((axis) => [`axis ${axis}`, [[2, 3, 4]], (x) => ops.softmax(x!, axis)]),
  logSoftmax: [0, 1, -1].map((axis) => [`axis ${axis}`, [[2, 3, 4]], (x) => ops.logSoftmax(x!, axis)]),
  sum: reductions(ops.sum),
  mean: reductions(ops.mean),
  max: reductions(ops.max, (shape) => ({ shape, spread: { kind: 'distinct' } })),
  min: reductions(ops.min, (shape) => ({ shape, spread: { kind: 'distinct' } })),
  sumSquare: reductions(ops.sumSquare).filter(([name]) => name !== 'no axis'),
  argMax: 'no gradient: its result is an index',
  topK: [
    ['the largest of the last axis', [distinct(3, 6)], (x) => ops.topK(x!, 2).values],
    [
      'the smallest of the first axis',
      [distinct(5, 3)],
      (x) => ops.topK(x!, 3, { axis: 0, largest: false }).values,
    ],
    ['all of a middle axis', [distinct(2, 4, 3)], (x) => ops.topK(x!, 4, { axis: -2 }).values],
  ],
  reshape: [['with a free length', [[2, 3, 4]], (x) => ops.square(ops.reshape(x!, [4, -1]))]],
  transpose: [['three axes', [[2, 3, 4]], (x) => ops.square(ops.transpose(x!, [2, 0, 1]))]],
  broadcastTo: [
    ['a row and a column', [[3, 1]], (x) => ops.square(ops.broadcastTo(x!, [2, 3, 4]))],
    ['a scalar', [[]], (x) => ops.broadcastTo(x!, [2, 3])],
  ],
  concat: [
    [
      'three parts on a negative axis',
      [
        [2, 1, 3],
        [2, 2, 3],
        [2, 3, 3],
      ],
      (...x) => ops.concat(x, -2),
    ],
    [
      'one part twice',
      [
        [2, 3],
        [2, 2],
      ],
      (a, b) => ops.concat([a!, b!, a!], 1),
    ],
  ],
  slice: [
    ['a range', [[5, 4]], (x) => ops.slice(x!, { axes: [0], starts: [1], ends: [4] })],
    [
      'steps that leave a rest, negative ends',
      [[7, 8]],
      (x) =>
        ops.slice(x!, { axes: [-1, 0], starts: [1, 0], ends: [-1, Number.POSITIVE_INFINITY], steps: [3, 2] }),
    ],
    ['flipped', [[3, 4, 2]], (x) => ops.flip(x!, [0, -1])],
    [
      'backwards by two and three',
      [[7, 8]],
      (x) => applyOne('slice', [x!], { starts: [6, 5], sizes: [3, 2], steps: [-2, -3] }),
    ],
    [
      'split into pieces of which one is used twice',
      [[2, 6]],
      (x) => {
        const [a, , c] = ops.split(x!, [2, 1, 3], 1) as [Value, Value, Value];
        return ops.concat([c, ops.square(c), a], 1);
      },
    ],
  ],
  pad: [
    ['both sides', [[2, 3]], (x) => ops.square(ops.pad(x!, [1, 0], [0, 2], 3))],
    ['one axis of four', [[1, 2, 3, 2]], (x) => ops.pad(x!, [0, 0, 1, 2], [0, 0, 3, 0])],
  ],
  gather: [
    ['repeated rows', [[4, 3]], (x) => ops.gather(x!, indices([2, 0, 2, 2, 1], [5]))],
    [
      'a matrix of indices on the last axis',
      [[2, 4]],
      (x) => ops.gather(x!, indices([3, 0, 3, 1], [2, 2]), -1),
    ],
    ['a middle axis, counted from the end', [[2, 3, 2]], (x) => ops.gather(x!, indices([-1, 0, -1], [3]), 1)],
    ['one index that drops the axis', [[4, 3]], (x) => ops.gather(x!, indices([2], []))],
  ],
  gatherElements: [
    [
      'repeated indices on the first axis',
      [[3, 3]],
      (x) => ops.gatherElements(x!, indices([0, 0, 2, 0, 1, 2], [2, 3]), 0),
    ],
    [
      'more indices than elements on the last',
      [[2, 2]],
      (x) => ops.gatherElements(x!, indices([0, 1, 1, 1, 0, 0], [2, 3]), -1),
    ],
  ],
  scatterElements: [
    [
      'added at repeated indices',
      [
        [4, 2],
        [3, 2],
      ],
      (base, updates) => ops.square(ops.scatterAdd(base!, indices([1, 0, 1, 3, 1, 0], [3, 2]), updates!, 0)),
    ],
    [
      'put in place',
      [
        [2, 4],
        [2, 2],
      ],
      (base, updates) =>
        ops.square(
          applyOne('scatterElements', [base!, indices([1, 3, 0, 2], [2, 2]), updates!], {
            axis: 1,
            reduction: 'none',
          }),
        ),
    ],
  ],
  nonMaxSuppression: 'no gradient: indices',
};

const tested = Object.entries(cases).flatMap(([op, rows]) =>
  typeof rows === 'string' ? [] : rows.map((row) => [op as OpName, ...row] as const),
);

describe('gradients agree with central differences', () => {
  it.each(tested)('%s: %s', async (op, name, inputs, build) => {
    expect(await gradientError({ name: `${op} ${name}`, inputs, build })).toBeLessThan(tolerance);
  });

  it('for pooling by averages, with and without the padding counted', async () => {
    for (const countIncludePad of [true, false]) {
      for (const options of [
        { kernel: 3, stride: 1, pad: 1 },
        { kernel: [2, 3], stride: [2, 1], pad: [1, 0, 0, 2] },
      ] as const) {
        const error = await gradientError({
          name: 'averagePool',
          inputs: [[2, 2, 5, 4]],
          build: (x) => ops.averagePool2d(x!, { ...options, countIncludePad }),
        });
        expect(error).toBeLessThan(tolerance);
      }
    }
  });

  it('for normalisation with fixed statistics', async () => {
    const inputs: Given[] = [[2, 3, 2, 2], [3], [3], [3], at([3], 0.5, 2)];
    const build = (...[x, scale, bias, mean, variance]: Value[]) =>
      ops.batchNormInference(x!, scale!, bias!, mean!, variance!, { eps: 1e-3 });
    expect(await gradientError({ name: 'inference', inputs, build })).toBeLessThan(tolerance);
  });

  it('for convolutions and transposed convolutions of any shape', async () => {
    await fc.assert(
      fc.asyncProperty(anyConv, async ({ transposed, x, w, outputPad, ...options }) => {
        const build = (a: Value, b: Value) =>
          transposed ? ops.convTranspose2d(a, b, { ...options, outputPad }) : ops.conv2d(a, b, options);
        expect(await gradientError({ name: 'any', inputs: [x, w], build: build as never })).toBeLessThan(
          tolerance,
        );
      }),
      { seed: 7, numRuns: 40 },
    );
  });
});

/** Shapes and options of a convolution whose window fits. */
const anyConv = fc
  .record({
    transposed: fc.boolean(),
    n: fc.integer({ min: 1, max: 2 }),
    groups: fc.integer({ min: 1, max: 3 }),
    inEach: fc.integer({ min: 1, max: 2 }),
    outEach: fc.integer({ min: 1, max: 2 }),
    size: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })),
    kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    dilation: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
    pads: fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 2 }))) as fc.Arbitrary<
      [number, number, number, number]
    >,
  })
  .map(({ transposed, n, groups, inEach, outEach, size, kernel, stride, dilation, pads }) => {
    const channels = groups * inEach;
    const w = transposed ? [channels, outEach, ...kernel] : [groups * outEach, inEach, ...kernel];
    const outputPad = [stride[0] - 1, 0] as const;
    return { transposed, x: [n, channels, ...size], w, stride, dilation, pad: pads, groups, outputPad };
  })
  .filter(({ transposed, x, w, stride, dilation, pad, outputPad }) =>
    [0, 1].every((i) => {
      const reach = (w[i + 2]! - 1) * dilation[i]! + 1;
      const size = transposed ? (x[i + 2]! - 1) * stride[i]! + reach + outputPad[i]! : x[i + 2]!;
      const room = transposed ? size - pad[i]! - pad[i + 2]! : size + pad[i]! + pad[i + 2]!;
      return transposed ? room >= 1 : room >= reach;
    }),
  );

describe('the table of gradients', () => {
  it('has a rule for exactly the ops that have cases', () => {
    for (const [op, rows] of Object.entries(cases)) {
      const rule = gradientTable[op as OpName];
      expect([op, typeof rule === 'function']).toEqual([op, typeof rows !== 'string']);
    }
  });

  it('is tested by cases that hold the op in question', () => {
    for (const [op, name, inputs, build] of tested) {
      const shapes = inputs.map((given) => ('shape' in given ? given.shape : given));
      const y = build(...shapes.map((shape, i) => ops.input(`x${i}`, shape)));
      const found = topologicalOrder([y]).some((node) => node.op === op);
      expect([op, name, found || trivial.has(name)]).toEqual([op, name, true]);
    }
  });

  it('would be caught if a rule were wrong', async () => {
    const wrong: [name: string, f: (x: Value) => Value, derivative: (x: Value) => Value][] = [
      ['tanh without the square', ops.tanh, (x) => ops.sub(1, ops.tanh(x))],
      ['gelu by its tanh approximation', ops.gelu, (x) => ops.sigmoid(ops.mul(x, 1.702))],
      ['sin one percent too steep', ops.sin, (x) => ops.mul(ops.cos(x), 1.01)],
    ];
    for (const [name, f, derivative] of wrong) {
      const spread: Spread = { kind: 'normal' };
      const error = await gradientError(
        { name, inputs: [{ shape: [3, 5], spread }], build: (x) => f(x!) },
        (loss, [x]) => {
          const [dy] = gradients(loss, [
            topologicalOrder([loss]).find((node) => node.op === f(x!).node.op)!.outputs[0]!,
          ]);
          return [ops.mul(dy!, derivative(x!))];
        },
      );
      expect([name, error > tolerance]).toEqual([name, true]);
    }
  });
});

/** Cases that the builders answer without a node. */
const trivial = new Set(['no axis']);
