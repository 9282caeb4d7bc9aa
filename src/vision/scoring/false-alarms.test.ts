import { describe, expect, it } from 'vitest';
import { falseAlarmsAt } from './false-alarms.ts';

const scores = Array.from({ length: 40 }, (_, i) => i);

describe('falseAlarmsAt', () => {
  it('counts good pictures above the threshold, and says in words what that means', () => {
    // Clopper-Pearson of 2 in 40 by R's binom.test: 0.006113615, 0.169196560.
    const { above, of, interval, words } = falseAlarmsAt(37, { scores, source: 'held-out' });
    expect([above, of]).toEqual([2, 40]);
    expect(interval.low).toBeCloseTo(0.006113615, 6);
    expect(interval.high).toBeCloseTo(0.16919656, 6);
    expect(words).toBe(
      '2 of 40 good pictures are above the threshold: with 95 % confidence it calls 0.61 % to 17 % of good parts anomalous, as long as they look like these',
    );
  });

  it('promises nothing better than so few pictures allow', () => {
    const { interval, words } = falseAlarmsAt(100, { scores: scores.slice(0, 12), source: 'cross-fitted' });
    // 1 - 0.025^(1/12)
    expect(interval).toEqual({ low: 0, high: expect.closeTo(0.264648, 6) });
    expect(words).toContain('0 of 12 good pictures are above the threshold');
    expect(words).toContain('at most 26 % of good parts');
    expect(words).toContain('approximate');
  });

  it('knows a threshold under all of them', () => {
    expect(falseAlarmsAt(-1, { scores, source: 'held-out' }).interval.high).toBe(1);
  });
  it('counts moved copies of one picture as that picture', () => {
    const names = Array.from({ length: 8 }, () => 'only.png');
    const copies = { scores: scores.slice(0, 8), names, source: 'cross-fitted' } as const;
    const { above, of, interval, words } = falseAlarmsAt(7, copies);
    expect([above, of]).toEqual([0, 1]);
    expect(interval).toEqual({ low: 0, high: expect.closeTo(0.975, 6) });
    expect(words).toContain('0 of 1 good picture is above');
    expect(falseAlarmsAt(6, copies).above).toBe(1);
  });
});
