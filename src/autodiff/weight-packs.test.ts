// Which weights lie together: those with the same rates, in packs of a size that suits the cache.
import { describe, expect, it } from 'vitest';
import type { Parameter } from './nn/parameters.ts';
import { adamW } from './optim/optimizers.ts';
import { packWeights } from './weight-packs.ts';

const weight = (name: string, length: number, group = 'weight'): Parameter => ({
  name,
  shape: [length],
  data: new Float32Array(length),
  trainable: true,
  group,
});
const named = (parameters: readonly Parameter[], optimizer = adamW({ weightDecay: { weight: 0.1 } })) =>
  packWeights(parameters, optimizer).map((pack) => ({
    names: pack.parameters.map(({ name }) => name).join(),
    length: pack.length,
    decay: pack.decay,
    rate: pack.rate,
  }));

describe('packWeights', () => {
  it('joins the weights of a rate and a decay, in their order', () => {
    const mixed = [weight('a', 2), weight('b', 3, 'norm'), weight('c', 4), weight('d', 5, 'norm')];
    expect(named(mixed)).toEqual([
      { names: 'a,c', length: 6, decay: 0.1, rate: 1 },
      { names: 'b,d', length: 8, decay: 0, rate: 1 },
    ]);
    const slower = adamW({ weightDecay: 0, rates: { norm: 0.5 } });
    expect(named(mixed, slower).map(({ names, rate }) => [names, rate])).toEqual([
      ['a,c', 1],
      ['b,d', 0.5],
    ]);
  });

  it('begins another pack where one would grow too large, and leaves a large weight alone', () => {
    const many = [weight('a', 100_000), weight('b', 100_000), weight('c', 500_000), weight('d', 10)];
    expect(named(many).map(({ names }) => names)).toEqual(['a', 'b', 'c', 'd']);
  });
});
