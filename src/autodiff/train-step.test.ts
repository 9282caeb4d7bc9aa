// What a training step promises: exact resume, accumulation, averages, running statistics, and errors that say what is wrong.
import { beforeAll, describe, expect, it } from 'vitest';
import { toHalf } from './half.ts';
import { fill } from './nn/initializers.ts';
import * as layers from './nn/layers.ts';
import { Parameters, type Scope } from './nn/parameters.ts';
import { type Inputs, trace } from './nn/trace.ts';
import * as ops from './ops/build.ts';
import { adam, sgd } from './optim/optimizers.ts';
import { Random } from './random.ts';
import type { Runtime, RuntimeTensor } from './runtime.ts';
import { GraphError } from './tensor.ts';
import { relativeError } from './testing/gradient-check.ts';
import { cpuRuntime, numbersOf, runGraph, tensor } from './testing/runtime.ts';
import { type TrainState, TrainStep, type TrainStepOptions } from './train-step.ts';

const batchSize = 4;
const inputs = { x: { shape: [batchSize, 2, 5, 5] }, y: { shape: [batchSize, 3] } } as const;
type Fed = Inputs<typeof inputs>;

/** A small net with running statistics: conv, batch norm, silu, mean over the pixels, linear. */
function net(s: Scope, x: Fed['x']) {
  const h = ops.silu(
    layers.batchNorm(s.at('norm'), layers.conv(s.at('conv'), x, { out: 6, kernel: 3, stride: 2 })),
  );
  return layers.linear(s.at('head'), ops.mean(h, { axes: [2, 3] }), { out: 3 });
}

function build(s: Scope, { x, y }: Fed) {
  const guess = net(s, x);
  return { loss: ops.mean(ops.square(ops.sub(guess, y))), outputs: { guess } };
}

type Options = Partial<TrainStepOptions<typeof inputs>>;

const compile = (options: Options = {}, seed = 3) =>
  TrainStep.compile({
    runtime: cpuRuntime,
    parameters: new Parameters(seed),
    inputs,
    build,
    optimizer: adam(),
    ...options,
  });

function batch(random: Random, n = batchSize): Record<'x' | 'y', RuntimeTensor> {
  const normal = (count: number) => Array.from({ length: count }, () => random.normal());
  return { x: tensor(normal(n * 50), [n, 2, 5, 5]), y: tensor(normal(n * 3), [n, 3]) };
}

const bits = (state: TrainState) =>
  [...state.tensors].map(([name, { data }]) => [
    name,
    [...new Uint32Array(data.buffer, data.byteOffset, data.length)],
  ]);

describe('state and restore', () => {
  const options: Options = {
    clipNorm: 0.5,
    ema: true,
    accumulate: 2,
    optimizer: adam({ weightDecay: 0.01 }),
  };

  it('ten runs are the same, bit for bit, as five, a new step with their state, and five more', async () => {
    const batches = Array.from({ length: 10 }, (_, i) => batch(new Random(100 + i)));
    const rates = { lr: 0.01, emaDecay: 0.9 };
    const straight = await compile(options);
    const losses = [];
    for (const feeds of batches) losses.push((await straight.run(feeds, rates)).loss);

    const first = await compile(options);
    for (const feeds of batches.slice(0, 5)) await first.run(feeds, rates);
    const saved = first.state();
    expect([saved.step, saved.accumulated]).toEqual([2, 1]); // in the middle of accumulating
    const second = await compile(options, 99); // other initial weights
    second.restore(saved);
    const later = [];
    for (const feeds of batches.slice(5)) later.push((await second.run(feeds, rates)).loss);

    expect(later).toEqual(losses.slice(5));
    expect(bits(second.state())).toEqual(bits(straight.state()));
    expect(second.step).toBe(5);
    await Promise.all([straight.close(), first.close(), second.close()]);
  });

  it('state is a copy that later runs leave alone, and restore does not hold on to it', async () => {
    const step = await compile();
    const before = step.state();
    const copy = bits(before);
    await step.run(batch(new Random(1)), { lr: 0.1 });
    expect(bits(before)).toEqual(copy);
    expect(bits(step.state())).not.toEqual(copy);
    step.restore(before);
    await step.run(batch(new Random(1)), { lr: 0.1 });
    expect(bits(before)).toEqual(copy);
    await step.close();
  });

  it('refuses a state of another step', async () => {
    const step = await compile();
    const other = await compile({ optimizer: sgd() });
    const state = step.state();
    const altered = (
      change: (tensors: Map<string, { shape: readonly number[]; data: Float32Array }>) => void,
    ) => {
      const tensors = new Map(state.tensors);
      change(tensors);
      return { ...state, tensors };
    };
    const wrong = { shape: [3, 6, 1], data: new Float32Array(18) };
    expect(() => other.restore(state)).toThrow(/m\/conv.weight does not belong to this step/);
    expect(() => step.restore(other.state())).toThrow(/expected m\/conv.weight \[6,2,3,3\], got nothing/);
    expect(() => step.restore(altered((t) => t.set('head.weight', wrong)))).toThrow(
      /expected head.weight \[3,6\], got \[3,6,1\]/,
    );
    expect(() => step.restore({ ...state, accumulated: 1 })).toThrow(
      /1 gradients were accumulated, this step takes 1/,
    );
    expect(bits(step.state())).toEqual(bits(state));
    await Promise.all([step.close(), other.close()]);
  });
});

