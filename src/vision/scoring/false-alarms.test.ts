import { describe, expect, it } from 'vitest';
import { falseAlarmsAt } from './false-alarms.ts';

const scores = Array.from({ length: 40 }, (_, i) => i);

describe('falseAlarmsAt', () => {
  it('counts good pictures above the threshold, and says in words what that means', () => {
    // Clopper-Pearson of 2 in 40 by R's binom.test: 0.006113615, 0.169196560.
    const { above, of, interval, words } = falseAlarmsAt(37, scores, 'held-out');
    expect([above, of]).toEqual([2, 40]);
    expect(interval.low).toBeCloseTo(0.006113615, 6);
    expect(interval.high).toBeCloseTo(0.16919656, 6);
    expect(words).toBe(
      '2 of 40 good pictures are above the threshold: with 95 % confidence it calls 0.61 % to 17 % of good parts anomalous, as long as they look like these',
    );
  });

  it('promises nothing better than so few pictures allow', () => {
    const { interval, words } = falseAlarmsAt(100, scores.slice(0, 12), 'cross-fitted');
    // 1 - 0.025^(1/12)
    expect(interval).toEqual({ low: 0, high: expect.closeTo(0.264648, 6) });
    expect(words).toContain('0 of 12 good pictures are above the threshold');
    expect(words).toContain('at most 26 % of good parts');
    expect(words).toContain('approximate');
  });

  it('knows a threshold under all of them', () => {
    expect(falseAlarmsAt(-1, scores, 'held-out').interval.high).toBe(1);
  });
});
