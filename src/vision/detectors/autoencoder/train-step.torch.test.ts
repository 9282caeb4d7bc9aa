// Training of the decoder agrees with PyTorch (scripts/fixtures/train_step.py): loss, gradients and 20 clipped Adam steps.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  adam,
  type Optimizer,
  Parameters,
  type Shape,
  sgd,
  type TrainState,
  TrainStep,
} from '../../../autodiff/index.ts';
import { type DeterministicTensor, deterministicValues } from '../../../autodiff/testing/deterministic.ts';
import { cpuRuntime } from '../../../autodiff/testing/runtime.ts';
import { decode } from './decoder.ts';
import { reconstructionLoss } from './loss.ts';

/** A tensor in a few words: its norm, and the values at some places of it. */
interface Summary {
  readonly shape: Shape;
  readonly norm: number;
  readonly at: readonly number[];
  readonly values: readonly number[];
}

interface Fixture {
  readonly batch: number;
  readonly imageSize: number;
  readonly inputs: readonly DeterministicTensor[];
  readonly parameters: readonly DeterministicTensor[];
  /** Biases that a norm of one channel a group takes away: their gradients are rounding noise, which Adam blows up. */
  readonly withoutGradient: readonly string[];
  readonly loss: number;
  readonly l1: number;
  readonly ssim: number;
  readonly output: Summary;
  readonly gradients: Readonly<Record<string, Summary>>;
  readonly clipNorm: number;
  readonly adam: { readonly learningRates: readonly number[]; readonly weightDecay: number };
  readonly losses: readonly number[];
  readonly gradientNorms: readonly number[];
  readonly weights: Readonly<Record<string, Summary & { readonly changeNorm: number }>>;
}

const fixture = JSON.parse(
  readFileSync(new URL('../../../autodiff/fixtures/decoder-training.json', import.meta.url), 'utf8'),
) as Fixture;

const feeds = Object.fromEntries(
  fixture.inputs.map((given) => [
    given.name,
    { type: 'float32', dims: given.shape, data: deterministicValues(given) },
  ]),
);

async function compile(optimizer: Optimizer, clipNorm?: number): Promise<TrainStep> {
  const parameters = new Parameters(0);
  for (const given of fixture.parameters) parameters.set(given.name, given.shape, deterministicValues(given));
  const step = await TrainStep.compile({
    runtime: cpuRuntime,
    parameters,
    inputs: Object.fromEntries(fixture.inputs.map(({ name, shape }) => [name, { shape }])),
    build: (s, { target, ...features }) => {
      const output = decode(s, Object.values(features));
      const { loss, l1, ssim } = reconstructionLoss(output, target!);
      return { loss, outputs: { output, l1, ssim } };
    },
    optimizer,
    ...(clipNorm !== undefined && { clipNorm }),
  });
  expect(parameters.all().map(({ name }) => name)).toEqual(fixture.parameters.map(({ name }) => name));
  return step;
}

/** The larger of the differences of norms and of samples, both relative to `scale`. */
function distance(found: Float32Array, expected: Summary, scale: number): number {
  const norm = Math.hypot(...found);
  const samples = expected.at.map((i, k) => Math.abs(found[i]! - expected.values[k]!));
  return Math.max(Math.abs(norm - expected.norm), ...samples) / scale;
}

const tensorOf = (state: TrainState, name: string): Float32Array => state.tensors.get(name)!.data;

describe('a training step of the decoder, against PyTorch', () => {
  it('has the same loss within 1e-5 and every gradient within 1e-4 of its norm', async () => {
    // After one step from zero, the momentum is the gradient.
    const step = await compile(sgd({ momentum: 0.5 }));
    const { loss, gradientNorm, outputs } = await step.run(feeds, { lr: 0 });
    expect(Math.abs(loss / fixture.loss - 1)).toBeLessThan(1e-5);
    expect(Math.abs((outputs.l1!.data[0] as number) / fixture.l1 - 1)).toBeLessThan(1e-5);
    expect(Math.abs((outputs.ssim!.data[0] as number) / fixture.ssim - 1)).toBeLessThan(1e-4);
    expect(distance(outputs.output!.data as Float32Array, fixture.output, 1)).toBeLessThan(1e-4);
    expect(Math.abs(gradientNorm / fixture.gradientNorms[0]! - 1)).toBeLessThan(1e-4);
    const state = step.state();
    for (const [name, expected] of Object.entries(fixture.gradients)) {
      const found = tensorOf(state, `momentum/${name}`);
      const scale = fixture.withoutGradient.includes(name) ? gradientNorm : expected.norm;
      expect([name, distance(found, expected, scale) < 1e-4]).toEqual([name, true]);
    }
    await step.close();
  });

  it('goes the same way for 20 steps of Adam, clipped and not, within 1e-3 of every weight', async () => {
    const step = await compile(adam({ weightDecay: fixture.adam.weightDecay }), fixture.clipNorm);
    const clipped: boolean[] = [];
    for (const [t, lr] of fixture.adam.learningRates.entries()) {
      const { loss, gradientNorm } = await step.run(feeds, { lr });
      expect(Math.abs(loss / fixture.losses[t]! - 1)).toBeLessThan(5e-5);
      clipped.push(gradientNorm > fixture.clipNorm);
    }
    expect(new Set(clipped)).toEqual(new Set([true, false]));
    const state = step.state();
    for (const [name, expected] of Object.entries(fixture.weights)) {
      if (fixture.withoutGradient.includes(name)) continue;
      const found = tensorOf(state, name);
      expect([name, distance(found, expected, expected.norm) < 1e-3]).toEqual([name, true]);
      expect([name, distance(found, expected, expected.changeNorm) < 5e-3]).toEqual([name, true]);
    }
    await step.close();
  });
});
