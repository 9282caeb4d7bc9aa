// Chains of elementwise ops on weights of 1x1 convolutions lose their last axes and keep their results.
import { describe, expect, it } from 'vitest';
import { graph, type Value } from '../graph.ts';
import * as ops from '../ops/build.ts';
import { Random } from '../random.ts';
import { relativeError } from '../testing/gradient-check.ts';
import { compute } from '../testing/runtime.ts';
import { lower } from './lower.ts';

const shape = [24, 32, 1, 1];
const w = ops.input('w', shape);
const rate = ops.input('rate', []);
const random = new Random(8);
const feeds = {
  w: Float32Array.from({ length: 24 * 32 }, () => random.uniform(0.5, 2)),
  rate: [0.3],
  row: Float32Array.from({ length: 32 }, () => random.uniform(0.5, 2)),
  one: [2],
};

describe('withoutTrailingOnes', () => {
  it('computes a chain of ops without them, and puts them back once', () => {
    const y = ops.div(ops.mul(w, rate), ops.add(ops.sqrt(ops.mul(ops.mul(w, w), 0.5)), rate));
    const lowered = lower(graph({ inputs: [w, rate], outputs: { y } }), 'cpu');
    const kinds = lowered.nodes.map((node) => node.op);
    expect(kinds.filter((op) => op === 'reshape')).toHaveLength(2);
    expect(lowered.outputs.y!.type.shape).toEqual(shape);
    const arithmetic = lowered.nodes.filter(({ op }) => op === 'mul' || op === 'add' || op === 'div');
    for (const node of arithmetic) expect(node.outputs[0]!.type.shape).toEqual([24, 32]);
  });

  it.each<[string, (x: Value) => Value]>([
    ['a scalar', (x) => ops.sub(rate, x)],
    ['a row with the ones', (x) => ops.mul(x, ops.input('row', [32, 1, 1]))],
    ['a single number of rank 4', (x) => ops.add(ops.input('one', [1, 1, 1, 1]), x)],
    ['a condition', (x) => ops.where(ops.greater(x, rate), x, rate)],
  ])('keeps the result with %s', async (_, build) => {
    const y = build(w);
    expect(relativeError(await compute(y, feeds, 'cpu'), await compute(y, feeds, 'portable'))).toBe(0);
  });

  it('leaves few numbers as they are', () => {
    const few = ops.input('few', [16, 1, 1]);
    const y = ops.mul(few, rate);
    const lowered = lower(graph({ inputs: [few, rate], outputs: { y } }), 'cpu');
    expect(lowered.nodes.map((node) => node.op)).not.toContain('reshape');
  });
});
