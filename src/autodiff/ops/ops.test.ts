// Forward values of the ops against plain float64 references, and against PyTorch (scripts/fixtures/autodiff_ops.py).
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradients } from '../grad.ts';
import { graph, type Value } from '../graph.ts';
import { Random } from '../random.ts';
import type { Shape } from '../tensor.ts';
import { type DeterministicTensor, deterministicValues } from '../testing/deterministic.ts';
import { draw, relativeError } from '../testing/gradient-check.ts';
import * as reference from '../testing/reference.ts';
import { compute, numbersOf, runGraph } from '../testing/runtime.ts';
import * as ops from './build.ts';

const tolerance = 1e-5; // relative to the norm of the result

const targets = ['cpu', 'portable'] as const;

const random = new Random(5);
const normal = (shape: Shape): reference.Plain => ({ shape, data: draw({ kind: 'normal' }, shape, random) });

/** |f(x) - expected| / |expected| with the engine computing f. */
async function errorOf(
  f: (...x: Value[]) => Value,
  inputs: readonly reference.Plain[],
  expected: reference.Plain,
): Promise<number> {
  const xs = inputs.map(({ shape }, i) => ops.input(`x${i}`, shape));
  const y = f(...xs);
  expect(y.type.shape).toEqual(expected.shape);
  const feeds = Object.fromEntries(inputs.map(({ data }, i) => [`x${i}`, data]));
  const errors = [];
  for (const target of targets) errors.push(relativeError(await compute(y, feeds, target), expected.data));
  return Math.max(...errors);
}

const upTo = (max: number, min = 1) => fc.integer({ min, max });
const pairOf = (max: number, min = 1) => fc.tuple(upTo(max, min), upTo(max, min));
const padsUpTo = (max: number) => fc.tuple(upTo(max, 0), upTo(max, 0), upTo(max, 0), upTo(max, 0));
const some = { seed: 3, numRuns: 40 };