describe('the state takes turns between two sets of buffers', () => {
  it('a run is fed with the very arrays that the run before wrote', async () => {
    const runs: { fed: Map<string, unknown>; fetched: Map<string, unknown> }[] = [];
    const recording: Runtime = {
      device: 'cpu',
      load: async (model) => {
        const session = await cpuRuntime.load(model);
        return {
          ...session,
          run: (feeds, fetches = {}) => {
            const arrays = (from: Readonly<Record<string, RuntimeTensor | null>>) =>
              new Map(Object.entries(from).map(([name, t]) => [name, t?.data]));
            if ('pack/0' in feeds) runs.push({ fed: arrays(feeds), fetched: arrays(fetches) });
            return session.run(feeds, fetches);
          },
        };
      },
    };
    const step = await compile({ runtime: recording });
    for (let i = 0; i < 3; i++) await step.run(batch(new Random(i)), { lr: 0.1 });
    for (const name of ['pack/0', 'm/pack/0', 'norm.running_mean']) {
      expect(runs[1]!.fed.get(name)).toBe(runs[0]!.fetched.get(`next/${name}`));
      expect(runs[2]!.fetched.get(`next/${name}`)).toBe(runs[0]!.fetched.get(`next/${name}`));
      expect(runs[0]!.fed.get(name)).not.toBe(runs[0]!.fetched.get(`next/${name}`));
    }
    await step.close();
  });
});

describe('accumulation', () => {
  /** A net without batch statistics, whose mean loss of 8 is the mean over 4 batches of 2. */
  const plain = (n: number) => ({
    inputs: { x: { shape: [n, 2, 5, 5] }, y: { shape: [n, 3] } },
    build: (s: Scope, { x, y }: { x: Fed['x']; y: Fed['y'] }) => {
      const h = ops.tanh(layers.conv(s.at('conv'), x, { out: 4, kernel: 3 }));
      const guess = layers.linear(s.at('head'), ops.mean(h, { axes: [2, 3] }), { out: 3 });
      return { loss: ops.mean(ops.square(ops.sub(guess, y))) };
    },
  });

  it('of four batches of 2 equals one batch of 8', async () => {
    const common = { runtime: cpuRuntime, optimizer: adam(), clipNorm: 0.3 };
    const one = await TrainStep.compile({ ...common, parameters: new Parameters(1), ...plain(8) });
    const four = await TrainStep.compile({
      ...common,
      parameters: new Parameters(1),
      ...plain(2),
      accumulate: 4,
    });
    for (let t = 0; t < 3; t++) {
      const { x, y } = batch(new Random(t), 8);
      const whole = await one.run({ x, y }, { lr: 0.01 });
      const parts = [];
      for (let k = 0; k < 4; k++) {
        const part = (from: RuntimeTensor) => {
          const size = from.data.length / 4;
          return {
            ...from,
            dims: [2, ...from.dims.slice(1)],
            data: (from.data as Float32Array).slice(k * size, (k + 1) * size),
          };
        };
        parts.push(await four.run({ x: part(x), y: part(y) }, { lr: 0.01 }));
      }
      expect(parts.map(({ applied }) => applied)).toEqual([false, false, false, true]);
      expect(parts[0]!.gradientNorm).toBeNaN();
      expect(parts[3]!.gradientNorm).toBeCloseTo(whole.gradientNorm, 5);
      expect(parts.reduce((sum, { loss }) => sum + loss / 4, 0)).toBeCloseTo(whole.loss, 6);
    }
    expect([one.step, four.step]).toEqual([3, 3]);
    const weights = four.state().tensors;
    for (const [name, { data }] of one.state().tensors) {
      // Adam divides by the size of the gradient, which magnifies rounding where that is small.
      if (!name.includes('/')) expect(relativeError(weights.get(name)!.data, data)).toBeLessThan(1e-4);
    }
    await Promise.all([one.close(), four.close()]);
  });
});

