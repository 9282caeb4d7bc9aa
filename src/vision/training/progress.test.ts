import { describe, expect, it } from 'vitest';
import { Progress } from './progress.ts';

describe('Progress', () => {
  it('counts the steps of all phases and tells the time left from those made here', () => {
    let clock = 0;
    const progress = new Progress({ main: 10, fold: 5 }, () => clock);
    progress.begin('main', 4); // made by an earlier process
    expect([progress.fraction, progress.secondsLeft]).toEqual([4 / 15, null]);
    for (clock = 2000; clock <= 6000; clock += 2000) progress.step('main');
    clock = 6000;
    expect([progress.fraction, progress.secondsLeft]).toEqual([7 / 15, 16]);
  });

  it('drops what a phase that ends early had left', () => {
    const progress = new Progress({ main: 10, fold: 5 }, () => 0);
    progress.begin('main', 0);
    for (let i = 0; i < 5; i++) progress.step('main');
    progress.finish('main');
    expect(progress.fraction).toBe(0.5);
    expect(() => progress.step('other')).toThrow('the phase "other" is not planned');
  });
});
