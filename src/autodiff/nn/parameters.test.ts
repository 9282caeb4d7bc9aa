// Names, shapes, seeds and freezing of weights, and what becomes of them in a traced graph.
import { describe, expect, it } from 'vitest';
import type { Node, Value } from '../graph.ts';
import * as ops from '../ops/build.ts';
import { sgd } from '../optim/optimizers.ts';
import { GraphError } from '../tensor.ts';
import { cpuRuntime, numbersOf, runGraph } from '../testing/runtime.ts';
import { TrainStep } from '../train-step.ts';
import { fill, kaimingNormal, kaimingUniform, normal, uniform } from './initializers.ts';
import * as layers from './layers.ts';
import { Parameters, Scope } from './parameters.ts';
import { trace } from './trace.ts';

const inputs = { x: { shape: [1, 2, 4, 4] } } as const;

describe('Scope', () => {
  it('joins names with dots, as in a state dict', () => {
    const parameters = new Parameters(1);
    const s = new Scope(parameters, 'train');
    layers.conv(s.at('up1').at('fuse').at(0).at('conv'), ops.input('x', [1, 2, 4, 4]), { out: 3, kernel: 3 });
    s.buffer('count', [1], fill(0));
    expect(parameters.all().map(({ name, shape }) => `${name} [${shape}]`)).toEqual([
      'up1.fuse.0.conv.weight [3,2,3,3]',
      'up1.fuse.0.conv.bias [3]',
      'count [1]',
    ]);
    expect([...s.values().keys()]).toEqual(parameters.all().map(({ name }) => name));
  });

  it('gives one value for one name, so that weights can be shared', () => {
    const s = new Scope(new Parameters(1), 'train');
    expect(s.param('w', [2], fill(0))).toBe(s.param('w', [2], fill(1)));
    expect(s.at('a').param('w', [2], fill(0))).toBe(s.at('a').param('w', [2], fill(0)));
    expect(s.at('a').param('w', [2], fill(0))).not.toBe(s.param('w', [2], fill(0)));
  });

  it('refuses one name for two shapes', () => {
    const s = new Scope(new Parameters(1), 'train');
    s.at('a').param('w', [2, 3], fill(0));
    const again = () => s.at('a').param('w', [3, 2], fill(0));
    expect(again).toThrow(GraphError);
    expect(again).toThrow('parameter a.w: expected shape [3,2], the store holds [2,3]');
  });

  it('sorts weights into groups, for the weight decay', () => {
    const parameters = new Parameters(1);
    const s = new Scope(parameters, 'train');
    const x = layers.batchNorm(
      s.at('norm'),
      layers.conv(s.at('conv'), ops.input('x', [2, 2, 4, 4]), { out: 2, kernel: 1 }),
    );
    layers.linear(s.at('head'), ops.reshape(x, [2, -1]), { out: 1 });
    s.param('scale', [1], fill(1), 'own');
    const groups = Object.fromEntries(
      parameters.all().map(({ name, group, trainable }) => [name, trainable ? group : 'not trained']),
    );
    expect(groups).toEqual({
      'conv.weight': 'weight',
      'conv.bias': 'bias',
      'norm.weight': 'norm',
      'norm.bias': 'norm',
      'norm.running_mean': 'not trained',
      'norm.running_var': 'not trained',
      'head.weight': 'weight',
      'head.bias': 'bias',
      scale: 'own',
    });
  });
});

