// Small models for the tests of the runtime.

import {
  add,
  constant,
  conv2d,
  graph,
  input,
  matmul,
  mul,
  relu,
  sum,
  toOnnx,
  type Value,
} from '../../../autodiff/index.ts';
import type { RuntimeTensor } from '../../../autodiff/runtime.ts';

/** y = 2x + 1 and z = x + x, for x of `length` numbers. */
export function lineModel(length: number): Uint8Array {
  const x = input('x', [length]);
  return model([x], { y: add(mul(x, 2), 1), z: add(x, x) });
}

/** A convolution, a rectifier and a matrix product on [1, 3, 16, 16]. */
export function convModel(): Uint8Array {
  const x = input('x', [1, 3, 16, 16]);
  const w = constant(pattern(8 * 3 * 9, 0.3), [8, 3, 3, 3]);
  const features = relu(conv2d(x, w, { pad: 1 }));
  return model([x], { y: matmul(features, constant(pattern(16 * 16, 0.2), [16, 16])) });
}

export function convInput(): RuntimeTensor {
  return { type: 'float32', dims: [1, 3, 16, 16], data: pattern(3 * 16 * 16, 1) };
}

/** One number from `length` numbers that exist only inside the run. */
export function hungryModel(length: number): Uint8Array {
  const x = input('x', [length / 1024, 1]);
  const wide = mul(x, constant(new Float32Array(1024).fill(1), [1, 1024]));
  return model([x], { y: sum(relu(wide)) });
}

export function vector(...numbers: number[]): RuntimeTensor {
  return { type: 'float32', dims: [numbers.length], data: Float32Array.from(numbers) };
}

function model(inputs: Value[], outputs: Record<string, Value>): Uint8Array {
  return toOnnx(graph({ inputs, outputs }));
}

function pattern(length: number, scale: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => scale * Math.sin(1.3 * i + 0.01 * i * i));
}
