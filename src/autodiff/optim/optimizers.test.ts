// Optimizers inside a compiled step against the same rules written in plain float64.
import { describe, expect, it } from 'vitest';
import { fill } from '../nn/initializers.ts';
import { Parameters, type Scope } from '../nn/parameters.ts';
import type { Inputs } from '../nn/trace.ts';
import { add, mul, square, sub, sum } from '../ops/build.ts';
import { Random } from '../random.ts';
import { relativeError } from '../testing/gradient-check.ts';
import { cpuRuntime, tensor } from '../testing/runtime.ts';
import { TrainStep, type TrainStepOptions } from '../train-step.ts';
import { adam, adamW, type Optimizer, sgd } from './optimizers.ts';

const size = 4;
const steps = 12;
const names = ['weight', 'bias'] as const;
const inputs = { scale: { shape: [size] }, target: { shape: [size] } } as const;

/** loss = sum of scale / 2 * (w - target)^2 over two weights in groups of their own; its gradient is scale * (w - target). */
function build(s: Scope, { scale, target }: Inputs<typeof inputs>) {
  const parts = names.map((name, i) => {
    const w = s.param(name, [size], fill(0.5 + i), name);
    return mul(sum(mul(scale, square(sub(w, target)))), 0.5);
  });
  return { loss: add(parts[0]!, parts[1]!) };
}

const random = new Random(9);
const batches = Array.from({ length: steps }, () => ({
  scale: Array.from({ length: size }, () => random.uniform(0.5, 2)),
  target: Array.from({ length: size }, () => random.normal()),
  lr: random.uniform(0.01, 0.1),
}));

/** The weights after each step, all in one row. */
async function trained(
  optimizer: Optimizer,
  options: Partial<TrainStepOptions<typeof inputs>> = {},
): Promise<number[][]> {
  const step = await TrainStep.compile({
    runtime: cpuRuntime,
    parameters: new Parameters(1),
    inputs,
    build,
    optimizer,
    ...options,
  });
  const out: number[][] = [];
  for (const { scale, target, lr } of batches) {
    await step.run({ scale: tensor(scale, [size]), target: tensor(target, [size]) }, { lr });
    const { tensors } = step.state();
    out.push(names.flatMap((name) => [...tensors.get(name)!.data]));
  }
  await step.close();
  return out;
}

interface Moving {
  w: number;
  readonly memory: number[];
}

/** The rule of one weight, given its gradient; it changes `w` and its memory. */
type Rule = (state: Moving, g: number, lr: number, t: number, decay: number) => void;

function byHand(
  rule: Rule,
  decays: readonly [weight: number, bias: number] = [0, 0],
  { clipNorm = Infinity, rates = [1, 1] }: { clipNorm?: number; rates?: readonly [number, number] } = {},
): number[][] {
  const states: Moving[] = names.flatMap((_, i) =>
    Array.from({ length: size }, () => ({ w: 0.5 + i, memory: [0, 0] })),
  );
  return batches.map(({ scale, target, lr }, t) => {
    const gradients = states.map(({ w }, i) => scale[i % size]! * (w - target[i % size]!));
    const norm = Math.hypot(...gradients);
    const factor = Math.min(1, clipNorm / (norm + 1e-6));
    for (const [i, state] of states.entries())
      rule(state, gradients[i]! * factor, lr * rates[i < size ? 0 : 1], t + 1, decays[i < size ? 0 : 1]);
    return states.map(({ w }) => w);
  });
}

const sgdRule =
  (momentum: number, nesterov: boolean): Rule =>
  (state, gradient, lr, _, decay) => {
    const g = gradient + decay * state.w;
    state.memory[0] = momentum * state.memory[0]! + g;
    state.w -= lr * (nesterov ? g + momentum * state.memory[0]! : state.memory[0]!);
  };

