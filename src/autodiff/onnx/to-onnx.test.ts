// Graphs as ONNX models: names, metadata, element types at the door, portability and weights in a file of their own.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gradients } from '../grad.ts';
import { graph, type Value } from '../graph.ts';
import { toHalf } from '../half.ts';
import { fill, normal } from '../nn/initializers.ts';
import * as layers from '../nn/layers.ts';
import { Parameters } from '../nn/parameters.ts';
import { trace } from '../nn/trace.ts';
import * as ops from '../ops/build.ts';
import { type DType, GraphError } from '../tensor.ts';
import { relativeError } from '../testing/gradient-check.ts';
import { compute, cpuRuntime, numbersOf, runGraph, tensor } from '../testing/runtime.ts';
import { decodeModel } from './proto.ts';
import { toOnnx, toOnnxFiles } from './to-onnx.ts';

const x = ops.input('x', [2, 3]);

function perceptron() {
  return trace(new Parameters(1), {
    inputs: { x: { shape: [2, 40] } },
    build: (s, { x: given }) => ({
      y: layers.linear(s.at('b'), ops.relu(layers.linear(s.at('a'), given, { out: 50 })), {
        out: 3,
        init: normal(1),
      }),
    }),
  });
}

describe('names in the model', () => {
  it('are those of inputs, outputs and weights; metadata comes along', () => {
    const options = { target: 'cpu', name: 'perceptron', metadata: { mean: '[0.5]' } } as const;
    const model = decodeModel(toOnnx(perceptron(), options));
    expect(model.graph.name).toBe('perceptron');
    expect(model.metadata).toEqual({ mean: '[0.5]' });
    expect(model.graph.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: [2, 40] }]);
    expect(model.graph.outputs).toEqual([{ name: 'y', dtype: 'float32', shape: [2, 3] }]);
    const weights = model.graph.initializers.map(({ name }) => name);
    expect(weights).toEqual(expect.arrayContaining(['a.weight', 'b.weight']));
  });

  it('never clash with those that the writer makes up', async () => {
    const [a, b] = [ops.input('exp_0', [1]), ops.input('literal_0', [1])];
    const inner = ops.exp(ops.exp(a));
    const y = ops.add(ops.sum(ops.mul(inner, b)), 1);
    const g = graph({ inputs: [a, b], outputs: { exp_1: y, mul_2: inner } });
    const results = await runGraph(g, { exp_0: [0], literal_0: [2] });
    expect(numbersOf(results.exp_1!)[0]).toBeCloseTo(2 * Math.E + 1, 5);
    expect(numbersOf(results.mul_2!)[0]).toBeCloseTo(Math.E, 5);
  });

  it('of an input and an output may not be the same', () => {
    expect(() => toOnnx(graph({ inputs: [x], outputs: { x: ops.exp(x) } }))).toThrow(/both named x/);
    expect(() => toOnnx(graph({ inputs: [x], outputs: { x: ops.exp(x) } }))).toThrow(GraphError);
  });

  it('may stand for an input itself, for a constant, and for one value twice', async () => {
    const y = ops.exp(x);
    const g = graph({ inputs: [x], outputs: { same: x, one: ops.constant([1]), a: y, b: y } });
    const results = await runGraph(g, { x: [0, 0, 0, 1, 1, 1] });
    expect(numbersOf(results.same!)).toEqual([0, 0, 0, 1, 1, 1]);
    expect(numbersOf(results.one!)).toEqual([1]);
    expect(numbersOf(results.a!)).toEqual(numbersOf(results.b!));
  });
});

describe('lowering', () => {
  const picture = ops.input('picture', [2, 4, 6, 6]);
  const kernel = ops.input('kernel', [4, 4, 3, 3]);
  const ones = ops.constant(new Float32Array(4).fill(1));
  const normed = ops.groupNorm(ops.batchNorm(ops.conv2d(picture, kernel), ones, ones).y, ones, ones, {
    groups: 2,
  });
  const flat = ops.reshape(ops.silu(normed), [2, -1]);
  const grads = gradients(ops.sum(ops.matmul(flat, flat, { transB: true })), [picture, kernel]);
  const g = graph({ inputs: [picture, kernel], outputs: { dx: grads[0]!, dw: grads[1]! } });
  const operators = (target: 'cpu' | 'portable') =>
    new Set(
      decodeModel(toOnnx(g, { target })).graph.nodes.map(({ domain, op }) => `${domain || 'ai.onnx'} ${op}`),
    );

  it('for any runtime uses standard ops alone, and no training mode', () => {
    const found = operators('portable');
    expect([...found].filter((op) => !op.startsWith('ai.onnx '))).toEqual([]);
    expect(found).not.toContain('ai.onnx BatchNormalization');
  });

  it('for the CPU uses what ONNX Runtime runs fastest there', () => {
    expect(operators('cpu')).toContain('com.microsoft FusedMatMul');
    expect(operators('cpu')).toContain('ai.onnx BatchNormalization');
  });

  it('of statistics that nobody reads leaves equal constants alone', async () => {
    // ONNX Runtime writes the statistics of BatchNormalization over its inputs, and shares constants that are equal.
    const zeros = ops.zeros([4]);
    const y = ops.batchNorm(picture, ones, zeros, { eps: 1e-3 }).y;
    const twice = ops.add(ops.batchNorm(y, ones, zeros, { eps: 1e-3 }).y, ops.reshape(ones, [1, 4, 1, 1]));
    const feeds = { picture: Float32Array.from({ length: 288 }, (_, i) => Math.sin(i * i)) };
    const [cpu, portable] = [await compute(twice, feeds, 'cpu'), await compute(twice, feeds, 'portable')];
    expect(relativeError(cpu, portable)).toBeLessThan(1e-5);
  });
});

