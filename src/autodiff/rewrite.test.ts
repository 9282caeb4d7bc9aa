// Simplification: what it removes, and that it leaves results alone.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradients } from './grad.ts';
import { type Graph, graph, makeNode, type Node, type Value } from './graph.ts';
import { emit } from './onnx/emit.ts';
import { encodeModel } from './onnx/proto.ts';
import * as ops from './ops/build.ts';
import { print } from './print.ts';
import { rewrite, simplify } from './rewrite.ts';
import { GraphError } from './tensor.ts';
import { relativeError } from './testing/gradient-check.ts';
import { cpuRuntime, inputsOf, numbersOf, tensor } from './testing/runtime.ts';

const x = ops.input('x', [2, 3]);
const whole = (...values: Value[]): Graph =>
  graph({
    inputs: inputsOf(...values),
    outputs: Object.fromEntries(values.map((value, i) => [`y${i}`, value])),
  });
const opsOf = (g: Graph): string[] => g.nodes.map((node) => node.op);
const simple = (...values: Value[]): string[] => opsOf(simplify(whole(...values)));

describe('simplify', () => {
  it('computes what depends on constants alone', () => {
    const c = ops.constant([1, 4, 9]);
    const folded = simplify(whole(ops.mul(x, ops.sub(ops.sqrt(c), 5))));
    expect(opsOf(folded)).toEqual(['input', 'constant', 'mul']);
    expect(print(folded)).not.toContain('sqrt');
    const node = folded.nodes[1] as Node<'constant'>;
    expect([...node.attributes.data]).toEqual([-4, -3, -2]);
  });

  it('folds broadcasting, transposes and reshapes of constants', () => {
    const column = ops.reshape(ops.constant([1, 2]), [2, 1]);
    const table = ops.transpose(ops.add(ops.broadcastTo(column, [2, 3]), ops.constant([10, 20, 30])), [1, 0]);
    const folded = simplify(whole(ops.mul(ops.input('z', [3, 2]), table)));
    const node = folded.nodes.find(({ op }) => op === 'constant') as Node<'constant'>;
    expect([...node.attributes.data]).toEqual([11, 12, 21, 22, 31, 32]);
  });

  it('leaves constants alone whose result would be large', () => {
    const large = ops.exp(ops.broadcastTo(ops.constant([1]), [1025, 1024]));
    expect(simple(ops.add(large, ops.input('z', [1])))).toContain('exp');
  });

  it('computes equal nodes once', () => {
    const y = ops.add(ops.exp(x), ops.mul(ops.exp(x), 2));
    expect(simple(y).filter((op) => op === 'exp')).toHaveLength(1);
    expect(simple(ops.add(ops.clip(x, 0, 1), ops.clip(x, 0, 2))).filter((op) => op === 'clip')).toHaveLength(
      2,
    );
  });

  it('keeps apart what only looks equal when printed', () => {
    const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
    const pads = [NEGATIVE_INFINITY, POSITIVE_INFINITY].map((value) => ops.pad(x, [0, 0], [1, 0], value));
    expect(simple(...pads).filter((op) => op === 'pad')).toHaveLength(2);
    const zeros = [0, -0].map((zero) => ops.div(x, ops.constant([zero])));
    expect(simple(...zeros).filter((op) => op === 'div')).toHaveLength(2);
    const types = [ops.constant([1], [1], 'int32'), ops.constant([1], [1], 'int64')];
    expect(
      simple(...types.map((c) => ops.cast(ops.neg(c), 'uint8'))).filter((op) => op === 'neg'),
    ).toHaveLength(2);
  });

  it.each([
    ['x + 0', ops.add(x, 0)],
    ['0 + x', ops.add(0, x)],
    ['x - 0', ops.sub(x, 0)],
    ['x * 1', ops.mul(x, ops.constant([1, 1, 1]))],
    ['x / 1', ops.div(x, 1)],
    ['reshape to the same shape', ops.reshape(x, [2, -1])],
    ['reshape there and back', ops.reshape(ops.reshape(x, [6]), [2, 3])],
    ['transpose there and back', ops.transpose(ops.transpose(x, [1, 0]), [1, 0])],
    ['transpose of nothing', ops.transpose(x, [0, 1])],
    ['slice of all', ops.slice(x, { axes: [0], starts: [0], ends: [2] })],
    ['pad by nothing', ops.pad(x, [0, 0], [0, 0])],
    ['cast to the same type', ops.cast(x, 'float32')],
    ['concat of one', ops.concat([x], 0)],
  ])('drops %s', (_, y) => {
    expect(simple(ops.exp(y))).toEqual(['input', 'exp']);
  });

  it.each([
    ['an addition that broadcasts x to more', ops.add(ops.input('s', []), ops.constant([0, 0, 0]))],
    ['an addition of nearly nothing', ops.add(x, 1e-8)],
    ['0 - x', ops.sub(0, x)],
    ['1 / x', ops.div(1, x)],
    ['an integer addition', ops.add(ops.input('i', [2], 'int64'), ops.constant([0, 0], [2], 'int64'))],
    ['a flip', ops.flip(x, [0])],
    ['a pad of one side', ops.pad(x, [0, 0], [0, 1])],
  ])('keeps %s', (_, y) => {
    const before = opsOf(whole(y));
    expect(simple(y).sort()).toEqual(before.sort());
  });

  it('drops what no output needs, and keeps inputs that are listed', () => {
    const y = ops.exp(x);
    const unused = ops.input('unused', [1]);
    ops.log(y);
    const g = simplify(graph({ inputs: [x, unused], outputs: { y } }));
    expect(opsOf(g)).toEqual(['input', 'exp']);
    expect(g.inputs).toEqual([x, unused]);
  });

  it('keeps outputs that turn out to be an input, a constant or each other', async () => {
    const g = graph({
      inputs: [x],
      outputs: { same: ops.add(x, 0), two: ops.add(1, ops.constant([1])), a: ops.exp(x), b: ops.exp(x) },
    });
    const feeds = { x: [0, 1, 2, 3, 4, 5] };
    const results = await runUnchanged(simplify(g), feeds);
    expect(Object.keys(results)).toEqual(['same', 'two', 'a', 'b']);
    expect([results.same, results.two]).toEqual([feeds.x, [2]]);
    expect(results.a).toEqual(results.b);
  });
});