const adamRule =
  (decoupled: boolean, beta1 = 0.9, beta2 = 0.999, eps = 1e-8): Rule =>
  (state, gradient, lr, t, decay) => {
    const g = decoupled ? gradient : gradient + decay * state.w;
    if (decoupled) state.w *= 1 - lr * decay;
    state.memory[0] = beta1 * state.memory[0]! + (1 - beta1) * g;
    state.memory[1] = beta2 * state.memory[1]! + (1 - beta2) * g * g;
    const m = state.memory[0] / (1 - beta1 ** t);
    const v = state.memory[1] / (1 - beta2 ** t);
    state.w -= (lr * m) / (Math.sqrt(v) + eps);
  };

const rows: readonly [name: string, Optimizer, Rule, decays?: readonly [number, number]][] = [
  ['sgd', sgd(), sgdRule(0, false)],
  ['sgd with weight decay', sgd({ weightDecay: 0.1 }), sgdRule(0, false), [0.1, 0.1]],
  ['sgd with momentum', sgd({ momentum: 0.9 }), sgdRule(0.9, false)],
  ['sgd with Nesterov momentum', sgd({ momentum: 0.8, nesterov: true }), sgdRule(0.8, true)],
  [
    'sgd with Nesterov momentum and decay',
    sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.05 }),
    sgdRule(0.9, true),
    [0.05, 0.05],
  ],
  ['adam', adam(), adamRule(false)],
  ['adam with other constants', adam({ beta1: 0.5, beta2: 0.9, eps: 1e-2 }), adamRule(false, 0.5, 0.9, 1e-2)],
  ['adam with weight decay', adam({ weightDecay: 0.1 }), adamRule(false), [0.1, 0.1]],
  ['adamW with its default decay', adamW(), adamRule(true), [0.01, 0.01]],
  ['adamW with decay of one group', adamW({ weightDecay: { weight: 0.3 } }), adamRule(true), [0.3, 0]],
  [
    'sgd with decay of each group',
    sgd({ weightDecay: { weight: 0.1, bias: 0.4 } }),
    sgdRule(0, false),
    [0.1, 0.4],
  ],
];

describe('a compiled step follows the rule', () => {
  it.each(rows)('of %s', async (_, optimizer, rule, decays) => {
    const found = await trained(optimizer);
    const expected = byHand(rule, decays);
    for (const [t, w] of expected.entries()) expect(relativeError(found[t]!, w)).toBeLessThan(2e-5);
  });

  it('with a smaller rate for one group', async () => {
    const factors = { rates: { weight: 0.25 } };
    for (const [optimizer, rule] of [
      [sgd({ momentum: 0.9, ...factors }), sgdRule(0.9, false)],
      [adam(factors), adamRule(false)],
      [adamW({ weightDecay: 0, ...factors }), adamRule(true)],
    ] as const) {
      const found = await trained(optimizer);
      const expected = byHand(rule, [0, 0], { rates: [0.25, 1] });
      expect(relativeError(found.at(-1)!, expected.at(-1)!)).toBeLessThan(2e-5);
      expect(relativeError(found.at(-1)!, byHand(rule).at(-1)!)).toBeGreaterThan(0.01);
    }
  });

  it('and each rule differs from every other', () => {
    const ends = rows.map(([, , rule, decays]) => byHand(rule, decays).at(-1)!.join());
    expect(new Set(ends).size).toBe(rows.length);
  });

  it('of clipping by the global norm: shrunk together when above, untouched when below', async () => {
    for (const clipNorm of [0.5, 3, 1e6]) {
      const found = await trained(sgd(), { clipNorm });
      const expected = byHand(sgdRule(0, false), [0, 0], { clipNorm });
      expect(relativeError(found.at(-1)!, expected.at(-1)!)).toBeLessThan(1e-5);
    }
    const free = byHand(sgdRule(0, false)).at(-1)!;
    expect(relativeError(byHand(sgdRule(0, false), [0, 0], { clipNorm: 3 }).at(-1)!, free)).toBeGreaterThan(
      0.01,
    );
  });
});
