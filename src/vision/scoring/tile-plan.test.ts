import { describe, expect, it } from 'vitest';
import type { OkapiError } from '../errors.ts';
import { autoTiles, parseTiles, type Sides, type Tile, type TilePlan, tilesOf } from './tile-plan.ts';

const strip = { width: 4096, height: 256 };
const scan = { width: 8000, height: 2000 };

function failure(run: () => unknown): Partial<OkapiError> {
  try {
    run();
  } catch (error) {
    return error as OkapiError;
  }
  return {};
}

/** The distances between the starts of neighbours along x and along y. */
function steps(tiles: readonly Tile[]): number[] {
  const of = (starts: readonly number[]) => {
    const places = [...new Set(starts)];
    return places.slice(1).map((start, i) => start - places[i]!);
  };
  return [...of(tiles.map(({ left }) => left)), ...of(tiles.map(({ top }) => top))];
}

describe('tilesOf', () => {
  const cases: [TilePlan, Sides, number][] = [
    [{ size: 256, overlap: 64 }, strip, 21],
    [{ size: 512, overlap: 128 }, scan, 105],
    [{ size: 512, overlap: 0 }, scan, 64],
    [{ size: 2000, overlap: 1000 }, scan, 7],
    [{ size: 8000, overlap: 100 }, scan, 1],
    [{ size: 33, overlap: 16 }, { width: 101, height: 40 }, 10],
  ];
  it.each(cases)('of %j on %j covers every place, overlapping as asked', (plan, picture, count) => {
    const tiles = tilesOf(plan, picture);
    expect(tiles).toHaveLength(count);
    expect(Math.max(...steps(tiles), 0)).toBeLessThanOrEqual(plan.size - plan.overlap);
    for (const { left, top, width, height } of tiles) {
      expect([width, height]).toEqual([
        Math.min(plan.size, picture.width),
        Math.min(plan.size, picture.height),
      ]);
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
    }
    expect(tiles[0]).toMatchObject({ left: 0, top: 0 });
    const last = tiles.at(-1)!;
    expect([last.left + last.width, last.top + last.height]).toEqual([picture.width, picture.height]);
  });

  it('refuses tiles that are larger than the picture, and more than 256, with both sizes', () => {
    expect(failure(() => tilesOf({ size: 512, overlap: 0 }, { width: 500, height: 300 }))).toMatchObject({
      code: 'image.too_small',
      message: expect.stringMatching(/512 px.*500x300/),
    });
    expect(failure(() => tilesOf({ size: 256, overlap: 64 }, scan))).toMatchObject({
      code: 'image.too_many_pixels',
      message: expect.stringMatching(/256 tiles of 256 px.*8000x2000 has 462/),
    });
  });
});

describe('autoTiles', () => {
  const rows: [string, Sides[], number | null, TilePlan | null][] = [
    ['leaves alone what is at most 4 times the model', [{ width: 1024, height: 768 }], null, null],
    ['leaves all alone when one is small', [scan, { width: 640, height: 480 }], null, null],
    ['cuts a scan into squares of twice the model', [scan], null, { size: 512, overlap: 128 }],
    ['keeps the proportions of a strip', [strip], null, { size: 256, overlap: 64 }],
    [
      'goes no finer than the model for a thin strip',
      [{ width: 4096, height: 60 }],
      null,
      { size: 256, overlap: 64 },
    ],
    [
      'enlarges tiles where there would be too many',
      [{ width: 7000, height: 7000 }],
      null,
      { size: 621, overlap: 155 },
    ],
    ['shrinks tiles for a small defect', [{ width: 2000, height: 1500 }], 10, { size: 160, overlap: 40 }],
    ['enlarges no more than twice', [{ width: 2000, height: 600 }], 3, { size: 128, overlap: 32 }],
    ['leaves whole what shows the defect well', [{ width: 2000, height: 1500 }], 130, null],
    ['overlaps by the whole of a large defect', [scan], 200, { size: 2000, overlap: 500 }],
    ['has nothing to go by without pictures', [], null, null],
  ];
  it.each(rows)('%s', (_, pictures, defect, plan) => {
    expect(autoTiles(pictures, 256, defect)).toEqual(plan);
    if (plan) for (const picture of pictures) expect(tilesOf(plan, picture).length).toBeLessThanOrEqual(256);
  });

  it('never asks for what tilesOf refuses', () => {
    for (const width of [1025, 3000, 9999, 32768])
      for (const height of [16, 257, 1525])
        for (const defect of [null, 1, 20, 63]) {
          const plan = autoTiles([{ width, height }], 256, defect);
          if (plan) expect(tilesOf(plan, { width, height }).length).toBeGreaterThan(0);
        }
  });
});

describe('parseTiles', () => {
  it('takes words and sizes, with a quarter as overlap', () => {
    expect(parseTiles('off')).toBe('off');
    expect(parseTiles('auto')).toBe('auto');
    expect(parseTiles({ size: 500 })).toEqual({ size: 500, overlap: 125 });
    expect(parseTiles({ size: 500, overlap: 0 })).toEqual({ size: 500, overlap: 0 });
  });

  const bad = [
    'on',
    null,
    512,
    [512],
    {},
    { size: 20 },
    { size: 1e5 },
    { size: 50.5 },
    { size: '64' },
    { size: 64, overlap: 33 },
    { size: 64, overlap: -1 },
    { size: 64, step: 3 },
  ];
  it.each(bad)('refuses %j', (value) => {
    expect(failure(() => parseTiles(value))).toMatchObject({ code: 'option.invalid' });
  });
});