describe('Parameters', () => {
  const first = (seed: number, name: string, before: readonly string[] = []) => {
    const parameters = new Parameters(seed);
    const options = { trainable: true, group: 'weight' };
    for (const other of before) parameters.define(other, [4], normal(1), options);
    return [...parameters.define(name, [4], normal(1), options).data];
  };

  it('begin by their seed and name alone, whatever was defined before', () => {
    expect(first(1, 'a')).toEqual(first(1, 'a', ['b', 'c']));
    expect(first(1, 'a')).not.toEqual(first(2, 'a'));
    expect(first(1, 'a')).not.toEqual(first(1, 'b'));
  });

  it('take numbers before or after the model defines them, and stay what the model says', () => {
    for (const order of ['before', 'after']) {
      const parameters = new Parameters(1);
      const set = () => {
        parameters.set('running', [2], Float32Array.of(5, 6));
        parameters.set('bias', [2], Float32Array.of(7, 8));
      };
      if (order === 'before') set();
      const s = new Scope(parameters, 'train');
      s.buffer('running', [2], fill(0));
      s.param('bias', [2], fill(0), 'bias');
      if (order === 'after') set();
      expect(parameters.get('running')).toMatchObject({ trainable: false, group: 'buffer' });
      expect(parameters.get('bias')).toMatchObject({ trainable: true, group: 'bias' });
      expect([...parameters.get('running')!.data, ...parameters.get('bias')!.data]).toEqual([5, 6, 7, 8]);
    }
  });

  it('stay frozen when they were frozen, before or after the model defines them', () => {
    const parameters = new Parameters(1);
    parameters.set('w', [2], Float32Array.of(1, 2), { trainable: false });
    const s = new Scope(parameters, 'train');
    expect(s.param('w', [2], fill(0)).node.op).toBe('constant');
    expect(parameters.get('w')!.trainable).toBe(false);
    parameters.set('w', [2], Float32Array.of(3, 4));
    expect(parameters.get('w')!.trainable).toBe(false);
  });

  it('refuse numbers that do not fit', () => {
    const parameters = new Parameters(1);
    expect(() => parameters.set('w', [2, 2], new Float32Array(3))).toThrow(
      'parameter w: 3 numbers do not fill [2,2]',
    );
    parameters.set('w', [2, 2], new Float32Array(4));
    expect(() => parameters.set('w', [4], new Float32Array(4))).toThrow(
      'parameter w: expected shape [2,2], got [4]',
    );
  });
});

describe('trace', () => {
  const build = (s: Scope, { x }: { readonly x: Value }) => ({
    y: layers.batchNorm(s.at('norm'), layers.conv(s.at('conv'), x, { out: 3, kernel: 3 })),
  });

  it('for inference holds the weights as named constants and takes the model inputs alone', () => {
    const g = trace(new Parameters(1), { inputs, build });
    expect(g.inputs.map(({ node }) => (node as Node<'input'>).attributes.name)).toEqual(['x']);
    const names = g.nodes.flatMap((node) =>
      node.op === 'constant' ? [(node as Node<'constant'>).attributes.name] : [],
    );
    expect(names.filter(Boolean)).toEqual([
      'conv.weight',
      'conv.bias',
      'norm.weight',
      'norm.running_var',
      'norm.bias',
      'norm.running_mean',
    ]);
    expect(g.nodes.some(({ op }) => op === 'batchNorm')).toBe(false);
  });

  it('for training takes weights and buffers as inputs and uses the statistics of the batch', () => {
    const g = trace(new Parameters(1), { inputs, mode: 'train', build });
    expect(g.inputs.map(({ node }) => (node as Node<'input'>).attributes.name)).toEqual([
      'x',
      'conv.weight',
      'conv.bias',
      'norm.weight',
      'norm.bias',
      'norm.running_mean',
      'norm.running_var',
    ]);
    expect(g.nodes.some(({ op }) => op === 'batchNorm')).toBe(true);
  });

  it('for inference computes what training computes, once the running statistics are those of the batch', async () => {
    const parameters = new Parameters(1);
    const feeds = Float32Array.from({ length: 2 * 2 * 4 * 4 }, (_, i) => Math.sin(i * i));
    const batch = { x: { shape: [2, 2, 4, 4] } } as const;
    const step = await TrainStep.compile({
      runtime: cpuRuntime,
      parameters,
      inputs: batch,
      optimizer: sgd(),
      build: (s, { x }) => {
        const h = layers.conv(s.at('conv'), x, { out: 3, kernel: 3 });
        const y = layers.batchNorm(s.at('norm'), h, { momentum: 1 });
        return { loss: ops.mean(ops.square(y)), outputs: { y } };
      },
    });
    const fed = { x: { type: 'float32', dims: batch.x.shape, data: feeds } };
    const { outputs } = await step.run(fed, { lr: 0 });
    step.writeTo(parameters);
    const { y } = await runGraph(trace(parameters, { inputs: batch, build }), { x: feeds });
    // The running variance is unbiased, 8 / 7 of the batch's.
    const found = numbersOf(y!).map((v) => v * Math.sqrt(8 / 7));
    for (const [i, v] of numbersOf(outputs.y!).entries()) expect(found[i]).toBeCloseTo(v, 3);
    await step.close();
  });
});

