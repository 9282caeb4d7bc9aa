import { describe, expect, it } from 'vitest';
import { count, duration, figure, percent, table } from './wording.ts';

describe('words for numbers', () => {
  it('gives durations in the two largest units', () => {
    expect([0.4, 59.6, 125, 3600, 7500].map(duration)).toEqual([
      '0 s',
      '1 min 0 s',
      '2 min 5 s',
      '1 h 0 min',
      '2 h 5 min',
    ]);
  });

  it('counts one and many', () => {
    expect([count(1, 'picture'), count(0, 'picture'), count(2, 'copy', 'copies')]).toEqual([
      '1 picture',
      '0 pictures',
      '2 copies',
    ]);
  });

  it('gives scores with four figures, whatever their size', () => {
    expect([0, 0.0123456, 1.23456, 123.456, 12345.6, -0.5].map(figure)).toEqual([
      '0',
      '0.01235',
      '1.235',
      '123.5',
      '12346',
      '-0.5000',
    ]);
    expect(figure(1.25e-9)).toBe('1.250e-9');
  });

  it('gives shares in percent without needless zeros', () => {
    expect([0, 0.0416, 1].map(percent)).toEqual(['0 %', '4.2 %', '100 %']);
  });

  it('lines columns up by what is seen, not by colour codes', () => {
    const rows = [
      ['a', '1'],
      ['\u001b[31mlong\u001b[39m', '100'],
    ];
    expect(table(rows, [1])).toEqual(['a       1', '\u001b[31mlong\u001b[39m  100']);
  });
});
