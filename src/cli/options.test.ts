import { describe, expect, it } from 'vitest';
import { number, positiveWhole, wholeNumber } from './options.ts';

describe('numbers on the command line', () => {
  it('are read as they are meant', () => {
    expect([number('1e-4'), number('-0.5'), wholeNumber('0'), positiveWhole('2')]).toEqual([
      1e-4, -0.5, 0, 2,
    ]);
  });

  it.each(['', ' ', 'NaN', 'Infinity', '1,5', '12px'])('are refused when they are none: %j', (text) => {
    expect(() => number(text)).toThrow(`Expected a number, got "${text}".`);
  });

  it('are refused when a whole number is wanted', () => {
    expect(() => wholeNumber('2.5')).toThrow('Expected a whole number, got "2.5".');
    expect(() => positiveWhole('0')).toThrow('Expected a whole number of at least 1, got "0".');
  });
});
