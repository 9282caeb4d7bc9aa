import { describe, expect, it } from 'vitest';
import { gradients, graph, input, mean, Random, reshape, type Value } from '../../autodiff/index.ts';
import { compute, numbersOf, runGraph } from '../../autodiff/testing/runtime.ts';
import type { Box } from '../dataset/labelled.ts';
import { bins } from './anchors.ts';
import { completeIou, crossEntropy, distributionLoss } from './losses.ts';
import * as reference from './testing/reference.ts';

const random = new Random(4);
const many = 200;

function randomBox(): Box {
  const [x, y] = [random.uniform(-20, 300), random.uniform(-20, 300)];
  return [x, y, x + random.uniform(0.5, 200), y + random.uniform(0.5, 200)];
}

function expectClose(found: readonly number[], expected: readonly number[]) {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(Math.abs(found[i]! - value)).toBeLessThan(1e-4);
}

async function completeIous(pairs: readonly (readonly [Box, Box])[]) {
  const [a, b] = [input('a', [pairs.length, 4]), input('b', [pairs.length, 4])];
  return compute(completeIou(a, b), {
    a: pairs.flatMap(([box]) => [...box]),
    b: pairs.flatMap(([, box]) => [...box]),
  });
}

describe('completeIou', () => {
  it('is that of the plain reference', async () => {
    const pairs = Array.from({ length: many }, () => [randomBox(), randomBox()] as const);
    const expected = pairs.map(([a, b]) => reference.completeIou(a, b));
    expectClose(await completeIous(pairs), expected);
    expect(expected.some((value) => value > 0) && expected.some((value) => value < 0)).toBe(true);
  });

  it('is 1 for the same box, and below 0 for boxes apart', async () => {
    const box: Box = [10, 20, 40, 90];
    const [same, apart] = await completeIous([
      [box, box],
      [box, [100, 100, 120, 140]],
    ]);
    expect(same).toBeCloseTo(1, 5);
    expect(apart).toBeLessThan(0);
  });
});

describe('distributionLoss', () => {
  it('is that of the plain reference, also at whole numbers and beyond the bins', async () => {
    const rows = Array.from({ length: many }, (_, i) => ({
      logits: Array.from({ length: 4 * bins }, () => random.normal(0, 2)),
      distances: Array.from({ length: 4 }, (__, side) =>
        i % 4 === 0 ? (i + side) % 17 : random.uniform(-1, 17),
      ),
    }));
    const [logits, distances] = [input('logits', [many, 4 * bins]), input('distances', [many, 4])];
    const found = await compute(distributionLoss(logits, distances), {
      logits: rows.flatMap((row) => row.logits),
      distances: rows.flatMap((row) => row.distances),
    });
    expectClose(
      found,
      rows.map((row) => reference.distributionLoss(row.logits, row.distances)),
    );
  });
});

describe('crossEntropy', () => {
  it('is the sum over all logits of the plain reference, a few of them with targets', async () => {
    const logits = Array.from({ length: 2 * 7 * 3 }, () => random.normal(0, 3));
    const targets = new Map([
      [4, 0.9],
      [11, 0.25],
      [40, 1],
    ]);
    const [all, hits, wanted] = [input('all', [2, 7, 3]), input('hits', [3]), input('wanted', [3])];
    const [found] = await compute(crossEntropy(all, hits, wanted), {
      all: logits,
      hits: [...targets.keys()].map((i) => logits[i]!),
      wanted: [...targets.values()],
    });
    const expected = logits.reduce(
      (total, x, i) => total + reference.crossEntropy(x, targets.get(i) ?? 0),
      0,
    );
    expect(Math.abs(found! / expected - 1)).toBeLessThan(1e-5);
  });
});

describe('gradients', () => {
  async function gradientsOf(loss: Value, feeds: Record<string, number[]>, wrt: Value[], inputs: Value[]) {
    const found = gradients(loss, wrt);
    const outputs = Object.fromEntries(found.map((g, i) => [`g${i}`, g]));
    const results = await runGraph(graph({ inputs, outputs }), feeds, 'cpu');
    return Object.values(results).flatMap(numbersOf);
  }

  it('are finite for boxes without area, far apart, the same, or inside each other', async () => {
    const point: Box = [10, 10, 10, 10];
    const line: Box = [10, 10, 10, 50];
    const box: Box = [0, 0, 30, 60];
    const boxes: Box[] = [
      point,
      line,
      box,
      [5, 5, 6, 6],
      [1e4, 1e4, 2e4, 2e4],
      [0, 0, 1e-6, 1e-6],
      [0, 0, 0, 0],
    ];
    const pairs = boxes.flatMap((a) => boxes.map((b) => [a, b] as const));
    const [a, b] = [input('a', [pairs.length, 4]), input('b', [pairs.length, 4])];
    const feeds = { a: pairs.flatMap(([each]) => [...each]), b: pairs.flatMap(([, each]) => [...each]) };
    const found = await gradientsOf(mean(completeIou(a, b)), feeds, [a], [a, b]);
    expect(found.filter((g) => !Number.isFinite(g))).toEqual([]);
    expect((await compute(completeIou(a, b), feeds)).filter((value) => !Number.isFinite(value))).toEqual([]);
  });

  it('are finite for logits as large as they get', async () => {
    const [logits, distances] = [input('logits', [3, 4 * bins]), input('distances', [3, 4])];
    const feeds = {
      logits: Array.from({ length: 3 * 4 * bins }, (_, i) => [0, 200, -200][i % 3]!),
      distances: [0, 15, 7.5, 3, -4, 40, 2, 2, 1e9, -1e9, 0, 0],
    };
    const dfl = await gradientsOf(
      mean(distributionLoss(logits, distances)),
      feeds,
      [logits],
      [logits, distances],
    );
    const scores = reshape(logits, [3, 4, bins]);
    const hits = input('hits', [2]);
    const wanted = input('wanted', [2]);
    const cls = await gradientsOf(
      crossEntropy(scores, hits, wanted),
      { ...feeds, hits: [200, -200], wanted: [1, 0] },
      [logits, hits],
      [logits, hits, wanted],
    );
    expect([...dfl, ...cls].filter((g) => !Number.isFinite(g))).toEqual([]);
  });
});
