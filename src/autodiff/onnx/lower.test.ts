import { describe, expect, it } from 'vitest';
import { gradients } from '../grad.ts';
import { graph, type Value } from '../graph.ts';
import { concat, conv2d, gelu, groupNorm, input, mean, mul, resize, square } from '../ops/build.ts';
import { Random } from '../random.ts';
import { simplify } from '../rewrite.ts';
import { elementCount } from '../tensor.ts';
import { numbersOf, runGraph } from '../testing/runtime.ts';
import { lower } from './lower.ts';

const random = new Random(4);
const numbers = (value: Value) =>
  Float32Array.from({ length: elementCount(value.type.shape) }, () => random.normal());

/** Runs loss and gradients on both targets and expects the same numbers. */
async function expectSameOnBothTargets(loss: Value, inputs: Record<string, Value>): Promise<void> {
  const names = Object.keys(inputs);
  const grads = gradients(loss, Object.values(inputs));
  const outputs = { loss, ...Object.fromEntries(names.map((name, i) => [`d_${name}`, grads[i]!])) };
  const whole = graph({ inputs: Object.values(inputs), outputs });
  const feeds = Object.fromEntries(names.map((name) => [name, numbers(inputs[name]!)]));
  const onCpu = await runGraph(whole, feeds, 'cpu');
  const portable = await runGraph(whole, feeds, 'portable');
  for (const name of Object.keys(outputs)) {
    const expected = numbersOf(portable[name]!);
    const norm = Math.hypot(...expected);
    const error = Math.hypot(...numbersOf(onCpu[name]!).map((value, i) => value - expected[i]!));
    expect(error / norm, name).toBeLessThan(1e-5);
  }
}

describe('lowering', () => {
  // ONNX Runtime writes batch statistics over its inputs; with shared inputs the second layer spoilt those of the first.
  it('keeps the statistics of two normalisations of one size apart', async () => {
    const x = input('x', [2, 8, 6, 6]);
    const w1 = input('w1', [8, 8, 3, 3]);
    const w2 = input('w2', [8, 8, 3, 3]);
    const scale = input('scale', [8]);
    const bias = input('bias', [8]);
    const block = (v: Value, w: Value) =>
      gelu(groupNorm(conv2d(v, w, { pad: 1 }), scale, bias, { groups: 4 }));
    await expectSameOnBothTargets(mean(square(block(block(x, w1), w2))), { x, w1, w2, scale, bias });
  });

  it('mixes channels before an enlargement without changing the result', async () => {
    for (const [mode, kernel, pad] of [
      ['bilinear', 3, 1],
      ['nearest', 3, 1],
      ['bilinear', 5, 1],
      ['bilinear', 1, 0],
    ] as const) {
      const x = input('x', [2, 5, 3, 4]);
      const w = input('w', [4, 5, kernel, kernel]);
      const bias = input('bias', [4]);
      const large = resize(x, { height: 7, width: 8, mode });
      const whole = graph({ inputs: [x, w, bias], outputs: { y: conv2d(large, w, { bias, pad }), large } });
      const ops = lower(whole, 'cpu').nodes.map((node) => node.op);
      expect(ops).not.toContain('conv');
      const feeds = { x: numbers(x), w: numbers(w), bias: numbers(bias) };
      const { y, large: enlarged } = await runGraph(whole, feeds, 'cpu');
      const plain = input('plain', large.type.shape);
      const direct = graph({ inputs: [plain, w, bias], outputs: { y: conv2d(plain, w, { bias, pad }) } });
      const expected = await runGraph(
        direct,
        { plain: numbersOf(enlarged!), w: feeds.w, bias: feeds.bias },
        'cpu',
      );
      const differences = numbersOf(y!).map((value, i) => Math.abs(value - numbersOf(expected.y!)[i]!));
      expect(Math.max(...differences)).toBeLessThan(2e-5);
    }
  });

  it('keeps a convolution as it is when the enlargement is small', () => {
    const x = input('x', [1, 2, 4, 4]);
    const w = input('w', [2, 2, 3, 3]);
    const y = conv2d(resize(x, { height: 6, width: 6, mode: 'bilinear' }), w, { pad: 1 });
    const ops = lower(graph({ inputs: [x, w], outputs: { y } }), 'cpu').nodes.map((node) => node.op);
    expect(ops).toContain('conv');
  });

  it('computes the gradient of a concat only for the part that needs it', () => {
    const x = input('x', [1, 2, 4, 4]);
    const skip = input('skip', [1, 6, 4, 4]);
    const w = input('w', [3, 8, 3, 3]);
    const loss = mean(square(conv2d(concat([mul(x, x), skip], 1), w, { pad: 1 })));
    const [dx] = gradients(loss, [x]);
    const simple = simplify(graph({ inputs: [x, skip, w], outputs: { dx: dx! } }));
    const backward = simple.nodes.find((node) => node.op === 'convTranspose')!;
    expect(backward.outputs[0]!.type.shape).toEqual([1, 2, 4, 4]);
  });
});
