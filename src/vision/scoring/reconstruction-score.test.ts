import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import { scoreReconstruction } from './reconstruction-score.ts';
import { structuralSimilarity } from './structural-similarity.ts';

interface Case {
  name: string;
  width: number;
  height: number;
  x: number[];
  y: number[];
  score: number;
  meanError: number;
  topError: number;
  dissimilarity: number;
}
const cases: Case[] = JSON.parse(
  readFileSync(new URL('fixtures/reconstruction-score.json', import.meta.url), 'utf8'),
);
const plane = (bytes: number[]) => Float32Array.from(bytes, (v) => v / 255);

describe('scoreReconstruction', () => {
  for (const c of cases) {
    it(`agrees with torch: ${c.name}`, () => {
      const s = scoreReconstruction(plane(c.x), plane(c.y), c.width, c.height);
      for (const key of ['score', 'meanError', 'topError', 'dissimilarity'] as const)
        expect(s[key], key).toBeCloseTo(c[key], 6);
    });
  }

  it('gives zero and a zero map to a perfect reconstruction', () => {
    const x = plane(cases[0]!.x);
    const s = scoreReconstruction(x, x, cases[0]!.width, cases[0]!.height);
    expect(s.score).toBeCloseTo(0, 12);
    expect(s.map.data.every((v) => v === 0)).toBe(true);
  });

  it('puts the mean difference over the channels into the map, where it is', () => {
    const x = new Float32Array(3 * 6);
    const r = new Float32Array(3 * 6);
    r[4] = 0.3; // red of pixel 4
    r[6 + 4] = 0.6; // green of pixel 4
    const { map } = scoreReconstruction(x, r, 3, 2);
    expect([map.width, map.height]).toEqual([3, 2]);
    expect(map.data[4]).toBeCloseTo(0.3, 6);
    expect(map.data.filter((v) => v > 0)).toHaveLength(1);
  });

  it('grows with the size of a defect', () => {
    const scores = [0, 4, 8, 16].map((size) => {
      const x = new Float32Array(3 * 32 * 32).fill(0.5);
      const r = x.slice();
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < size; y++) r.fill(0.9, c * 1024 + y * 32, c * 1024 + y * 32 + size);
      return scoreReconstruction(x, r, 32, 32).score;
    });
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(new Set(scores).size).toBe(4);
  });

  it('refuses a reconstruction that is not finite', () => {
    const r = new Float32Array(12);
    r[5] = Number.NaN;
    expect(() => scoreReconstruction(new Float32Array(12), r, 2, 2)).toThrow('finite');
  });

  it('refuses planes that do not fit the size', () => {
    expect(() => scoreReconstruction(new Float32Array(12), new Float32Array(12), 5, 2)).toThrow('internal');
    expect(() => scoreReconstruction(new Float32Array(12), new Float32Array(9), 2, 2)).toThrow('internal');
  });
});

describe('structuralSimilarity', () => {
  it('agrees with windows summed one by one', () => {
    const random = new Random(5);
    const [width, height] = [19, 11];
    const x = Float32Array.from({ length: 2 * width * height }, () => random.uniform());
    const y = x.map((v) => v * 0.7 + 0.3 * random.uniform());
    expect(structuralSimilarity(x, y, width, height)).toBeCloseTo(naive(x, y, width, height), 10);
  });
});

function naive(x: Float32Array, y: Float32Array, width: number, height: number): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) {
    const plane = i - (i % (width * height));
    const [px, py] = [i % width, Math.floor((i - plane) / width)];
    let [a, b, aa, bb, ab] = [0, 0, 0, 0, 0];
    for (let v = Math.max(0, py - 3); v <= Math.min(height - 1, py + 3); v++) {
      for (let u = Math.max(0, px - 3); u <= Math.min(width - 1, px + 3); u++) {
        const [p, q] = [x[plane + v * width + u]! / 49, y[plane + v * width + u]! / 49];
        a += p;
        b += q;
        aa += 49 * p * p;
        bb += 49 * q * q;
        ab += 49 * p * q;
      }
    }
    total +=
      ((2 * a * b + 1e-4) * (2 * (ab - a * b) + 9e-4)) /
      ((a * a + b * b + 1e-4) * (aa - a * a + bb - b * b + 9e-4));
  }
  return total / x.length;
}
