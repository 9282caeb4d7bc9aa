import { expect, it } from 'vitest';
import { type Area, areaOf, areasOf, isWithin, moved, regionsOf, shareOf } from './areas.ts';

const square: Area = areaOf('include', [
  [0.25, 0.25],
  [0.75, 0.25],
  [0.75, 0.75],
  [0.25, 0.75],
]);

it('an area has a share of the picture, an inside, and edges that it is not moved beyond', () => {
  expect(shareOf(square)).toBeCloseTo(0.25, 12);
  expect([isWithin([0.5, 0.5], square), isWithin([0.2, 0.5], square)]).toEqual([true, false]);
  expect(moved(square, [0.9, -0.1]).points[0]).toEqual([0.5, 0.15]);
});

it('areas become what the server keeps, and what it keeps becomes areas', () => {
  const ignored = areaOf('ignore', [
    [0, 0],
    [1.2, 0],
    [1, 1 / 3],
  ]);
  const regions = regionsOf([square, ignored]);
  expect(regions.ignore).toEqual([
    [
      [0, 0],
      [1, 0],
      [1, 0.333333],
    ],
  ]);
  expect(regionsOf(areasOf(regions))).toEqual(regions);
});
