import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import { type CalibrationScores, calibrateThreshold, isUncertain, uncertainBand } from './threshold.ts';

interface Case {
  scores: number[];
  mean: number;
  median: number;
  mad: number;
  p99: number;
  p995: number;
  value: number;
}
const cases: Case[] = JSON.parse(readFileSync(new URL('fixtures/threshold.json', import.meta.url), 'utf8'));

const calibrate = (scores: number[], more: Partial<CalibrationScores> = {}) =>
  calibrateThreshold({ scores, peaks: scores.map((v) => v * 2), source: 'held-out', ...more });
const ramp = (n: number) => Array.from({ length: n }, (_, i) => (i * 7919) % n); // 0..n-1 in another order

describe('calibrateThreshold', () => {
  for (const c of cases) {
    it(`follows the original's rule as numpy computes it: ${c.scores.length} scores`, () => {
      const t = calibrate(c.scores);
      expect(t).toMatchObject({ method: 'quantile-and-spread', sampleCount: c.scores.length });
      expect(t.value).toBeCloseTo(c.value, 12);
      for (const key of ['mean', 'median', 'mad', 'p99', 'p995'] as const)
        expect(t.statistics![key], key).toBeCloseTo(c[key], 12);
    });
  }

  it('takes the order statistic that holds the stated rate', () => {
    expect(calibrate(ramp(19), { targetFalseAlarmRate: 0.05 })).toMatchObject({
      value: 18,
      method: 'conformal',
    });
    expect(calibrate(ramp(99), { targetFalseAlarmRate: 0.1 })).toMatchObject({
      value: 89,
      method: 'conformal',
    });
  });

  it('holds the stated rate on new scores of the same kind', () => {
    const random = new Random(1);
    const rounds = 4000;
    let alarms = 0;
    for (let i = 0; i < rounds; i++) {
      const scores = Array.from({ length: 30 }, () => random.normal());
      if (random.normal() > calibrate(scores, { targetFalseAlarmRate: 0.1 }).value) alarms++;
    }
    expect(alarms / rounds).toBeGreaterThan(0.08); // exact expectation: 1 - 28 / 31 = 0.097
    expect(alarms / rounds).toBeLessThan(0.115);
  });

  it('says so when there are too few scores for the rate, and never goes under the largest', () => {
    const t = calibrate(ramp(12), { targetFalseAlarmRate: 0.05 });
    expect(t.method).toBe('conformal-short');
    expect(t.value).toBeGreaterThanOrEqual(11);
    expect(t.trust).toBe(
      '12 good pictures are too few for 5 % false alarms (19 are needed): a false-alarm rate under 7.7 % cannot be promised',
    );
  });

  it('does not rest on one score that stands apart where the rate cannot be promised anyway, and says so', () => {
    const usual = ramp(37);
    const t = calibrate([...usual, 90], { targetFalseAlarmRate: 0.01 });
    expect(t.value).toBeLessThan(65); // the middle plus three spreads of the others
    expect(t.value).toBeGreaterThanOrEqual(36);
    expect(t.trust).toContain('one of them stands apart and does not count');
    expect(t.falseAlarmInterval!.high).toBeGreaterThan(
      calibrate([...usual, 38], { targetFalseAlarmRate: 0.01 }).falseAlarmInterval!.high,
    );
    expect(t.uncertain!.high).toBe(90);
    expect(t.pixelValue).toBe(72); // peaks are twice the scores here
    expect(calibrate([...usual, 38], { targetFalseAlarmRate: 0.01 }).trust).not.toContain('apart');
    expect(calibrate([1, 2, 3, 90], { targetFalseAlarmRate: 0.01 }).value).toBeGreaterThanOrEqual(90); // too few to tell
    expect(calibrate([...ramp(99), 900], { targetFalseAlarmRate: 0.01 }).method).toBe('conformal');
  });

  it('says in words how far to trust it', () => {
    expect(calibrate(ramp(12)).trust).toBe(
      '12 good pictures: a false-alarm rate under 7.7 % cannot be promised',
    );
    expect(calibrate(ramp(12), { source: 'cross-fitted' }).trust).toContain('approximate');
    expect(calibrate(ramp(60), { targetFalseAlarmRate: 0.05 }).trust).toBe(
      '60 good pictures: 5 % false alarms are to be expected as long as good parts look like these',
    );
  });

  it('states the interval that the realised rate lies in, and covers it 95 times in 100', () => {
    const random = new Random(2);
    const uniform = (n: number) => Array.from({ length: n }, () => random.uniform());
    for (const n of [12, 60, 150]) {
      let covered = 0;
      const rounds = 1000;
      for (let i = 0; i < rounds; i++) {
        const { value, method, falseAlarmInterval } = calibrate(uniform(n), { targetFalseAlarmRate: 0.02 });
        const rate = Math.max(0, 1 - value); // of uniform scores, exactly
        expect(method).toBe(n < 49 ? 'conformal-short' : 'conformal');
        if (rate >= falseAlarmInterval!.low && rate <= falseAlarmInterval!.high) covered++;
      }
      expect(covered / rounds).toBeGreaterThan(0.93); // 3 deviations are 0.021; above the largest score it covers more
    }
  });

  it('promises by pictures, of which moved copies are no others', () => {
    const scores = [1, 2, 3, 4, 5, 6, 7, 8];
    const peaks = scores;
    const copies = { scores, peaks, names: scores.map(() => 'only.png'), source: 'cross-fitted' } as const;
    const one = calibrateThreshold({ ...copies, targetFalseAlarmRate: 0.5 });
    // The next good picture is above the only one half of the time.
    expect(one).toMatchObject({ value: 8, method: 'conformal', sampleCount: 8 });
    expect(one.falseAlarmInterval!.high).toBeCloseTo(0.975, 6);
    const strict = calibrateThreshold({ ...copies, targetFalseAlarmRate: 0.01 });
    expect(strict.trust).toContain('1 good picture is too few for 1 % false alarms');
    expect(strict.trust).toContain('under 50 % cannot be promised');
    const eight = calibrateThreshold({ scores, peaks, source: 'cross-fitted', targetFalseAlarmRate: 0.5 });
    expect(eight).toMatchObject({ value: 5, method: 'conformal' });
  });

  it('calls scores near the threshold uncertain, on both sides of it', () => {
    const { value, uncertain } = calibrate(ramp(200), { targetFalseAlarmRate: 0.02 });
    expect(uncertain!.low).toBeLessThan(value);
    expect(uncertain!.high).toBeGreaterThan(value);
    // Without a stated rate, that which the threshold lets through is taken.
    const plain = calibrate(ramp(60));
    expect(plain.uncertain).toEqual(uncertainBand(ramp(60), plain.value, null));
    expect(plain.uncertain!.low).toBeLessThan(plain.value);
  });

  it('finds the band around a threshold that was set by hand', () => {
    const scores = ramp(100); // 0 to 99
    const wide = uncertainBand(scores, 200, null)!;
    expect([isUncertain(50, wide), isUncertain(150, wide), isUncertain(201, wide)]).toEqual([
      false,
      true,
      false,
    ]);
    const strict = uncertainBand(scores, 90, null)!;
    expect([isUncertain(95, strict), isUncertain(40, strict)]).toEqual([true, false]);
    expect(uncertainBand([1], 2, null)).toBeNull();
  });

  it('cuts pixels at P95 of the pictures by their highest pixel', () => {
    expect(calibrate(ramp(101)).pixelValue).toBe(190);
    // With a stated rate, by the order statistic of which the next picture stays below 19 times in 20.
    expect(calibrate(ramp(101), { targetFalseAlarmRate: 0.05 }).pixelValue).toBe(192);
  });

  it('stays finite for scores that are all the same', () => {
    expect(calibrate([0.2, 0.2, 0.2])).toMatchObject({ value: 0.2, pixelValue: 0.4 });
    expect(calibrate([0, 0])).toMatchObject({ value: 0, pixelValue: 0 });
  });

  it('never clamps', () => {
    expect(calibrate([3, 400, 70]).value).toBeGreaterThan(390);
  });

  it('refuses one score, scores that are not finite and rates outside 0..1', () => {
    expect(() => calibrate([0.1])).toThrow('at least 2 good pictures');
    expect(() => calibrate([])).toThrow('got 0');
    expect(() => calibrate([0.1, Number.NaN])).toThrow('expected finite scores for the threshold, got NaN');
    expect(() => calibrate([0.1, 0.2], { peaks: [1, Number.POSITIVE_INFINITY] })).toThrow('got Infinity');
    for (const rate of [0, 1, -0.1, Number.NaN])
      expect(() => calibrate([0.1, 0.2], { targetFalseAlarmRate: rate })).toThrow('between 0 and 1');
  });
});
