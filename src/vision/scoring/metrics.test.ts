import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import {
  auroc,
  aurocInterval,
  averagePrecision,
  bestF1,
  confusionAt,
  falseAlarmRate,
  type Judged,
  precision,
  precisionRecallCurve,
  recall,
  rocCurve,
} from './metrics.ts';

interface Case {
  name: string;
  scores: number[];
  labels: number[];
  auroc: number;
  averagePrecision: number;
  bestF1: number;
  falsePositiveRates: number[];
  truePositiveRates: number[];
}
const cases: Case[] = JSON.parse(readFileSync(new URL('fixtures/metrics.json', import.meta.url), 'utf8'));

const judged = (scores: number[], labels: number[]): Judged[] =>
  scores.map((score, i) => ({ score, anomalous: labels[i] === 1 }));
const onlyGood = judged([1, 2], [0, 0]);
const onlyBad = judged([1, 2], [1, 1]);

describe('image metrics', () => {
  for (const c of cases) {
    const pictures = judged(c.scores, c.labels);

    it(`agree with scikit-learn: ${c.name}`, () => {
      expect(auroc(pictures).value).toBeCloseTo(c.auroc, 10);
      expect(averagePrecision(pictures).value).toBeCloseTo(c.averagePrecision, 10);
      expect(bestF1(pictures)!.f1).toBeCloseTo(c.bestF1, 10);
      const roc = rocCurve(pictures);
      expect(roc.map((p) => p.falsePositiveRate)).toEqual(c.falsePositiveRates.map(near));
      expect(roc.map((p) => p.truePositiveRate)).toEqual(c.truePositiveRates.map(near));
    });

    it(`reach the best F1 at its threshold by the product's own rule: ${c.name}`, () => {
      const best = bestF1(pictures)!;
      const at = confusionAt(pictures, best.threshold);
      const f1 = (2 * at.truePositives) / (2 * at.truePositives + at.falsePositives + at.falseNegatives);
      expect(f1).toBeCloseTo(best.f1, 12);
    });
  }

  it('count ties half', () => {
    expect(auroc(judged([1, 1], [0, 1])).value).toBe(0.5);
    expect(auroc(judged([1, 1, 2], [0, 1, 1])).value).toBe(0.75);
  });

  it('do not depend on the order of the pictures', () => {
    const pictures = judged(cases[1]!.scores, cases[1]!.labels);
    const shuffled = new Random(4).shuffled(pictures);
    expect(auroc(shuffled)).toEqual(auroc(pictures));
    expect(averagePrecision(shuffled)).toEqual(averagePrecision(pictures));
  });

  it('give a reason instead of a number for a single class', () => {
    for (const metric of [auroc, averagePrecision]) {
      expect(metric(onlyGood)).toEqual({ value: null, reason: 'there is no anomalous picture among them' });
      expect(metric(onlyBad)).toEqual({ value: null, reason: 'there is no good picture among them' });
      expect(metric([]).value).toBeNull();
    }
    expect([bestF1(onlyGood), aurocInterval(onlyBad, { seed: 1 })]).toEqual([null, null]);
    expect([rocCurve(onlyGood), precisionRecallCurve(onlyBad)]).toEqual([[], []]);
  });

  it('refuse scores that are not finite', () => {
    expect(() => auroc(judged([1, Number.NaN], [0, 1]))).toThrow('internal: a picture has the score NaN');
  });

  it('call the lowest score anomalous when that is best', () => {
    const { f1, threshold } = bestF1(judged([3, 5, 4, 9], [1, 1, 1, 0]))!;
    expect(f1).toBeCloseTo(6 / 7, 12);
    expect(threshold).toBeLessThan(3);
    expect(threshold).toBeGreaterThan(2.99);
  });
});

describe('confusionAt', () => {
  const pictures = judged([0.1, 0.5, 0.5, 0.9, 0.2], [0, 0, 1, 1, 1]);

  it('calls anomalous only what is above the threshold', () => {
    expect(confusionAt(pictures, 0.5)).toEqual({
      truePositives: 1,
      falsePositives: 0,
      trueNegatives: 2,
      falseNegatives: 2,
    });
    expect(confusionAt(pictures, 0.4999)).toMatchObject({ truePositives: 2, falsePositives: 1 });
  });

  it('gives the rates, or why there are none', () => {
    const c = confusionAt(pictures, 0.4);
    expect(falseAlarmRate(c).value).toBe(0.5);
    expect(recall(c).value).toBeCloseTo(2 / 3, 12);
    expect(precision(c).value).toBeCloseTo(2 / 3, 12);
    expect(falseAlarmRate(confusionAt(onlyBad, 0))).toMatchObject({ value: null });
    expect(recall(confusionAt(onlyGood, 0))).toMatchObject({ value: null });
    expect(precision(confusionAt(pictures, 5))).toMatchObject({ reason: 'no picture is called anomalous' });
  });
});

describe('precisionRecallCurve', () => {
  it('ends with all pictures found', () => {
    expect(precisionRecallCurve(judged([3, 2, 2, 1], [1, 0, 1, 0]))).toEqual([
      { score: 3, precision: 1, recall: 0.5 },
      { score: 2, precision: near(2 / 3), recall: 1 },
      { score: 1, precision: 0.5, recall: 1 },
    ]);
  });
});

describe('aurocInterval', () => {
  const pictures = judged(cases[0]!.scores, cases[0]!.labels);

  it('holds the area, is the same for the same seed and wider for a higher level', () => {
    const [narrow, wide] = [0.5, 0.95].map((level) => aurocInterval(pictures, { seed: 3, level })!);
    expect(aurocInterval(pictures, { seed: 3, level: 0.5 })).toEqual(narrow);
    expect(aurocInterval(pictures, { seed: 4, level: 0.5 })).not.toEqual(narrow);
    expect(wide!.low).toBeLessThan(narrow!.low);
    expect(wide!.high).toBeGreaterThan(narrow!.high);
    const area = auroc(pictures).value!;
    expect(area > narrow!.low && area < narrow!.high).toBe(true);
  });

  it('agrees with the normal approximation of Hanley and McNeil 1982', () => {
    const { low, high } = aurocInterval(pictures, { seed: 3, rounds: 2000 })!;
    const a = auroc(pictures).value!;
    const [p, n] = [pictures.filter((x) => x.anomalous).length, pictures.filter((x) => !x.anomalous).length];
    const [q1, q2] = [a / (2 - a), (2 * a * a) / (1 + a)];
    const deviation = Math.sqrt((a * (1 - a) + (p - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (p * n));
    expect(Math.abs((high - low) / (2 * 1.96) - deviation)).toBeLessThan(0.2 * deviation);
  });

  it('is a point when the classes are apart', () => {
    expect(aurocInterval(judged([1, 2, 8, 9], [0, 0, 1, 1]), { seed: 1, rounds: 20 })).toEqual({
      low: 1,
      high: 1,
    });
  });
});

function near(v: number) {
  return expect.closeTo(v, 10);
}