describe('trace for validation', () => {
  const build = (s: Scope, { x }: { readonly x: Value }) => ({
    y: layers.batchNorm(s.at('norm'), layers.conv(s.at('conv'), x, { out: 3, kernel: 3 })),
  });

  it('is fed the weights, and computes what inference computes with them', async () => {
    const parameters = new Parameters(1);
    parameters.set('norm.running_mean', [3], Float32Array.of(0.5, -1, 2));
    parameters.set('norm.running_var', [3], Float32Array.of(0.5, 1, 2));
    const fed = trace(parameters, { inputs, mode: 'validate', build });
    const x = Float32Array.from({ length: 2 * 4 * 4 }, (_, i) => Math.sin(i * i));
    const weights = Object.fromEntries(parameters.all().map(({ name, data }) => [name, data]));
    const { y } = await runGraph(fed, { x, ...weights });
    const { y: expected } = await runGraph(trace(parameters, { inputs, build }), { x });
    expect(fed.inputs.length).toBe(1 + parameters.all().length);
    for (const [i, v] of numbersOf(expected!).entries()) expect(numbersOf(y!)[i]).toBeCloseTo(v, 5);
  });
});

describe('initializers', () => {
  const shape = [64, 32, 3, 3];
  const draw = (init: typeof kaimingNormal) => {
    const parameter = new Parameters(1).define('w', shape, init, { trainable: true, group: 'weight' });
    const { data } = parameter;
    const mean = data.reduce((a, b) => a + b) / data.length;
    const deviation = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length);
    return { mean, deviation, largest: Math.max(...data.map(Math.abs)) };
  };

  it('have the spread that they are named after', () => {
    expect(draw(kaimingNormal).deviation).toBeCloseTo(Math.sqrt(2 / 288), 3);
    expect(draw(kaimingUniform).largest).toBeCloseTo(Math.sqrt(1 / 288), 3);
    expect(draw(kaimingUniform).deviation).toBeCloseTo(Math.sqrt(1 / 288 / 3), 3);
    expect(draw(normal(0.5, 3)).mean).toBeCloseTo(3, 1);
    expect(draw(normal(0.5, 3)).deviation).toBeCloseTo(0.5, 1);
    expect(draw(uniform(-1, 1)).deviation).toBeCloseTo(Math.sqrt(1 / 3), 2);
    expect(draw(fill(2))).toMatchObject({ mean: 2, deviation: 0 });
  });
});

describe('layers', () => {
  it('have the shapes that PyTorch gives them', () => {
    const s = new Scope(new Parameters(1), 'train');
    const x = ops.input('x', [2, 6, 9, 9]);
    const y = layers.conv(s.at('a'), x, {
      out: 4,
      kernel: [3, 1],
      stride: 2,
      pad: [1, 0],
      groups: 2,
      bias: false,
    });
    expect(y.type.shape).toEqual([2, 4, 5, 5]);
    expect(layers.groupNorm(s.at('b'), y, { groups: 2 }).type.shape).toEqual([2, 4, 5, 5]);
    expect(layers.layerNorm(s.at('c'), y).type.shape).toEqual([2, 4, 5, 5]);
    expect(layers.linear(s.at('d'), y, { out: 7, bias: false }).type.shape).toEqual([2, 4, 5, 7]);
    expect([...s.values()].map(([name, value]) => `${name} [${value.type.shape}]`)).toEqual([
      'a.weight [4,3,3,1]',
      'b.weight [4]',
      'b.bias [4]',
      'c.weight [5]',
      'c.bias [5]',
      'd.weight [7,5]',
    ]);
  });
});
