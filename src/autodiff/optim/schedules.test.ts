// Learning rate schedules as tables of values.
import { describe, expect, it } from 'vitest';
import { constantRate, cosine, linearDecay, type Schedule, warmUp } from './schedules.ts';

const rows: readonly [name: string, Schedule, readonly (readonly [t: number, factor: number])[]][] = [
  [
    'constant',
    constantRate,
    [
      [0, 1],
      [7, 1],
    ],
  ],
  [
    'cosine',
    cosine(8),
    [
      [0, 1],
      [2, (1 + Math.SQRT1_2) / 2],
      [4, 0.5],
      [8, 0],
      [100, 0],
    ],
  ],
  [
    'cosine to a tenth',
    cosine(8, 0.1),
    [
      [0, 1],
      [4, 0.55],
      [8, 0.1],
      [9, 0.1],
    ],
  ],
  [
    'linear',
    linearDecay(10),
    [
      [0, 1],
      [3, 0.7],
      [10, 0],
      [11, 0],
    ],
  ],
  [
    'linear to a half',
    linearDecay(10, 0.5),
    [
      [0, 1],
      [5, 0.75],
      [20, 0.5],
    ],
  ],
  [
    'warm-up to a constant',
    warmUp(4, constantRate),
    [
      [0, 0],
      [1, 0.25],
      [4, 1],
      [9, 1],
    ],
  ],
  [
    'warm-up from a tenth',
    warmUp(4, constantRate, 0.1),
    [
      [0, 0.1],
      [2, 0.55],
      [4, 1],
    ],
  ],
  [
    'warm-up into a cosine',
    warmUp(2, cosine(8)),
    [
      [0, 0],
      [1, (0.5 * (1 + Math.cos(Math.PI / 8))) / 2],
      [4, 0.5],
      [8, 0],
    ],
  ],
  ['cosine over no time', cosine(0, 0.2), [[0, 0.2]]],
  ['linear over no time', linearDecay(0), [[0, 0]]],
  ['no warm-up', warmUp(0, constantRate), [[0, 1]]],
];

describe('schedules', () => {
  it.each(rows)('%s', (_, schedule, table) => {
    for (const [t, factor] of table) expect(schedule(t)).toBeCloseTo(factor, 12);
  });
});
