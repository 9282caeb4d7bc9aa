// What gradients refuses, and what it does with broadcasting, several uses and second derivatives.
import { describe, expect, it } from 'vitest';
import { gradients } from './grad.ts';
import { graph, type Value } from './graph.ts';
import * as ops from './ops/build.ts';
import { GraphError } from './tensor.ts';
import { gradientError } from './testing/gradient-check.ts';
import { compute, numbersOf, runGraph } from './testing/runtime.ts';

const x = ops.input('x', [2, 3]);

describe('a gradient that does not exist is an error when the graph is built', () => {
  const w = ops.input('w', [2, 3]);
  const picture = ops.input('picture', [1, 2, 5, 5]);
  const kernel = ops.input('kernel', [2, 2, 3, 3]);
  const norm = ops.batchNorm(picture, ops.constant([1, 1]), ops.constant([0, 0]));
  const rows: readonly [string, loss: () => Value, wrt: readonly Value[], message: RegExp][] = [
    ['a loss that is no scalar', () => x, [x], /the loss must be a float scalar, got f32\[2,3\]/],
    ['an integer loss', () => ops.sum(ops.cast(x, 'int64')), [x], /must be a float scalar, got i64\[\]/],
    ['a weight that the loss does not use', () => ops.sum(x), [x, w], /does not depend on w f32\[2,3\]/],
    ['a weight behind stopGradient', () => ops.sum(ops.stopGradient(x)), [x], /only through stopGradient/],
    [
      'a weight behind argMax',
      () => ops.sum(ops.cast(ops.argMax(x, 1), 'float32')),
      [x],
      /does not depend on x/,
    ],
    ['a weight behind integers', () => ops.sum(ops.cast(ops.cast(x, 'int64'), 'float32')), [x], /integers/],
    ['a weight behind a comparison', () => ops.sum(ops.cast(ops.less(x, 0), 'float32')), [x], /comparisons/],
    [
      'sign, though another path has a gradient',
      () => ops.sum(ops.add(ops.sign(x), x)),
      [x],
      /sign f32\[2,3\] has no gradient: it is piecewise constant/,
    ],
    ['floor', () => ops.sum(ops.floor(x)), [x], /floor f32\[2,3\] has no gradient/],
    [
      'the statistics of a batch',
      () => ops.sum(ops.add(norm.y, ops.sum(norm.mean))),
      [picture],
      /batchNorm: its statistics carry no gradient/,
    ],
    [
      'a second derivative of a convolution by its weights',
      () => {
        const [dw] = gradients(ops.sum(ops.square(ops.conv2d(picture, kernel))), [kernel]);
        return ops.sum(ops.square(dw!));
      },
      [picture],
      /convWeightGrad f32\[2,2,3,3\] has no gradient: second derivatives of convolutions are not supported/,
    ],
  ];
  it.each(rows)('%s', (_, loss, wrt, message) => {
    expect(() => gradients(loss(), wrt)).toThrow(message);
    expect(() => gradients(loss(), wrt)).toThrow(GraphError);
  });
});

