import { expect, it } from 'vitest';
import { betaProbability, betaQuantile } from './beta-quantile.ts';

it('gives the probabilities that have a closed form', () => {
  for (const x of [0.01, 0.3, 0.77]) {
    expect(betaProbability(x, 1, 1)).toBeCloseTo(x, 9);
    expect(betaProbability(x, 1, 20)).toBeCloseTo(1 - (1 - x) ** 20, 9);
    expect(betaProbability(x, 7, 1)).toBeCloseTo(x ** 7, 9);
    expect(betaProbability(x, 2, 3)).toBeCloseTo(x * x * (6 - 8 * x + 3 * x * x), 9);
  }
});

it('inverts them', () => {
  expect(betaQuantile(0.025, 1, 99)).toBeCloseTo(1 - 0.975 ** (1 / 99), 8);
  expect(betaQuantile(0.975, 1, 12)).toBeCloseTo(1 - 0.025 ** (1 / 12), 8);
  for (const p of [0.025, 0.5, 0.975])
    expect(betaProbability(betaQuantile(p, 3, 97), 3, 97)).toBeCloseTo(p, 6);
});
