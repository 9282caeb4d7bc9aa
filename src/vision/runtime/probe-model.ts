// The small net that tells whether a device computes what the CPU computes, and how fast.

import { constant, conv2d, graph, input, matmul, relu, tanh, toOnnx } from '../../autodiff/index.ts';
import type { RuntimeTensor } from '../../autodiff/runtime.ts';

const channels = 64;
const side = 32;

/** Two convolutions and a matrix product, 0.15 GFLOP: half a second on a GPU in software, a few milliseconds on any other. */
export function probeModel(): Uint8Array {
  const x = input('x', [1, channels, side, side]);
  const weight = (salt: number) =>
    constant(wave(channels * channels * 9, salt, 1.5 / (channels * 3)), [channels, channels, 3, 3]);
  const once = relu(conv2d(x, weight(1), { pad: 1 }));
  const twice = relu(conv2d(once, weight(2), { pad: 1 }));
  const y = tanh(matmul(twice, constant(wave(side * side, 3, 1 / side), [side, side])));
  return toOnnx(graph({ inputs: [x], outputs: { y } }));
}

export function probeInput(): RuntimeTensor {
  return {
    type: 'float32',
    dims: [1, channels, side, side],
    data: wave(channels * side * side, 4, 1),
  };
}

/** A fixed pattern without a period that matters. */
function wave(length: number, salt: number, scale: number): Float32Array {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) out[i] = scale * Math.sin(0.7 * i + salt * 1.3 + 0.0003 * i * i);
  return out;
}