describe('rewrite', () => {
  it('puts what a rule returns in the place of a node', () => {
    const g = rewrite(whole(ops.mul(ops.exp(x), 2)), (node) =>
      node.op === 'exp' ? [ops.sin(node.inputs[0]!)] : undefined,
    );
    expect(opsOf(g)).toEqual(['input', 'sin', 'constant', 'mul']);
  });

  it('refuses a rule that changes a type', () => {
    const shrink = (node: Node) => (node.op === 'exp' ? [ops.sum(node.inputs[0]!)] : undefined);
    expect(() => rewrite(whole(ops.concat([ops.exp(x), x], 0)), shrink)).toThrow(GraphError);
  });
});

/** The numbers of every output, the graph written as it is. */
async function runUnchanged(g: Graph, feeds: Readonly<Record<string, readonly number[]>>) {
  const session = await cpuRuntime.load(encodeModel(emit(g)).bytes);
  const fed = Object.fromEntries(
    g.inputs.map((value) => {
      const { name } = (value.node as Node<'input'>).attributes;
      return [name, tensor(feeds[name]!, value.type.shape)];
    }),
  );
  const results = await session.run(fed);
  await session.close();
  return Object.fromEntries(Object.entries(results).map(([name, result]) => [name, numbersOf(result)]));
}