describe('gradients', () => {
  it('lets ops without a gradient stand where none flows', async () => {
    const label = ops.input('label', [2, 3]);
    const loss = ops.sum(ops.mul(x, ops.sign(label)));
    const [dx] = gradients(loss, [x]);
    expect(await compute(dx!, { label: [1, -2, 3, -4, 0, 6] })).toEqual([1, -1, 1, -1, 0, 1]);
  });

  it('does not flow through stopGradient, but around it', async () => {
    const [dx] = gradients(ops.sum(ops.mul(x, ops.stopGradient(x))), [x]);
    expect(await compute(dx!, { x: [1, 2, 3, 4, 5, 6] })).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('adds up over all uses of a value', async () => {
    const [dx] = gradients(ops.sum(ops.add(ops.mul(x, 3), ops.mul(x, x))), [x]);
    expect(await compute(dx!, { x: [0, 1, 2, 3, 4, 5] })).toEqual([3, 5, 7, 9, 11, 13]);
  });

  it('sums over the axes along which a value was spread', async () => {
    const row = ops.input('row', [3]);
    const [drow] = gradients(ops.sum(ops.mul(x, row)), [row]);
    expect(drow!.type.shape).toEqual([3]);
    expect(await compute(drow!, { x: [1, 2, 3, 4, 5, 6] })).toEqual([5, 7, 9]);
  });

  it('reaches values in the middle of a graph, and the loss itself', async () => {
    const middle = ops.exp(x);
    const loss = ops.sum(ops.square(middle));
    const [dmiddle, dloss] = gradients(loss, [middle, loss]);
    const zeros = [0, 0, 0, 0, 0, 0];
    expect(await compute(dmiddle!, { x: zeros })).toEqual([2, 2, 2, 2, 2, 2]);
    expect(await compute(dloss!)).toEqual([1]);
  });

  it('shares ties of max, and gives each of two equal values half', async () => {
    const [dx] = gradients(ops.max(x), [x]);
    expect(await compute(dx!, { x: [1, 4, 4, 0, 4, 4] })).toEqual([0, 0.25, 0.25, 0, 0.25, 0.25]);
    const y = ops.input('y', [2, 3]);
    const both = gradients(ops.sum(ops.maximum(x, y)), [x, y]);
    const outputs = { dx: both[0]!, dy: both[1]! };
    const same = [1, 2, 3, 4, 5, 6];
    const results = await runGraph(graph({ inputs: [x, y], outputs }), { x: same, y: same });
    expect(numbersOf(results.dx!)).toEqual(new Array(6).fill(0.5));
    expect(numbersOf(results.dy!)).toEqual(new Array(6).fill(0.5));
  });

  it('has limits at zero where the formula has none', async () => {
    const base = [0, 0, 0, 2, 2, 2];
    const exponent = ops.constant([0, 1, 2, 0, 1, 2], [2, 3]);
    const [dbase] = gradients(ops.sum(ops.pow(x, exponent)), [x]);
    expect(await compute(dbase!, { x: base })).toEqual([0, 1, 0, 0, 1, 4]);
    const e = ops.input('e', [2, 3]);
    const [de] = gradients(ops.sum(ops.pow(ops.constant(base, [2, 3]), e)), [e]);
    const found = await compute(de!, { e: [1, 2, 3, 0, 1, 2] });
    expect(found.slice(0, 3)).toEqual([0, 0, 0]);
  });

  it('can be taken of a gradient', async () => {
    const slopeOf = (f: (v: Value) => Value) => (v: Value) => gradients(ops.sum(f(v)), [v])[0]!;
    for (const f of [ops.tanh, ops.exp, ops.sigmoid, ops.gelu, ops.silu, ops.erf, ops.softmax]) {
      const weights = ops.constant([0.5, -1, 2], [3]);
      const build = (v?: Value) => slopeOf((u) => ops.mul(f(u), weights))(v!);
      expect(await gradientError({ name: f.name, inputs: [[2, 3]], build })).toBeLessThan(2e-3);
    }
  });

  it('can be taken twice through a convolution by its input', async () => {
    const kernel = ops.constant([1, 2, 3, 4], [1, 1, 2, 2]);
    const build = (v?: Value) => gradients(ops.sum(ops.square(ops.conv2d(v!, kernel))), [v!])[0]!;
    expect(await gradientError({ name: 'conv', inputs: [[1, 1, 4, 4]], build })).toBeLessThan(1e-3);
  });

  it('does not overflow the stack on a graph of many thousand nodes', () => {
    let y: Value = x;
    for (let i = 0; i < 20_000; i++) y = ops.add(y, 1);
    expect(gradients(ops.sum(y), [x])).toHaveLength(1);
  });
});
