// Optimizers as pure functions: from a weight, its gradient and its state to the next weight and state.
import type { Value } from '../graph.ts';
import { add, div, mul, pow, sqrt, sub } from '../ops/build.ts';

export interface UpdateInputs {
  readonly w: Value;
  readonly g: Value;
  readonly slots: Readonly<Record<string, Value>>;
  /** Learning rate of this step, a scalar. */
  readonly lr: Value;
  /** 1 at the first step, a float scalar. */
  readonly step: Value;
  /** Weight decay of this weight's group. */
  readonly decay: number;
}

export interface Optimizer {
  /** Names of the arrays kept for each weight, zero at first. */
  readonly slots: readonly string[];
  /** Weight decay by parameter group; 0 for groups that are not named, `other` when it is one number for all. */
  decayOf(group: string): number;
  /** Factor of the learning rate by parameter group; 1 for groups that are not named. */
  rateOf(group: string): number;
  update(inputs: UpdateInputs): { readonly w: Value; readonly slots: Readonly<Record<string, Value>> };
}

/** One number for all weights, or one for each parameter group. */
export type WeightDecay = number | Readonly<Record<string, number>>;

function decayLookup(decay: WeightDecay = 0): (group: string) => number {
  return (group) => (typeof decay === 'number' ? decay : (decay[group] ?? 0));
}

/** Factors of the learning rate by parameter group. */
export type RateFactors = Readonly<Record<string, number>>;

function rateLookup(rates: RateFactors = {}): (group: string) => number {
  return (group) => rates[group] ?? 1;
}

/** Adds decay * w to a gradient (L2 regularisation). */
function regularised({ w, g, decay }: UpdateInputs): Value {
  return decay === 0 ? g : add(g, mul(w, decay));
}

export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly eps?: number;
  readonly weightDecay?: WeightDecay;
  readonly rates?: RateFactors;
}

/** The step of Adam before the learning rate: m-hat / (sqrt(v-hat) + eps), with the corrections moved to scalars. */
function adamStep(g: Value, { slots, lr, step }: UpdateInputs, options: AdamOptions) {
  const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = options;
  const m = add(mul(slots.m!, beta1), mul(g, 1 - beta1));
  const v = add(mul(slots.v!, beta2), mul(mul(g, g), 1 - beta2));
  const root = sqrt(sub(1, pow(beta2, step))); // sqrt(1 - beta2^t)
  const rate = mul(lr, div(root, sub(1, pow(beta1, step))));
  const change = div(mul(m, rate), add(sqrt(v), mul(root, eps)));
  return { change, slots: { m, v } };
}

/** Adam (Kingma and Ba 2015) with L2 regularisation, as torch.optim.Adam. */
export function adam(options: AdamOptions = {}): Optimizer {
  return {
    slots: ['m', 'v'],
    decayOf: decayLookup(options.weightDecay),
    rateOf: rateLookup(options.rates),
    update: (inputs) => {
      const { change, slots } = adamStep(regularised(inputs), inputs, options);
      return { w: sub(inputs.w, change), slots };
    },
  };
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019). */
export function adamW(options: AdamOptions = {}): Optimizer {
  return {
    slots: ['m', 'v'],
    decayOf: decayLookup(options.weightDecay ?? 0.01),
    rateOf: rateLookup(options.rates),
    update: (inputs) => {
      const { w, lr, decay } = inputs;
      const { change, slots } = adamStep(inputs.g, inputs, options);
      const kept = decay === 0 ? w : mul(w, sub(1, mul(lr, decay)));
      return { w: sub(kept, change), slots };
    },
  };
}

export interface SgdOptions {
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: WeightDecay;
  readonly rates?: RateFactors;
}

/** Stochastic gradient descent with (Nesterov) momentum, as torch.optim.SGD with dampening 0. */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { momentum = 0, nesterov = false } = options;
  return {
    slots: momentum === 0 ? [] : ['momentum'],
    decayOf: decayLookup(options.weightDecay),
    rateOf: rateLookup(options.rates),
    update: (inputs) => {
      const { w, lr, slots } = inputs;
      const g = regularised(inputs);
      if (momentum === 0) return { w: sub(w, mul(g, lr)), slots: {} };
      const buffer = add(mul(slots.momentum!, momentum), g);
      const direction = nesterov ? add(g, mul(buffer, momentum)) : buffer;
      return { w: sub(w, mul(direction, lr)), slots: { momentum: buffer } };
    },
  };
}