describe('buffers and averages', () => {
  it('running statistics follow the batches as in PyTorch, the variance unbiased', async () => {
    const step = await compile();
    const mean = new Float64Array(6);
    const variance = new Float64Array(6).fill(1);
    for (let t = 0; t < 4; t++) {
      const feeds = batch(new Random(t));
      const store = new Parameters(3);
      step.writeTo(store); // nothing is defined yet: it must not matter
      const before = new Parameters(3);
      const convolved = trace(before, {
        inputs: { x: inputs.x },
        build: (s, { x }) => ({ h: layers.conv(s.at('conv'), x, { out: 6, kernel: 3, stride: 2 }) }),
      });
      expect(convolved.inputs).toHaveLength(1);
      step.writeTo(before);
      const now = trace(before, {
        inputs: { x: inputs.x },
        build: (s, { x }) => ({ h: layers.conv(s.at('conv'), x, { out: 6, kernel: 3, stride: 2 }) }),
      });
      const h = numbersOf((await runGraph(now, { x: numbersOf(feeds.x) })).h!); // [4, 6, 2, 2]
      for (let c = 0; c < 6; c++) {
        const mine = h.filter((_, i) => Math.floor(i / 4) % 6 === c);
        const m = mine.reduce((a, b) => a + b) / mine.length;
        const v = mine.reduce((a, b) => a + (b - m) ** 2, 0) / (mine.length - 1);
        mean[c] = 0.9 * mean[c]! + 0.1 * m;
        variance[c] = 0.9 * variance[c]! + 0.1 * v;
      }
      await step.run(feeds, { lr: 0.01 });
    }
    const { tensors } = step.state();
    expect(relativeError(tensors.get('norm.running_mean')!.data, mean)).toBeLessThan(1e-5);
    expect(relativeError(tensors.get('norm.running_var')!.data, variance)).toBeLessThan(1e-5);
    await step.close();
  });

  it('the average of the weights decays as asked, and can be written into a store', async () => {
    const parameters = new Parameters(3);
    const step = await compile({ parameters, ema: true });
    const weights = () => [...step.state().tensors.get('conv.weight')!.data];
    let average = weights();
    for (const emaDecay of [0, 0.5, 0.9]) {
      await step.run(batch(new Random(1)), { lr: 0.1, emaDecay });
      average = weights().map((w, i) => emaDecay * average[i]! + (1 - emaDecay) * w);
    }
    step.writeTo(parameters, 'ema');
    expect(relativeError(parameters.get('conv.weight')!.data, average)).toBeLessThan(1e-6);
    expect(relativeError(average, weights())).toBeGreaterThan(0.01);
    const buffer = step.state().tensors.get('norm.running_mean')!.data;
    expect(parameters.get('norm.running_mean')!.data).toEqual(buffer);
    step.writeTo(parameters);
    expect([...parameters.get('conv.weight')!.data]).toEqual(weights());
    await step.close();
  });

  it('a frozen weight stays as it is, and takes no room in the optimizer', async () => {
    const parameters = new Parameters(3);
    const frozen = Float32Array.from({ length: 108 }, (_, i) => Math.sin(i));
    parameters.set('conv.weight', [6, 2, 3, 3], frozen, { trainable: false });
    const step = await compile({ parameters });
    await step.run(batch(new Random(1)), { lr: 0.1 });
    expect([...step.state().tensors.keys()].filter((name) => name.includes('conv.weight'))).toEqual([]);
    step.writeTo(parameters);
    expect(parameters.get('conv.weight')!.data).toBe(frozen);
    expect(frozen[1]).toBe(Math.fround(Math.sin(1)));
    await step.close();
  });

  it('a buffer that the model never updates comes back as it was', async () => {
    const one = { x: { shape: [2] } } as const;
    const step = await TrainStep.compile({
      runtime: cpuRuntime,
      parameters: new Parameters(1),
      inputs: one,
      optimizer: sgd(),
      build: (s, { x }) => {
        const still = s.buffer('still', [2], fill(3));
        return { loss: ops.sum(ops.mul(ops.mul(s.param('w', [2], fill(1)), x), still)) };
      },
    });
    await step.run({ x: tensor([1, 2], [2]) }, { lr: 0.1 });
    expect([...step.state().tensors.get('still')!.data]).toEqual([3, 3]);
    expect(relativeError(step.state().tensors.get('w')!.data, [0.7, 0.4])).toBeLessThan(1e-6);
    await step.close();
  });
});

