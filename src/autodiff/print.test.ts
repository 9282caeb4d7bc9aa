// The printed form of a graph.
import { expect, it } from 'vitest';
import { gradients } from './grad.ts';
import { graph } from './graph.ts';
import * as ops from './ops/build.ts';
import { print } from './print.ts';
import { simplify } from './rewrite.ts';

it('a graph is printed one node a line, with attributes and types', () => {
  const x = ops.input('x', [1, 3, 8, 8]);
  const w = ops.input('w', [4, 3, 3, 3]);
  const spare = ops.input('spare', [2], 'int64');
  const { values } = ops.topK(ops.reshape(ops.conv2d(x, w, { stride: 2, pad: 1 }), [1, -1]), 2);
  const text = print(graph({ inputs: [x, w, spare], outputs: { best: ops.mul(values, 0.5), x } }));
  expect(text).toBe(
    [
      '%0 = input() {name:spare} : i64[2]',
      '%1 = input() {name:x} : f32[1,3,8,8]',
      '%2 = input() {name:w} : f32[4,3,3,3]',
      '%3 = conv(%1, %2) {stride:[2,2] pads:[1,1,1,1] dilation:[1,1] groups:1} : f32[1,4,4,4]',
      '%4 = reshape(%3) {shape:[1,64]} : f32[1,64]',
      '%5 = topK(%4) {k:2 axis:1 largest:true} : f32[1,2], i64[1,2]',
      '%6 = constant(0.5) : f32[]',
      '%7 = mul(%5.0, %6) : f32[1,2]',
      'return best = %7, x = %1',
    ].join('\n'),
  );
});

it('a simplified gradient prints the constants that were folded into it', () => {
  const x = ops.input('x', [4, 2]);
  const w = ops.input('w', [2]);
  const loss = ops.mean(ops.square(ops.sub(ops.sum(ops.mul(x, w), { axes: [1] }), 1)));
  const [dw] = gradients(loss, [w]);
  expect(print(simplify(graph({ inputs: [x, w], outputs: { dw: dw! } })))).toMatchInlineSnapshot(`
    "%0 = constant(0.25, 0.25, 0.25, 0.25) : f32[4]
    %1 = input() {name:x} : f32[4,2]
    %2 = input() {name:w} : f32[2]
    %3 = mul(%1, %2) : f32[4,2]
    %4 = sum(%3) {axes:[1] keepDims:false} : f32[4]
    %5 = constant(1) : f32[]
    %6 = sub(%4, %5) : f32[4]
    %7 = mul(%0, %6) : f32[4]
    %8 = add(%7, %7) : f32[4]
    %9 = reshape(%8) {shape:[4,1]} : f32[4,1]
    %10 = broadcastTo(%9) {shape:[4,2]} : f32[4,2]
    %11 = mul(%10, %1) : f32[4,2]
    %12 = sum(%11) {axes:[0] keepDims:false} : f32[2]
    return dw = %12"
  `);
});
