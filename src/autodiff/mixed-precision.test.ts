// Which products go to float16, and how the loss scale moves.
import { describe, expect, it } from 'vitest';
import { graph, type Value } from './graph.ts';
import { autocast, LossScaler } from './mixed-precision.ts';
import { fill } from './nn/initializers.ts';
import { Parameters, Scope } from './nn/parameters.ts';
import * as ops from './ops/build.ts';
import { rewrite } from './rewrite.ts';
import { inputsOf } from './testing/runtime.ts';

const products = (y: Value) =>
  rewrite(graph({ inputs: inputsOf(y), outputs: { y } }), autocast)
    .nodes.filter(({ op }) => op === 'matmul' || op === 'conv')
    .map(({ op, outputs }) => `${op} ${outputs[0]!.type.dtype}`);

describe('autocast', () => {
  const x = ops.input('x', [1, 2, 8, 8]);
  const w = ops.input('w', [2, 2, 3, 3]);

  it('computes convolutions and products in float16 and gives float32 back', () => {
    const y = ops.matmul(ops.conv2d(x, w), ops.input('m', [6, 6]));
    expect(products(y)).toEqual(['conv float16', 'matmul float16']);
    expect(y.type.dtype).toBe('float32');
  });

  it('leaves averaging in float32, so that small variances survive', () => {
    expect(products(ops.averagePool2d(x, { kernel: 3, stride: 1, pad: 1 }))).toEqual([
      'matmul float32',
      'matmul float32',
    ]);
  });

  it('takes frozen weights along', () => {
    const parameters = new Parameters(1);
    parameters.set('w', [2, 2, 3, 3], new Float32Array(36), { trainable: false });
    const frozen = new Scope(parameters, 'train').param('w', [2, 2, 3, 3], fill(0));
    expect(frozen.node.op).toBe('constant');
    expect(products(ops.conv2d(x, frozen))).toEqual(['conv float16']);
  });
});

describe('the loss scale', () => {
  it('doubles after 2000 good steps in a row and halves at each overflow, not below 1', () => {
    const scaler = new LossScaler();
    for (let i = 0; i < 1999; i++) scaler.update(true, false);
    expect(scaler.state()).toEqual({ scale: 65536, goodSteps: 1999 });
    scaler.update(true, false);
    expect(scaler.state()).toEqual({ scale: 131072, goodSteps: 0 });
    scaler.update(true, false);
    scaler.update(false, false);
    expect(scaler.state()).toEqual({ scale: 65536, goodSteps: 0 });
    for (let i = 0; i < 20; i++) scaler.update(false, false);
    expect(scaler.scale).toBe(1);
  });

  it('does not count runs that only accumulate', () => {
    const scaler = new LossScaler();
    scaler.update(true, true);
    expect(scaler.state().goodSteps).toBe(0);
  });
});