describe('forward values agree with the plain reference', () => {
  const convolution = fc.record({
    n: upTo(2),
    groups: upTo(3),
    each: pairOf(3),
    size: pairOf(7, 3),
    kernel: pairOf(3),
    stride: pairOf(3),
    dilation: pairOf(2),
    pads: padsUpTo(2),
  });

  it('conv2d, of any shape', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async ({ n, groups, each, size, kernel, ...rest }) => {
        fc.pre(
          [0, 1].every(
            (i) => (kernel[i]! - 1) * rest.dilation[i]! + 1 <= size[i]! + rest.pads[i]! + rest.pads[i + 2]!,
          ),
        );
        const x = normal([n, groups * each[0], ...size]);
        const w = normal([groups * each[1], each[0], ...kernel]);
        const f = (a: Value, b: Value) => ops.conv2d(a, b, { ...rest, pad: rest.pads, groups });
        const error = await errorOf(f as never, [x, w], reference.conv(x, w, { ...rest, groups }));
        expect(error).toBeLessThan(tolerance);
      }),
      some,
    );
  });

  it('convTranspose2d, of any shape', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async ({ n, groups, each, size, kernel, ...rest }) => {
        fc.pre(
          [0, 1].every(
            (i) =>
              (size[i]! - 1) * rest.stride[i]! + (kernel[i]! - 1) * rest.dilation[i]! + 1 >
              rest.pads[i]! + rest.pads[i + 2]!,
          ),
        );
        const outputPads = [0, rest.stride[1] - 1] as const;
        const x = normal([n, groups * each[0], ...size]);
        const w = normal([groups * each[0], each[1], ...kernel]);
        const f = (a: Value, b: Value) =>
          ops.convTranspose2d(a, b, { ...rest, pad: rest.pads, groups, outputPad: outputPads });
        const expected = reference.convTranspose(x, w, { ...rest, groups, outputPads });
        expect(await errorOf(f as never, [x, w], expected)).toBeLessThan(tolerance);
      }),
      some,
    );
  });

  it('bias is added once per channel', async () => {
    const x = normal([1, 2, 3, 3]);
    const zero = { shape: [4, 2, 1, 1], data: new Array<number>(8).fill(0) };
    const bias = normal([4]);
    const expected = reference.fromPositions([1, 4, 3, 3], (_, c) => bias.data[c!]!);
    const f = (a: Value, w: Value, b: Value) => ops.conv2d(a, w, { bias: b });
    expect(await errorOf(f as never, [x, zero, bias], expected)).toBeLessThan(tolerance);
  });

  const pooling = fc.record({ size: pairOf(8, 3), kernel: pairOf(4), stride: pairOf(3), pads: padsUpTo(3) });

  it('maxPool2d and averagePool2d, of any window', async () => {
    await fc.assert(
      fc.asyncProperty(pooling, fc.boolean(), async ({ size, kernel, stride, pads }, countIncludePad) => {
        fc.pre(pads.every((p, i) => p < kernel[i % 2]!));
        fc.pre([0, 1].every((i) => kernel[i]! <= size[i]! + pads[i]! + pads[i + 2]!));
        const x = normal([2, 2, ...size]);
        const window = { kernel, stride, pads };
        const options = { kernel, stride, pad: pads };
        const max = (a?: Value) => ops.maxPool2d(a!, options);
        const average = (a?: Value) => ops.averagePool2d(a!, { ...options, countIncludePad });
        expect(await errorOf(max, [x], reference.maxPool(x, window))).toBeLessThan(tolerance);
        expect(await errorOf(average, [x], reference.averagePool(x, window, countIncludePad))).toBeLessThan(
          tolerance,
        );
      }),
      some,
    );
  });

  it('resize, up and down by any factor', async () => {
    // 14 to 16, 20 to 12 and 21 to 3 are factors that a division by a rounded float32 gets wrong.
    const awkward: [[number, number, number, number], 'bilinear' | 'nearest'][] = [
      [[14, 16, 20, 12], 'nearest'],
      [[21, 3, 25, 30], 'nearest'],
      [[21, 3, 25, 30], 'bilinear'],
    ];
    const anySizes = fc.tuple(upTo(9), upTo(20), upTo(9), upTo(20));
    const mode = fc.constantFrom('bilinear' as const, 'nearest' as const);
    await fc.assert(
      fc.asyncProperty(anySizes, mode, async ([height, toHeight, width, toWidth], m) => {
        const x = normal([2, 1, height, width]);
        const f = (a?: Value) => ops.resize(a!, { height: toHeight, width: toWidth, mode: m });
        expect(await errorOf(f, [x], reference.resize(x, toHeight, toWidth, m))).toBeLessThan(tolerance);
      }),
      { ...some, examples: awkward },
    );
  });

  it('matmul with every flag and broadcast', async () => {
    for (const transA of [false, true]) {
      for (const transB of [false, true]) {
        for (const [batchA, batchB] of [
          [[], []],
          [[2], []],
          [[], [3]],
          [
            [2, 1],
            [2, 3],
          ],
          [
            [2, 1],
            [1, 3],
          ],
        ]) {
          const a = normal([...batchA!, ...(transA ? [4, 3] : [3, 4])]);
          const b = normal([...batchB!, ...(transB ? [5, 4] : [4, 5])]);
          const f = (x: Value, y: Value) => ops.matmul(x, y, { transA, transB });
          const expected = reference.matmul(a, b, transA, transB);
          expect(await errorOf(f as never, [a, b], expected)).toBeLessThan(tolerance);
        }
      }
    }
  });

  it('normalisation over batch, groups and rows', async () => {
    const x = normal([3, 4, 3, 2]);
    const ones = (n: number) => ops.constant(new Float32Array(n).fill(1));
    const batch = reference.normalise(x, 1e-3, (_, c) => `${c}`);
    const groups = reference.normalise(x, 1e-3, (n, c) => `${n} ${Math.floor(c! / 2)}`);
    const rows = reference.normalise(x, 1e-3, (n, c, y) => `${n} ${c} ${y}`);
    const statistics = [...batch.statistics.values()];
    const perChannel = (list: number[]): reference.Plain => ({ shape: [4], data: list });
    const normed = (a?: Value) => ops.batchNorm(a!, ones(4), ops.zeros([4]), { eps: 1e-3 });
    const rowsOf = [
      [(a?: Value) => normed(a).y, batch.y],
      [(a?: Value) => normed(a).mean, perChannel(statistics.map(({ mean }) => mean))],
      [(a?: Value) => normed(a).variance, perChannel(statistics.map(({ variance }) => variance))],
      [(a?: Value) => ops.groupNorm(a!, ones(4), ops.zeros([4]), { groups: 2, eps: 1e-3 }), groups.y],
      [(a?: Value) => ops.layerNorm(a!, ones(2), ops.zeros([2]), { eps: 1e-3 }), rows.y],
    ] as const;
    for (const [f, expected] of rowsOf) expect(await errorOf(f, [x], expected)).toBeLessThan(tolerance);
  });

  it('elementwise functions and comparisons', async () => {
    const x = [-2.5, -1, -0.25, 0, 0.5, 1, 3.5];
    const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
    const bool = (f: (v: number) => boolean) => (v: number) => Number(f(v));
    const rows: readonly [f: (x: Value) => Value, (v: number) => number][] = [
      [ops.neg, (v) => -v],
      [ops.exp, Math.exp],
      [(v) => ops.log(ops.add(ops.abs(v), 1)), (v) => Math.log1p(Math.abs(v))],
      [(v) => ops.sqrt(ops.abs(v)), (v) => Math.sqrt(Math.abs(v))],
      [(v) => ops.reciprocal(ops.add(v, 4)), (v) => 1 / (v + 4)],
      [ops.sign, Math.sign],
      [ops.floor, Math.floor],
      [ops.sin, Math.sin],
      [ops.cos, Math.cos],
      [ops.atan, Math.atan],
      [ops.tanh, Math.tanh],
      [ops.sigmoid, sigmoid],
      [ops.softplus, (v) => Math.log1p(Math.exp(v))],
      [ops.relu, (v) => Math.max(0, v)],
      [ops.silu, (v) => v * sigmoid(v)],
      [ops.hardSigmoid, (v) => Math.min(1, Math.max(0, v / 6 + 0.5))],
      [ops.hardSwish, (v) => v * Math.min(1, Math.max(0, v / 6 + 0.5))],
      [ops.square, (v) => v * v],
      [(v) => ops.clip(v, -1, 0.75), (v) => Math.min(0.75, Math.max(-1, v))],
      [(v) => ops.clip(v, Number.NEGATIVE_INFINITY, 0.75), (v) => Math.min(0.75, v)],
      [(v) => ops.pow(2, v), (v) => 2 ** v],
      [(v) => ops.sub(1, v), (v) => 1 - v],
      [(v) => ops.div(1, ops.add(v, 4)), (v) => 1 / (v + 4)],
      [(v) => ops.minimum(v, 0.25), (v) => Math.min(v, 0.25)],
      [(v) => ops.maximum(0.25, v), (v) => Math.max(v, 0.25)],
      [(v) => ops.less(v, 0.5), bool((v) => v < 0.5)],
      [(v) => ops.lessOrEqual(v, 0.5), bool((v) => v <= 0.5)],
      [(v) => ops.greater(v, 0.5), bool((v) => v > 0.5)],
      [(v) => ops.greaterOrEqual(v, 0.5), bool((v) => v >= 0.5)],
      [(v) => ops.equal(v, 0.5), bool((v) => v === 0.5)],
      [(v) => ops.and(ops.less(v, 1), ops.greater(v, -1)), bool((v) => v < 1 && v > -1)],
      [(v) => ops.or(ops.less(v, -1), ops.not(ops.less(v, 1))), bool((v) => v < -1 || v >= 1)],
      [(v) => ops.where(ops.less(v, 0), 7, v), (v) => (v < 0 ? 7 : v)],
      [(v) => ops.cast(v, 'int64'), Math.trunc],
      [ops.stopGradient, (v) => v],
    ];
    for (const [f, expected] of rows) {
      const y = f(ops.input('x', [x.length]));
      expect([y.node.op, relativeError(await compute(y, { x }), x.map(expected)) < tolerance]).toEqual([
        y.node.op,
        true,
      ]);
    }
  });

  it('finite knows NaN and the infinities', async () => {
    const x = [1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3.4e38];
    expect(await compute(ops.finite(ops.input('x', [5])), { x })).toEqual([1, 0, 0, 0, 1]);
  });

  it('reductions, sorting and indices', async () => {
    const x = [3, 1, 2, 6, 5, 4];
    const given = ops.input('x', [2, 3]);
    const rows: readonly [Value, readonly number[]][] = [
      [ops.sum(given), [21]],
      [ops.mean(given, { axes: [-1] }), [2, 5]],
      [ops.max(given, { axes: [0], keepDims: true }), [6, 5, 4]],
      [ops.min(given, { axes: [1] }), [1, 4]],
      [ops.sumSquare(given, { axes: [0] }), [45, 26, 20]],
      [ops.sumSquare(given, { axes: [] }), [9, 1, 4, 36, 25, 16]],
      [ops.mean(given, { axes: [] }), x],
      [ops.argMax(given, 1), [0, 0]],
      [ops.argMax(given, -1, { keepDims: true }), [0, 0]],
      [ops.topK(given, 2).values, [3, 2, 6, 5]],
      [ops.topK(given, 2).indices, [0, 2, 0, 1]],
      [ops.topK(given, 1, { axis: 0, largest: false }).values, [3, 1, 2]],
      [ops.softmax(ops.mul(given, 0)), new Array<number>(6).fill(Math.fround(1 / 3))],
    ];
    for (const [y, expected] of rows) expect(await compute(y, { x })).toEqual(expected);
  });

  it('shape ops move the right elements', async () => {
    const x = [0, 1, 2, 3, 4, 5];
    const given = ops.input('x', [2, 3]);
    const at = (numbers: number[], shape: Shape) => ops.constant(numbers, shape, 'int64');
    const rows: readonly [Value, readonly number[]][] = [
      [ops.reshape(given, [3, -1]), x],
      [ops.transpose(given, [1, 0]), [0, 3, 1, 4, 2, 5]],
      [ops.broadcastTo(ops.slice(given, { axes: [0], starts: [1], ends: [2] }), [2, 3]), [3, 4, 5, 3, 4, 5]],
      [ops.concat([given, given], -1), [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]],
      [ops.split(given, [1, 2], 1)[1]!, [1, 2, 4, 5]],
      [ops.slice(given, { axes: [1], starts: [-2], ends: [Number.POSITIVE_INFINITY] }), [1, 2, 4, 5]],
      [ops.slice(given, { axes: [1], starts: [0], ends: [3], steps: [2] }), [0, 2, 3, 5]],
      [ops.flip(given, [-1]), [2, 1, 0, 5, 4, 3]],
      [ops.pad(given, [0, 1], [1, 0], 9), [9, 0, 1, 2, 9, 3, 4, 5, 9, 9, 9, 9]],
      [ops.gather(given, at([2, -3], [2]), 1), [2, 0, 5, 3]],
      [ops.gatherElements(given, at([2, 0, 1, 1], [2, 2]), 1), [2, 0, 4, 4]],
      [ops.scatterAdd(given, at([0, 0], [2, 1]), ops.constant([10, 20], [2, 1]), 1), [10, 1, 2, 23, 4, 5]],
      [
        ops.scatterMax(given, at([0, 0, 2, 1], [2, 2]), ops.constant([7, 8, 1, 9], [2, 2]), 1),
        [8, 1, 2, 3, 9, 5],
      ],
      [
        ops.scatterMin(given, at([0, 0, 2, 1], [2, 2]), ops.constant([7, -8, 1, 9], [2, 2]), 1),
        [-8, 1, 2, 3, 4, 1],
      ],
    ];
    for (const [y, expected] of rows) expect(await compute(y, { x })).toEqual(expected);
  });
});