describe('a run', () => {
  let step: TrainStep;
  beforeAll(async () => {
    step = await compile({ ema: true });
    return () => step.close();
  });
  const rates = { lr: 0.1, emaDecay: 0.9 };

  it('hands back the loss, the norm of the gradient and the outputs', async () => {
    const { loss, gradientNorm, applied, outputs } = await step.run(batch(new Random(5)), rates);
    expect(applied).toBe(true);
    expect(loss).toBeGreaterThan(0);
    expect(gradientNorm).toBeGreaterThan(0);
    expect(outputs.guess!.dims).toEqual([batchSize, 3]);
    expect(step.step).toBe(1);
  });

  it('refuses missing and wrong inputs, and says what it takes', async () => {
    const { x, y } = batch(new Random(5));
    await expect(step.run({ x }, rates)).rejects.toThrow(/input y takes float32\[4,3\], got nothing/);
    await expect(step.run({ x, y: tensor([1, 2, 3], [1, 3]) }, rates)).rejects.toThrow(
      /input y takes float32\[4,3\], got float32\[1,3\]/,
    );
    await expect(step.run({ x, y: { ...y, type: 'int32' } }, rates)).rejects.toThrow(GraphError);
    await expect(step.run({ x, y }, { lr: 0.1 })).rejects.toThrow(/emaDecay is needed/);
  });

  it('refuses to begin before the one before has ended', async () => {
    const feeds = batch(new Random(5));
    const first = step.run(feeds, rates);
    await expect(step.run(feeds, rates)).rejects.toThrow(/has not ended/);
    await first;
    await expect(step.run(feeds, rates)).resolves.toMatchObject({ applied: true });
  });
});

describe('compile refuses', () => {
  const rows: readonly [string, Options, RegExp][] = [
    ['a model without weights', { build: (_, { x }) => ({ loss: ops.mean(x) }) }, /no trainable weights/],
    [
      'a weight that the loss does not use',
      {
        build: (s, fed) => {
          s.param('spare', [2], fill(0));
          return build(s, fed);
        },
      },
      /the loss does not depend on spare f32\[2\]/,
    ],
    [
      'a loss that is no scalar',
      { build: (s, { x }) => ({ loss: net(s, x) }) },
      /float scalar, got f32\[4,3\]/,
    ],
    [
      'a weight that has the name of an input',
      { build: (s, { y }) => ({ loss: ops.sum(ops.mul(y, s.param('x', [3], fill(1)))) }) },
      /two inputs are named x/,
    ],
    ['to accumulate nothing', { accumulate: 0 }, /accumulate must be a whole number of at least 1, got 0/],
    ['to clip to nothing', { clipNorm: 0 }, /clipNorm must be above 0, got 0/],
  ];
  it.each(rows)('%s', async (_, options, message) => {
    await expect(compile(options)).rejects.toThrow(message);
    await expect(compile(options)).rejects.toThrow(GraphError);
  });

  it('to write an average that it does not keep', async () => {
    const step = await compile();
    expect(() => step.writeTo(new Parameters(1), 'ema')).toThrow(/keeps no average/);
    await step.close();
  });
});

