import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lossCurve, MAX_DOTS, niceTicks, scoreHistogram, short, threeFigures } from './charts.ts';

const numbers = (markup: string, pattern: RegExp) => [...markup.matchAll(pattern)].map((m) => Number(m[1]));
const good = (score: number) => ({ name: 'part', score, series: 'good' as const });

describe('niceTicks', () => {
  it('gives round values that cover the range', () => {
    expect(niceTicks(0, 0.047)).toEqual([0, 0.01, 0.02, 0.03, 0.04, 0.05]);
    expect(niceTicks(-3, 12)).toEqual([-5, 0, 5, 10, 15]);
  });

  it('covers any range with a few even steps', () => {
    const value = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(value, fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (from, span) => {
        fc.pre(Math.abs(from) < span * 1e4);
        const ticks = niceTicks(from, from + span);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(8);
        expect(ticks[0]!).toBeLessThanOrEqual(from + span * 1e-6);
        expect(ticks.at(-1)!).toBeGreaterThanOrEqual(from + span * (1 - 1e-6));
      }),
    );
    expect(niceTicks(0, 0).length).toBeGreaterThanOrEqual(2);
  });
});

describe('scoreHistogram', () => {
  it('has bars whose heights add up to the pictures', () => {
    const scores = [0, 0.001, 0.01, 0.011, 0.02, 0.029, 0.03];
    const markup = scoreHistogram(scores.map(good), 0.02).markup;
    const heights = numbers(markup, /<rect class="good"[^>]* height="([\d.]+)"/g);
    const unit = heights.reduce((a, b) => Math.min(a, b));
    expect(heights.reduce((a, b) => a + b) / unit).toBeCloseTo(scores.length, 1);
  });

  it('stacks defective pictures on good ones of the same score', () => {
    const markup = scoreHistogram([good(1), { name: 'x', score: 1, series: 'defective' }], 1).markup;
    const [low] = numbers(markup, /<rect class="good"[^>]* y="([\d.]+)"/g);
    const bars = /<rect class="defective" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/.exec(
      markup,
    )!;
    expect(Number(bars[1]) + Number(bars[2])).toBeCloseTo(low!, 2);
  });

  it('draws the threshold line between scores below and above it', () => {
    const markup = scoreHistogram([good(0.01), good(0.03)], 0.02).markup;
    const [low, high] = numbers(markup, /<circle[^>]* cx="([\d.]+)"/g);
    const [cut] = numbers(markup, /class="cut" x1="([\d.]+)"/g);
    expect(cut!).toBeCloseTo((low! + high!) / 2, 1);
  });

  it('leaves out the dots when there are too many, and bears no pictures at all', () => {
    const many = Array.from({ length: MAX_DOTS + 1 }, (_, i) => good(i));
    expect(scoreHistogram(many, 5).markup).not.toContain('<circle');
    expect(scoreHistogram([], 0).markup).toContain('<svg');
    expect(scoreHistogram([], 0).markup).not.toMatch(/NaN|Infinity/);
  });

  it('keeps what it draws inside the chart for scores and thresholds of any size', () => {
    const score = fc.double({ min: -10, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(score, { maxLength: 30 }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (list, cut) => {
          const markup = scoreHistogram(list.map(good), cut).markup;
          expect(markup).not.toMatch(/NaN|Infinity|="-/);
          for (const x of numbers(markup, / c?x1?="([\d.]+)"/g)) expect(x).toBeLessThanOrEqual(640);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('lossCurve', () => {
  it('has a point an epoch and marks the best validation', () => {
    const losses = [3, 2, 1, 1.5].map((v, i) => ({
      epoch: i + 1,
      train: v,
      validation: i === 0 ? null : v + 0.5,
    }));
    const markup = lossCurve(losses).markup;
    const points = [...markup.matchAll(/points="([^"]*)"/g)].map((m) => m[1]!.split(' '));
    expect(points.map((p) => p.length)).toEqual([4, 3]);
    expect(markup).toContain('best validation loss 1.5 after epoch 3');
    const [bestX] = numbers(markup, /class="best" cx="([\d.]+)"/g);
    expect(String(bestX)).toBe(points[1]![1]!.split(',')[0]);
  });

  it('bears one epoch without validation and refuses a loss that is not finite', () => {
    expect(lossCurve([{ epoch: 1, train: 0.5, validation: null }]).markup).not.toMatch(/NaN|best/);
    expect(() => lossCurve([{ epoch: 1, train: Number.NaN, validation: null }])).toThrow('internal');
  });
});

describe('numbers for people', () => {
  it.each([
    [0, '0', '0'],
    [0.036, '0.036', '0.0360'],
    [1.23456, '1.23', '1.23'],
    [123456, '123500', '123500'],
    [0.00001234, '1.23e-5', '1.23e-5'],
    [-0.5, '-0.5', '-0.500'],
  ])('%d', (value, words, figures) => {
    expect([short(value), threeFigures(value)]).toEqual([words, figures]);
  });
});