interface Summary {
  readonly shape: Shape;
  readonly norm: number;
  readonly at: readonly number[];
  readonly values: readonly number[];
}

interface TorchCase {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly DeterministicTensor[];
  readonly options: Readonly<Record<string, number>>;
  readonly upstream: DeterministicTensor;
  readonly output: Summary;
  readonly gradients: readonly Summary[];
}

const torch = JSON.parse(readFileSync(new URL('../fixtures/ops.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly TorchCase[];
};

/** How a case's inputs and options become a call of our builders, where they are not (x, options). */
const callers: Readonly<Record<string, (inputs: Value[], o: Readonly<Record<string, number>>) => Value>> = {
  conv2d: ([x, w, bias], o) => ops.conv2d(x!, w!, { ...o, ...(bias && { bias }) }),
  convTranspose2d: ([x, w, bias], o) => ops.convTranspose2d(x!, w!, { ...o, ...(bias && { bias }) }),
  batchNorm: ([x, scale, bias], o) => ops.batchNorm(x!, scale!, bias!, o).y,
  batchNormInference: ([x, scale, bias, mean, variance], o) =>
    ops.batchNormInference(x!, scale!, bias!, mean!, variance!, o),
  layerNorm: ([x, scale, bias], o) => ops.layerNorm(x!, scale!, bias!, o),
  groupNorm: ([x, scale, bias], o) => ops.groupNorm(x!, scale!, bias!, o as { groups: number; eps: number }),
  matmul: ([a, b]) => ops.matmul(a!, b!),
  softmax: ([x], { axis }) => ops.softmax(x!, axis),
  logSoftmax: ([x], { axis }) => ops.logSoftmax(x!, axis),
  pow: ([a, b]) => ops.pow(a!, b!),
  div: ([a, b]) => ops.div(a!, b!),
  maximum: ([a, b]) => ops.maximum(a!, b!),
  minimum: ([a, b]) => ops.minimum(a!, b!),
  clip: ([x], { low, high }) => ops.clip(x!, low!, high!),
  topK: ([x], { k, axis }) => ops.topK(x!, k!, { axis: axis! }).values,
};

const call = ({ op, options }: TorchCase, inputs: Value[]): Value => {
  const build = (ops as unknown as Record<string, (x: Value, o: unknown) => Value>)[op]!;
  return (callers[op] ?? (([x], o) => build(x!, o)))(inputs, options);
};

/** The largest difference from the summary, relative to its norm; the samples are relative to a typical element. */
function distance(found: readonly number[], expected: Summary): number {
  const norm = Math.hypot(...found);
  const typical = expected.norm / Math.sqrt(found.length);
  const samples = expected.at.map((i, k) => Math.abs(found[i]! - expected.values[k]!) / typical);
  return Math.max(Math.abs(norm - expected.norm) / expected.norm, ...samples);
}

describe('outputs and gradients agree with PyTorch', () => {
  it.each(torch.cases.map((row) => [row.name, row] as const))('%s', async (_, row) => {
    const xs = row.inputs.map(({ shape }, i) => ops.input(`x${i}`, shape));
    const y = call(row, xs);
    expect(y.type.shape).toEqual(row.output.shape);
    const upstream = ops.constant(deterministicValues(row.upstream), row.upstream.shape);
    const found = gradients(ops.sum(ops.mul(y, upstream)), xs);
    const outputs = { y, ...Object.fromEntries(found.map((g, i) => [`g${i}`, g])) };
    const feeds = Object.fromEntries(row.inputs.map((given, i) => [`x${i}`, deterministicValues(given)]));
    for (const target of targets) {
      const results = await runGraph(graph({ inputs: xs, outputs }), feeds, target);
      expect(distance(numbersOf(results.y!), row.output)).toBeLessThan(2e-5);
      for (const [i, expected] of row.gradients.entries()) {
        expect(results[`g${i}`]!.dims).toEqual(expected.shape);
        expect(distance(numbersOf(results[`g${i}`]!), expected)).toBeLessThan(1e-4);
      }
    }
  });
});
