import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deterministicArray, deterministicValues } from './deterministic.ts';

describe('deterministicArray', () => {
  it('has the very bits that scripts/fixtures/deterministic.py computes', () => {
    const values = deterministicArray('up3.reduce.1.conv.weight', 100_000, 0.1, 0.3);
    expect(createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex')).toBe(
      'ff371be49fa2a7a406afa4432456b41b10b2d64b5c88e8d043ea3f676608314c',
    );
    expect(deterministicArray('ä', 2, 2)).toEqual(Float32Array.of(-0.7578750848770142, -0.5865523219108582));
  });

  it('is spread evenly, neighbours unrelated', () => {
    const n = 20_000;
    const values = deterministicArray('w', n, Math.sqrt(12));
    const mean = values.reduce((sum, v) => sum + v) / n;
    const variance = values.reduce((sum, v) => sum + v * v) / n;
    const neighbours = values.reduce((sum, v, i) => sum + v * (values[i + 1] ?? 0)) / n;
    expect([mean, variance - 1, neighbours].every((v) => Math.abs(v) < 0.03)).toBe(true);
  });

  it('fills a tensor that a fixture describes', () => {
    const values = deterministicValues({ name: 'w', shape: [2, 3], scale: 0.5, offset: 1 });
    expect(values).toEqual(deterministicArray('w', 6, 0.5, 1));
    expect(values.every((v) => v >= 0.75 && v < 1.25)).toBe(true);
  });
});
