// Reads a fixture of scripts/fixtures/encoders.py and holds results against it.
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { RuntimeTensor } from '../../../autodiff/index.ts';
import { type DeterministicTensor, deterministicValues } from '../../../autodiff/testing/deterministic.ts';
import type { NamedTensor, Tensors } from '../../checkpoint/tensors.ts';

interface Summary {
  readonly name: string;
  readonly shape: readonly number[];
  readonly norm: number;
  /** Indices into the flattened tensor, and what stands there. */
  readonly at: readonly number[];
  readonly values: readonly number[];
}

export interface EncoderFixture {
  readonly input: DeterministicTensor;
  readonly outputs: readonly Summary[];
  readonly parameters: readonly DeterministicTensor[];
}

export function readFixture(file: string): EncoderFixture {
  return JSON.parse(readFileSync(new URL(`../fixtures/${file}`, import.meta.url), 'utf8'));
}

/** The weights that a fixture lists. */
export function fixtureTensors({ parameters }: EncoderFixture): Tensors {
  return new Map(parameters.map((row) => [row.name, tensorOf(row)]));
}

function tensorOf(row: DeterministicTensor): NamedTensor {
  return { dtype: 'float32', shape: row.shape, data: deterministicValues(row) };
}

/** Shape equal; norm, and the distance of the samples to their expected values, within 1e-4 relative. */
export function expectClose(actual: RuntimeTensor, expected: Summary): void {
  const values = actual.data as Float32Array;
  const samples = expected.at.map((i) => values[i]!);
  const error = norm(samples.map((x, i) => x - expected.values[i]!)) / norm(expected.values);
  expect(actual.dims, expected.name).toEqual(expected.shape);
  expect(error, `${expected.name}: samples`).toBeLessThan(1e-4);
  expect(Math.abs(norm(values) / expected.norm - 1), `${expected.name}: norm`).toBeLessThan(1e-4);
}

function norm(values: Iterable<number>): number {
  let sum = 0;
  for (const x of values) sum += x * x;
  return Math.sqrt(sum);
}
