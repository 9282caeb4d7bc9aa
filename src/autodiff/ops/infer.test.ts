// Mistakes in shapes are refused where they are made, with the op and the shapes in the message.
import { describe, expect, it } from 'vitest';
import type { Value } from '../graph.ts';
import { type DType, GraphError, type Shape } from '../tensor.ts';
import * as ops from './build.ts';
import { applyOne } from './infer.ts';

const of = (...shape: number[]): Value => ops.input('x', shape);
const typed = (dtype: DType, ...shape: number[]): Value => ops.input('x', shape, dtype);
const ints = (numbers: number[], shape: Shape = [numbers.length]) => ops.constant(numbers, shape, 'int64');

type Row = readonly [mistake: () => unknown, ...messageContains: string[]];

const mistakes: readonly Row[] = [
  // elementwise
  [() => ops.add(of(2, 3), of(2, 4)), 'add', '[2,3]', '[2,4]', 'do not broadcast'],
  [() => ops.where(typed('bool', 4), of(3), of(3)), 'where', '[4]', '[3]'],
  [() => ops.where(of(3), of(3), of(3)), 'where', 'a bool condition', 'f32[3]'],
  [() => ops.mul(of(3), typed('int64', 3)), 'mul', 'element types differ', 'f32[3]', 'i64[3]'],
  [() => ops.add(typed('bool', 3), typed('bool', 3)), 'add', 'expected numbers', 'bool[3]'],
  [() => ops.add(1, 2), 'add', 'at least one side'],
  [() => ops.and(of(3), of(3)), 'and', 'expected bool', 'f32[3]'],
  [() => ops.not(of(3)), 'not', 'expected bool', 'f32[3]'],
  [() => ops.exp(typed('int32', 3)), 'exp', 'expected a float', 'i32[3]'],
  [() => ops.neg(typed('bool', 3)), 'neg', 'expected numbers', 'bool[3]'],
  [() => ops.clip(of(3), 2, 1), 'clip', '2', '1'],
  // leaves
  [() => ops.input('picture', [1, -3]), 'input', 'picture', '[1,-3]'],
  [() => ops.input('picture', [1.5]), 'input', '[1.5]'],
  [() => ops.constant([1, 2, 3], [2, 2]), 'constant', '3 numbers', '[2,2]'],
  // products
  [() => ops.matmul(of(2, 3), of(4, 5)), 'matmul', '[2,3]', '[4,5]'],
  [() => ops.matmul(of(2, 3), of(3, 5), { transB: true }), 'matmul transB', '[2,3]', '[3,5]'],
  [() => ops.matmul(of(3), of(3, 5)), 'matmul', '[3]', '[3,5]'],
  [() => ops.matmul(of(2, 4, 3), of(3, 3, 5)), 'matmul', '[2]', '[3]'],
  [() => ops.matmul(typed('int32', 2, 2), typed('int32', 2, 2)), 'matmul', 'i32[2,2]'],
  [() => ops.conv2d(of(1, 3, 8, 8), of(4, 2, 3, 3)), 'conv', '[1,3,8,8]', '[4,2,3,3]'],
  [() => ops.conv2d(of(1, 4, 8, 8), of(3, 2, 3, 3), { groups: 2 }), 'conv', '[3,2,3,3]', '2 groups'],
  [() => ops.conv2d(of(3, 8, 8), of(4, 3, 3, 3)), 'conv', 'x of rank 4', 'f32[3,8,8]'],
  [() => ops.conv2d(of(1, 3, 2, 8), of(4, 3, 3, 3)), 'conv', '[3,3]', '[1,3,2,8]', 'does not fit'],
  [() => ops.conv2d(of(1, 3, 8, 8), of(4, 3, 3, 3), { bias: of(3) }), 'conv', '[4,3,3,3]', '[4]', '[3]'],
  [() => ops.conv2d(of(1, 3, 8, 8), of(4, 3, 3, 3), { stride: 0 }), 'conv', 'strides', '[0,0]'],
  [() => ops.conv2d(of(1, 3, 8, 8), of(4, 3, 3, 3), { pad: -1 }), 'conv', 'pads', '-1'],
  [() => ops.conv2d(of(1, 3, 8, 8), of(4, 3, 3, 3), { dilation: 1.5 }), 'conv', 'dilations', '1.5'],
  [() => ops.conv2d(of(1, 3, 8, 8), of(4, 3, 3, 3), { groups: 0 }), 'conv', 'groups', '0'],
  [() => ops.conv2d(of(1, 3, 8, 8), typed('float16', 4, 3, 3, 3)), 'conv', 'f32', 'f16'],
  [() => ops.convTranspose2d(of(1, 3, 4, 4), of(2, 3, 3, 3)), 'convTranspose', '[1,3,4,4]', '[2,3,3,3]'],
  [
    () => ops.convTranspose2d(of(1, 3, 4, 4), of(3, 2, 3, 3), { stride: 2, outputPad: 2 }),
    'convTranspose',
    '[2,2]',
    'smaller than the stride',
  ],
  [
    () => ops.convTranspose2d(of(1, 3, 1, 1), of(3, 2, 3, 3), { pad: 2 }),
    'convTranspose',
    '[2,2,2,2]',
    '[1,3,1,1]',
    '[3,2,3,3]',
  ],
  // windows and resampling
  [() => ops.maxPool2d(of(1, 3, 2, 2), { kernel: 3 }), 'maxPool', '[3,3]', '[1,3,2,2]'],
  [() => ops.maxPool2d(of(1, 3, 8, 8), { kernel: 2, pad: 2 }), 'maxPool', '[2,2,2,2]', '[1,3,8,8]', '[2,2]'],
  [() => ops.averagePool2d(of(1, 3, 2, 2), { kernel: 3 }), 'averagePool2d', '3', '[1,3,2,2]'],
  [() => ops.averagePool2d(of(3, 2, 2), { kernel: 2 }), 'averagePool2d', 'f32[3,2,2]'],
  [
    () => ops.resize(of(1, 3, 2, 2), { height: 0, width: 4, mode: 'nearest' }),
    'resize',
    '[1,3,2,2]',
    '0 x 4',
  ],
  [() => ops.resize(of(3, 2, 2), { height: 4, width: 4, mode: 'nearest' }), 'resize', 'f32[3,2,2]'],
  // normalisation
  [() => ops.batchNorm(of(2, 3, 4, 4), of(4), of(3)), 'batchNorm', '[2,3,4,4]', '[4]'],
  [() => ops.layerNorm(of(2, 3), of(3), of(2)), 'layerNorm', '[2,3]', '[2]'],
  [() => ops.groupNorm(of(2, 6, 4, 4), of(6), of(6), { groups: 4 }), 'groupNorm', '[2,6,4,4]', '4 groups'],
  [() => ops.softmax(of(2, 3), 2), 'softmax', 'axis 2', 'rank 2'],
  // reductions and sorting
  [() => ops.sum(of(2, 3), { axes: [2] }), 'sum', 'axis 2', 'rank 2'],
  [() => ops.mean(typed('bool', 3)), 'mean', 'bool[3]'],
  [() => ops.argMax(of(2, 3), -3), 'argMax', 'axis -3', 'rank 2'],
  [() => ops.topK(of(2, 3), 4), 'topK', '4', '[2,3]'],
  // shape
  [() => ops.reshape(of(2, 3), [4, 2]), 'reshape', '[2,3]', '[4,2]'],
  [() => ops.reshape(of(2, 3), [4, -1]), 'reshape', '[2,3]', '[4,-1]'],
  [() => ops.reshape(of(2, 3), [-1, -1]), 'reshape', '[2,3]', '[-1,-1]'],
  [() => ops.transpose(of(2, 3), [0, 0]), 'transpose', '[0,0]', '[2,3]'],
  [() => ops.broadcastTo(of(2, 3), [2, 4]), 'broadcastTo', '[2,3]', '[2,4]'],
  [() => ops.broadcastTo(of(2, 3), [3]), 'broadcastTo', '[2,3]', '[3]'],
  [() => ops.concat([of(2, 3), of(3, 3)], 1), 'concat', '[2,3]', '[3,3]', 'axis 1'],
  [() => ops.concat([], 0), 'concat', 'at least one'],
  [() => ops.split(of(2, 6), [2, 3], 1), 'split', '[2,3]', '[2,6]'],
  [() => ops.slice(of(4), { axes: [0], starts: [3], ends: [2] }), 'slice', '[4]'],
  [() => ops.slice(of(4), { axes: [0], starts: [0], ends: [2], steps: [0] }), 'slice', 'at least 1'],
  [() => ops.pad(of(2, 3), [1], [1, 1]), 'pad', '[1]', '[1,1]', '[2,3]'],
  [() => ops.pad(of(2, 3), [1, -1], [0, 0]), 'pad', '[1,-1]', '[2,3]'],
  [() => ops.gather(of(2, 3), of(2)), 'gather', 'integer indices', 'f32[2]'],
  [() => ops.gather(of(2, 3), ints([0]), 2), 'gather', 'axis 2', 'rank 2'],
  [() => ops.gatherElements(of(2, 3), ints([0, 0, 0]), 0), 'gatherElements', '[3]', '[2,3]'],
  [() => ops.scatterAdd(of(2, 3), ints([0, 0], [1, 2]), of(1, 3), 0), 'scatterElements', '[1,2]', '[1,3]'],
  // selection
  [() => suppression(of(1, 5, 4), of(1, 3, 6)), 'nonMaxSuppression', 'f32[1,6,4]', 'f32[1,5,4]'],
  [() => suppression(of(2, 5, 4), of(1, 3, 5)), 'nonMaxSuppression', 'f32[1,5,4]', 'f32[2,5,4]'],
  [() => suppression(of(1, 5, 4), of(1, 3, 5), of(2)), 'nonMaxSuppression', 'f32[1]', 'f32[2]'],
  [() => suppression(of(1, 5, 4), of(1, 3, 5), of(1), 0), 'nonMaxSuppression', 'at least 1', '[0]'],
  [() => applyOne('add', [of(2)], {}), 'add', '2 inputs', '1'],
];

function suppression(boxes: Value, scores: Value, threshold = of(1), count = 10): Value {
  return ops.nonMaxSuppression(boxes, scores, { score: threshold, iou: threshold, perClass: 3, count });
}

describe('a mistake in a graph', () => {
  it.each(mistakes.map((row) => [row.slice(1).join(' ... '), row] as const))('is refused: %s', (_, row) => {
    const [mistake, ...parts] = row;
    let message = 'nothing was thrown';
    try {
      mistake();
    } catch (error) {
      message = String(error);
      expect(error).toBeInstanceOf(GraphError);
    }
    for (const part of parts) expect(message).toContain(part);
  });
});