describe('mixed precision', () => {
  const feedsOf = (t: number) => batch(new Random(t % 3));
  /** What float16 makes of numbers beyond 65504; on the CPU the engine skips some of the rounding to float16. */
  const overflowing = () => {
    const { x, y } = feedsOf(0);
    const data = (x.data as Float32Array).map((v) => (v > 1 ? Number.POSITIVE_INFINITY : v));
    return { x: { ...x, data }, y };
  };

  it('trains about as float32 does', async () => {
    const exact = await compile();
    const mixed = await compile({ precision: 'mixed' });
    const pairs: [number, number][] = [];
    for (let t = 0; t < 30; t++) {
      const a = await exact.run(feedsOf(t), { lr: 0.02 });
      const b = await mixed.run(feedsOf(t), { lr: 0.02 });
      pairs.push([a.loss, b.loss]);
      expect(Math.abs(b.gradientNorm / a.gradientNorm - 1)).toBeLessThan(0.05);
    }
    for (const [a, b] of pairs) expect(Math.abs(b / a - 1)).toBeLessThan(0.02);
    expect(pairs.some(([a, b]) => a !== b)).toBe(true); // float16 was used at all
    expect(pairs.at(-1)![1]).toBeLessThan(pairs[0]![1] * 0.8);
    await Promise.all([exact.close(), mixed.close()]);
  });

  it('skips a step that overflows and halves the scale', async () => {
    const step = await compile({ precision: 'mixed', ema: true });
    const rates = { lr: 0.1, emaDecay: 0.5 };
    await step.run(feedsOf(0), rates);
    const before = step.state();
    const { applied } = await step.run(overflowing(), rates);
    const after = step.state();
    expect(applied).toBe(false);
    expect([before.lossScale!.scale, after.lossScale!.scale]).toEqual([65536, 32768]);
    expect(after.step).toBe(before.step);
    expect(bits(after)).toEqual(bits(before)); // weights, slots, average and running statistics
    expect((await step.run(feedsOf(1), rates)).applied).toBe(true);
    expect(step.state().lossScale).toEqual({ scale: 32768, goodSteps: 1 });
    await step.close();
  });

  it('forgets an accumulated sum that overflowed', async () => {
    const step = await compile({ precision: 'mixed', accumulate: 2 });
    await step.run(overflowing(), { lr: 0.1 });
    expect((await step.run(feedsOf(0), { lr: 0.1 })).applied).toBe(false);
    await step.run(feedsOf(1), { lr: 0.1 });
    expect((await step.run(feedsOf(2), { lr: 0.1 })).applied).toBe(true);
    for (const { data } of step.state().tensors.values()) expect(data.every(Number.isFinite)).toBe(true);
    await step.close();
  });

  it('resumes with the scale that it had', async () => {
    const first = await compile({ precision: 'mixed' });
    await first.run(overflowing(), { lr: 0.1 });
    await first.run(feedsOf(1), { lr: 0.1 });
    const second = await compile({ precision: 'mixed' }, 8);
    second.restore(first.state());
    for (const step of [first, second]) await step.run(feedsOf(2), { lr: 0.1 });
    expect(bits(second.state())).toEqual(bits(first.state()));
    expect(second.state().lossScale).toEqual({ scale: 32768, goodSteps: 2 });
    await Promise.all([first.close(), second.close()]);
  });
});

it('float16 inputs, integer labels and boolean masks are fed as they are', async () => {
  const kinds = {
    half: { shape: [2, 3], dtype: 'float16' },
    label: { shape: [2], dtype: 'int64' },
    mask: { shape: [2], dtype: 'bool' },
  } as const;
  const step = await TrainStep.compile({
    runtime: cpuRuntime,
    parameters: new Parameters(1),
    inputs: kinds,
    optimizer: sgd(),
    build: (s, { half, label, mask }) => {
      const logits = ops.mul(ops.cast(half, 'float32'), s.param('w', [3], fill(1)));
      const chosen = ops.gatherElements(ops.logSoftmax(logits), ops.reshape(label, [2, 1]), 1);
      const kept = ops.mul(ops.reshape(chosen, [2]), ops.cast(mask, 'float32'));
      return { loss: ops.neg(ops.sum(kept)), outputs: { right: ops.equal(ops.argMax(logits, 1), label) } };
    },
  });
  const feeds = {
    half: { type: 'float16', dims: [2, 3], data: Uint16Array.from([0, 1, 2, 5, 0, 0], toHalf) },
    label: { type: 'int64', dims: [2], data: BigInt64Array.of(2n, 1n) },
    mask: { type: 'bool', dims: [2], data: Uint8Array.of(1, 0) },
  };
  const { loss, outputs } = await step.run(feeds, { lr: 1 });
  const sum = 1 + Math.E + Math.E ** 2;
  expect(loss).toBeCloseTo(Math.log(sum) - 2, 5);
  expect(outputs.right!.type).toBe('bool');
  expect(numbersOf(outputs.right!)).toEqual([1, 0]);
  const expected = [1, 1 - Math.E / sum, 1 + 2 * (1 - Math.E ** 2 / sum)];
  expect(relativeError(step.state().tensors.get('w')!.data, expected)).toBeLessThan(1e-5);
  await step.close();
});