/** One step of building a random graph from the values that exist so far, all of shape [2, 3]. */
type Step = (pick: (i: number) => Value, a: number, b: number) => Value;
const steps: readonly Step[] = [
  (v, a) => ops.tanh(v(a)),
  (v, a) => ops.neg(v(a)),
  (v, a) => ops.sin(v(a)),
  (v, a, b) => ops.add(v(a), v(b)),
  (v, a, b) => ops.sub(v(a), v(b)),
  (v, a, b) => ops.mul(v(a), ops.tanh(v(b))),
  (v, a, b) => ops.div(v(a), ops.add(ops.square(v(b)), 1)),
  (v, a, b) => ops.maximum(v(a), v(b)),
  (v, a) => ops.mul(v(a), 1),
  (v, a) => ops.add(v(a), 0),
  (v, a) => ops.mul(v(a), 0.5),
  (v) => ops.add(ops.sqrt(ops.constant([1, 4, 9])), ops.mul(v(0), 0)),
  (v, a) => ops.add(v(a), ops.broadcastTo(ops.exp(ops.constant([0.5], [1, 1])), [2, 3])),
  (v, a) => ops.reshape(ops.transpose(v(a), [1, 0]), [2, 3]),
  (v, a) => ops.transpose(ops.reshape(v(a), [3, 2]), [1, 0]),
  (v, a) => ops.slice(ops.pad(v(a), [0, 1], [0, 0]), { axes: [1], starts: [1], ends: [4] }),
  (v, a) => ops.flip(v(a), [1]),
  (v, a) => ops.broadcastTo(ops.mean(v(a), { axes: [1], keepDims: true }), [2, 3]),
  (v, a, b) => ops.where(ops.less(v(a), v(b)), v(a), v(b)),
  (v, a, b) => ops.slice(ops.concat([v(a), v(b)], 0), { axes: [0], starts: [1], ends: [3] }),
];

describe('simplified graphs', () => {
  const recipe = fc.array(fc.tuple(fc.nat(steps.length - 1), fc.nat(), fc.nat()), {
    minLength: 1,
    maxLength: 12,
  });
  const numbers = [0.3, -1.2, 0.7, 1.9, -0.4, 0.05];

  it('give the same results as before, gradients included', async () => {
    await fc.assert(
      fc.asyncProperty(recipe, async (list) => {
        const values: Value[] = [x];
        for (const [step, a, b] of list) values.push(steps[step]!((i) => values[i % values.length]!, a, b));
        const y = ops.add(values.at(-1)!, ops.mul(x, 0.25));
        const [dx] = gradients(ops.sum(y), [x]);
        const g = graph({ inputs: [x], outputs: { y, dx: dx! } });
        const simplified = simplify(g);
        expect(simplified.nodes.length).toBeLessThanOrEqual(g.nodes.length);
        const before = await runUnchanged(g, { x: numbers });
        const after = await runUnchanged(simplified, { x: numbers });
        expect(relativeError(after.y!, before.y!)).toBeLessThan(1e-6);
        expect(relativeError(after.dx!, before.dx!)).toBeLessThan(1e-6);
      }),
      { seed: 11, numRuns: 80 },
    );
  });

  it('are settled: another round changes nothing', () => {
    fc.assert(
      fc.property(recipe, (list) => {
        const values: Value[] = [x];
        for (const [step, a, b] of list) values.push(steps[step]!((i) => values[i % values.length]!, a, b));
        const once = simplify(whole(values.at(-1)!));
        expect(print(simplify(once))).toBe(print(once));
      }),
      { seed: 12, numRuns: 100 },
    );
  });
});

describe('an illegal graph is refused', () => {
  const f32 = (...shape: number[]) => ({ dtype: 'float32' as const, shape });

  it('whose node says another type than its inputs give', () => {
    const lie = makeNode('exp', [x], {}, [f32(3, 2)]);
    expect(() => rewrite(whole(lie.outputs[0]!), () => undefined)).toThrow(
      'check: exp says f32[3,2] but infers f32[2,3]',
    );
  });

  it('whose node has more outputs than its op', () => {
    const lie = makeNode('exp', [x], {}, [f32(2, 3), f32(2, 3)]);
    expect(() => rewrite(whole(lie.outputs[0]!), () => undefined)).toThrow('infers nothing');
  });
});
