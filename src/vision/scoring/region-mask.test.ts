import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRegions, type RegionMask, regionMask, type SharePolygon } from './region-mask.ts';

const square = (x: number, y: number, side: number): SharePolygon => [
  [x, y],
  [x + side, y],
  [x + side, y + side],
  [x, y + side],
];

/** Rows of the mask as text. */
const rowsOf = ({ width, height, inside }: RegionMask) =>
  Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => '.#'[inside[y * width + x]!]).join(''),
  );

describe('a mask', () => {
  it('is the whole picture without polygons', () => {
    expect(regionMask({ include: [], ignore: [] }, 3, 2)).toMatchObject({
      count: 6,
      inside: new Uint8Array(6).fill(1),
    });
  });

  it('holds the pixels whose centres are in a polygon, without those that are ignored, at any shape', () => {
    const regions = { include: [square(0, 0, 0.5), square(0.5, 0.5, 0.5)], ignore: [square(0, 0, 0.25)] };
    const mask = regionMask(regions, 8, 4);
    expect(rowsOf(mask)).toEqual(['..##....', '####....', '....####', '....####']);
    expect(mask.count).toBe(14);
  });

  it('holds each pixel once where two polygons meet', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.2, max: 0.8, noNaN: true }),
        fc.integer({ min: 5, max: 40 }),
        (cut, size) => {
          const left: SharePolygon = [
            [0, 0],
            [cut, 0],
            [1 - cut, 1],
            [0, 1],
          ];
          const right: SharePolygon = [
            [cut, 0],
            [1, 0],
            [1, 1],
            [1 - cut, 1],
          ];
          const count = (include: SharePolygon[]) => regionMask({ include, ignore: [] }, size, size).count;
          return count([left]) + count([right]) === size * size && count([left, right]) === size * size;
        },
      ),
      { seed: 1, numRuns: 50 },
    );
  });

  it('goes by the even-odd rule: the middle of a star whose lines cross is outside', () => {
    const star = [0, 2, 4, 1, 3].map((k) => {
      const angle = (k * 2 * Math.PI) / 5 - Math.PI / 2;
      return [0.5 + 0.5 * Math.cos(angle), 0.5 + 0.5 * Math.sin(angle)] as const;
    });
    const { inside } = regionMask({ include: [star], ignore: [] }, 64, 64);
    expect(inside[32 * 64 + 32]).toBe(0);
    expect(inside[8 * 64 + 32]).toBe(1);
  });

  it('of a concave polygon leaves its bay out, whichever way round it is given', () => {
    const bay: SharePolygon = [
      [0, 0],
      [1, 0],
      [1, 1],
      [0.75, 1],
      [0.75, 0.5],
      [0.25, 0.5],
      [0.25, 1],
      [0, 1],
    ];
    const rows = ['####', '####', '#..#', '#..#'];
    expect(rowsOf(regionMask({ include: [bay], ignore: [] }, 4, 4))).toEqual(rows);
    expect(rowsOf(regionMask({ include: [[...bay].reverse()], ignore: [] }, 4, 4))).toEqual(rows);
  });
});

describe('regions that are given', () => {
  it('are taken when they are sound, each half on its own too', () => {
    expect(parseRegions({ include: [square(0, 0, 1)] })).toEqual({ include: [square(0, 0, 1)], ignore: [] });
    expect(parseRegions({})).toEqual({ include: [], ignore: [] });
  });

  it.each([
    [null, 'regions: expected an object'],
    [[], 'regions: expected an object'],
    [{ includes: [] }, 'regions: expected only include and ignore, got "includes"'],
    [
      { include: Array(50).fill(Array(21).fill([0, 0])) },
      'regions: expected at most 1000 points in all, got 1050',
    ],
    [{ include: {} }, 'regions.include: expected a list'],
    [{ include: Array(101).fill(square(0, 0, 1)) }, 'regions.include: expected a list of at most 100'],
    [
      {
        ignore: [
          square(0, 0, 0.5),
          [
            [0, 0],
            [1, 1],
          ],
        ],
      },
      'regions.ignore[1]: expected from 3 to 1000 points',
    ],
    [
      {
        include: [
          [
            [0, 0],
            [1, 0],
            [1, 1.01],
          ],
        ],
      },
      'regions.include[0][2]: expected [x, y] as shares from 0 to 1',
    ],
    [
      {
        include: [
          [
            [0, 0],
            [1, 0],
            [-0.1, 1],
          ],
        ],
      },
      'regions.include[0][2]',
    ],
    [
      {
        include: [
          [
            [0, 0],
            [1, 0],
            ['1', 1],
          ],
        ],
      },
      'regions.include[0][2]',
    ],
    [
      {
        include: [
          [
            [0, 0],
            [1, 0],
            [1, 1, 1],
          ],
        ],
      },
      'regions.include[0][2]',
    ],
    [
      {
        include: [
          [
            [0, 0],
            [1, 0],
            [Number.NaN, 1],
          ],
        ],
      },
      'regions.include[0][2]',
    ],
    [{ include: [square(0, 0, 1), square(0.5, 0.5, 0.001)] }, 'regions.include[1] holds no pixel of 256x256'],
    [
      {
        include: [
          [
            [0, 0],
            [1, 1],
            [0.5, 0.5],
          ],
        ],
      },
      'regions.include[0] holds no pixel',
    ],
    [{ ignore: [square(0, 0, 0.5), square(0, 0, 1)] }, 'regions.ignore[1] leaves nothing of the picture'],
    [{ include: [square(0, 0, 0.5)], ignore: [square(0, 0, 0.6)] }, 'regions.ignore[0] leaves nothing'],
  ])('are refused when they are not: %j', (value, text) => {
    expect(() => parseRegions(value)).toThrow(
      expect.objectContaining({ code: 'option.invalid', message: expect.stringContaining(text) }),
    );
  });
});
