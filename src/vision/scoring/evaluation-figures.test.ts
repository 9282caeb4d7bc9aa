// The figures of an evaluation against plain numpy: scripts/fixtures/evaluation_figures.py.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { anomalyMap } from './anomaly-map.ts';
import { binomialInterval } from './binomial-interval.ts';
import {
  auroc,
  averagePrecision,
  bestF1,
  type Confusion,
  confusionAt,
  type Interval,
  type Judged,
  worstFirst,
} from './metrics.ts';
import { aurocDifference } from './paired-auroc.ts';
import { PixelMetrics } from './pixel-metrics.ts';
import { scoreBins } from './score-bins.ts';

interface Fixtures {
  images: {
    name: string;
    scores: number[];
    labels: number[];
    auroc: number;
    averagePrecision: number;
    bestF1: number;
    threshold: number;
    confusion: Confusion;
    falseAlarmInterval: [number, number];
    edges: number[];
    good: number[];
    anomalous: number[];
  }[];
  pixels: { name: string; size: number; maps: number[][]; masks: string[]; auroc: number; aupro: number }[];
  intervals: { count: number; total: number; interval: [number, number] }[];
  second: { scores: number[]; difference: number };
}
const fixtures: Fixtures = JSON.parse(
  readFileSync(new URL('fixtures/evaluation-figures.json', import.meta.url), 'utf8'),
);

const judged = (scores: number[], labels: number[]): Judged[] =>
  scores.map((score, i) => ({ score, anomalous: labels[i] === 1 }));
const near = (a: number, b: number, what: string) => expect(Math.abs(a - b), what).toBeLessThan(1e-4);

describe('the figures of an evaluation are those of their definitions', () => {
  it.each(fixtures.images)('for pictures: $name', (c) => {
    const pictures = judged(c.scores, c.labels);
    near(auroc(pictures).value!, c.auroc, 'AUROC');
    near(averagePrecision(pictures).value!, c.averagePrecision, 'average precision');
    near(bestF1(pictures)!.f1, c.bestF1, 'best F1');
    const confusion = confusionAt(pictures, c.threshold);
    expect(confusion).toEqual(c.confusion);
    const { falsePositives, trueNegatives } = confusion;
    const { low, high } = binomialInterval(falsePositives, falsePositives + trueNegatives);
    near(low, c.falseAlarmInterval[0], 'low');
    near(high, c.falseAlarmInterval[1], 'high');
    const bins = scoreBins(pictures, 12);
    expect(bins.good).toEqual(c.good);
    expect(bins.anomalous).toEqual(c.anomalous);
    for (const [i, edge] of bins.edges.entries()) near(edge, c.edges[i]!, `edge ${i}`);
  });

  it.each(fixtures.pixels)('for pixels: $name', ({ size, maps, masks, ...c }) => {
    const metrics = new PixelMetrics();
    maps.forEach((map, i) => {
      metrics.add(anomalyMap(Float32Array.from(map), size, size), Uint8Array.from(masks[i]!, Number));
    });
    near(metrics.auroc().value!, c.auroc, 'pixel AUROC');
    near(metrics.aupro().value!, c.aupro, 'AUPRO');
  });
});

describe('binomialInterval', () => {
  it.each(fixtures.intervals)('of $count in $total is that of exact sums', ({ count, total, interval }) => {
    const { low, high } = binomialInterval(count, total);
    near(low, interval[0], 'low');
    near(high, interval[1], 'high');
  });

  it('narrows with more pictures, and is quick for a hundred thousand', () => {
    const width = ({ low, high }: Interval) => high - low;
    const widths = [10, 100, 1000, 100_000].map((n) => width(binomialInterval(n / 10, n)));
    expect(widths).toEqual([...widths].sort((a, b) => b - a));
    expect(widths.at(-1)).toBeCloseTo(2 * 1.96 * Math.sqrt((0.1 * 0.9) / 100_000), 4);
  });

  it.each([
    [-1, 3],
    [4, 3],
    [0, 0],
    [0.5, 3],
    [Number.NaN, 3],
  ])('refuses %d in %d', (count, total) => {
    expect(() => binomialInterval(count, total)).toThrow('internal: an interval of');
  });
});

describe('scoreBins', () => {
  it('counts every picture once, the highest too', () => {
    const pictures = judged([0, 1, 2, 3, 3], [0, 0, 1, 1, 1]);
    const { edges, good, anomalous } = scoreBins(pictures, 3);
    expect(edges).toEqual([0, 1, 2, 3]);
    expect([good, anomalous]).toEqual([
      [1, 1, 0],
      [0, 0, 3],
    ]);
  });

  it('holds scores that are all the same, and nothing at all', () => {
    const { edges, good } = scoreBins(judged([2, 2], [0, 0]));
    expect([edges[0], edges.at(-1)]).toEqual([1.5, 2.5]);
    expect(good.reduce((a, b) => a + b)).toBe(2);
    expect(scoreBins([])).toEqual({ edges: [], good: [], anomalous: [] });
  });
});

describe('worstFirst', () => {
  it('holds false alarms and missed defects by their distance from the threshold, and nothing that was right', () => {
    const pictures = judged([0.5, 3, 0.9, 1.4, 0.1, 9], [1, 0, 0, 0, 1, 1]);
    expect(worstFirst(pictures, 1).map(({ score }) => score)).toEqual([3, 0.1, 0.5, 1.4]);
  });

  it('calls a score at the threshold good, as the product does', () => {
    expect(worstFirst(judged([1, 1], [0, 1]), 1)).toEqual([{ score: 1, anomalous: true }]);
  });
});

describe('aurocDifference', () => {
  const { scores, labels } = fixtures.images[2]!;
  const twice = scores.map((first, i) => ({
    anomalous: labels[i] === 1,
    first,
    second: fixtures.second.scores[i]!,
  }));

  it('is the difference of both areas, inside its interval, the same for the same seed', () => {
    const { difference, interval } = aurocDifference(twice, { seed: 3 });
    near(difference.value!, fixtures.second.difference, 'difference');
    expect(interval!.low).toBeLessThan(difference.value!);
    expect(interval!.high).toBeGreaterThan(difference.value!);
    expect(aurocDifference(twice, { seed: 3 })).toEqual({ difference, interval });
    expect(aurocDifference(twice, { seed: 4 }).interval).not.toEqual(interval);
  });

  it('is nothing between a model and itself, however the pictures are drawn', () => {
    const same = twice.map((p) => ({ ...p, second: p.first * 2 + 1 }));
    const { difference, interval } = aurocDifference(same, { seed: 1, rounds: 50 });
    expect(difference.value).toBe(0);
    expect(interval!.low).toBeCloseTo(0, 12);
    expect(interval!.high).toBeCloseTo(0, 12);
  });

  it('says why there is none', () => {
    const good = twice.filter(({ anomalous }) => !anomalous);
    expect(aurocDifference(good, { seed: 1 })).toEqual({
      difference: { value: null, reason: 'there is no anomalous picture among them' },
      interval: null,
    });
  });
});