describe('element types at the door', () => {
  const feed = (dtype: DType, numbers: number[]) => tensor(numbers, [numbers.length], dtype);
  const rows: readonly [DType, (v: Value) => Value, number[], number[]][] = [
    ['float32', (v) => ops.mul(v, 2), [0.5, -1], [1, -2]],
    ['float16', (v) => ops.cast(ops.cast(v, 'float32'), 'float16'), [0.5, -1.25, 1000], [0.5, -1.25, 1000]],
    ['int64', (v) => ops.add(v, 1), [2 ** 40, -3], [2 ** 40 + 1, -2]],
    ['int32', (v) => ops.neg(v), [7, -3], [-7, 3]],
    ['uint8', (v) => ops.cast(ops.div(ops.cast(v, 'float32'), 5), 'uint8'), [255, 10], [51, 2]],
    ['bool', (v) => ops.not(v), [1, 0], [0, 1]],
  ];
  it.each(rows)('%s goes in and comes out', async (dtype, f, given, expected) => {
    const v = ops.input('v', [given.length], dtype);
    const y = f(v);
    expect(y.type.dtype).toBe(dtype);
    const session = await cpuRuntime.load(toOnnx(graph({ inputs: [v], outputs: { y } })));
    const result = (await session.run({ v: feed(dtype, given) })).y!;
    expect(result.type).toBe(dtype);
    expect(numbersOf(result)).toEqual(expected);
    await session.close();
  });

  it('float16 is rounded to the nearest, ties to even', () => {
    const rows16: readonly [number, number][] = [
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff],
      [65519.99, 0x7bff],
      [65520, 0x7c00],
      [Number.NEGATIVE_INFINITY, 0xfc00],
      [2 ** -24, 1],
      [2 ** -25, 0],
      [3 * 2 ** -25, 2],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [-0, 0x8000],
    ];
    for (const [value, half] of rows16) expect([value, toHalf(value)]).toEqual([value, half]);
    expect(toHalf(Number.NaN) & 0x7c00).toBe(0x7c00);
  });
});

describe('weights in a file of their own', () => {
  const g = perceptron();
  const feeds = {
    x: tensor(
      Array.from({ length: 80 }, (_, i) => Math.sin(i)),
      [2, 40],
    ),
  };

  it('give the same results as weights in the model, run from files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'okapi-'));
    try {
      const externalData = { location: 'weights.bin', thresholdBytes: 1000 };
      const { bytes, external } = toOnnxFiles(g, { externalData, metadata: { a: 'b' } });
      expect(external!.byteLength).toBeGreaterThanOrEqual(4 * 40 * 50);
      expect(bytes.byteLength).toBeLessThan(4 * 40 * 50);
      expect(decodeModel(bytes).metadata).toEqual({ a: 'b' });
      await writeFile(join(folder, 'model.onnx'), bytes);
      await writeFile(join(folder, 'weights.bin'), external!);
      const outside = await cpuRuntime.load(join(folder, 'model.onnx'));
      const inside = await cpuRuntime.load(toOnnx(g));
      const [a, b] = [await outside.run(feeds), await inside.run(feeds)];
      expect(numbersOf(a.y!)).toEqual(numbersOf(b.y!));
      expect(numbersOf(a.y!).some((v) => v !== 0)).toBe(true);
      await Promise.all([outside.close(), inside.close()]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('are not made while the weights are small', () => {
    const { bytes, external } = toOnnxFiles(g, { externalData: { location: 'weights.bin' } });
    expect(external).toBeNull();
    expect(bytes).toEqual(toOnnx(g));
  });
});

it('a scalar weight keeps its shape', async () => {
  const s = trace(new Parameters(1), {
    inputs: { x: { shape: [2] } },
    build: (scope, { x: given }) => ({ y: ops.mul(given, scope.param('gain', [], fill(3))) }),
  });
  expect(numbersOf((await runGraph(s, { x: [1, 2] })).y!)).toEqual([3, 6]);
});
