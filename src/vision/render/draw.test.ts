import { describe, expect, it } from 'vitest';
import type { Point } from '../scoring/outline.ts';
import { fillBox, paint, strokePolygons } from './draw.ts';

const square: Point[] = [
  [10, 10],
  [30, 10],
  [30, 20],
  [10, 20],
];

describe('strokePolygons', () => {
  it('covers the outline and nothing else', () => {
    const coverage = strokePolygons([square], 2, 40, 30);
    const at = (x: number, y: number) => coverage[y * 40 + x]!;
    for (const [x, y] of [
      [9, 15],
      [10, 15],
      [29, 15],
      [30, 15],
      [20, 9],
      [20, 10],
      [20, 19],
    ] as const)
      expect(at(x, y), `${x},${y}`).toBe(255);
    for (const [x, y] of [
      [8, 15],
      [11, 15],
      [20, 15],
      [20, 7],
      [0, 0],
    ] as const)
      expect(at(x, y), `${x},${y}`).toBe(0);
  });

  it('covers as much as length times thickness, at any angle', () => {
    const covered = ([bx, by]: Point) =>
      strokePolygons(
        [
          [
            [50, 50],
            [bx, by],
          ],
        ],
        3,
        100,
        100,
      ).reduce((a, b) => a + b, 0) / 255;
    const cap = Math.PI * 1.5 ** 2;
    for (const end of [
      [90, 50],
      [50, 90],
      [78, 78],
      [60, 12],
    ] as const)
      expect(covered(end) / (Math.hypot(end[0] - 50, end[1] - 50) * 3 + cap)).toBeCloseTo(1, 1);
  });

  it('is cut off at the edges of the picture', () => {
    const big = square.map(([x, y]) => [x * 100 - 1500, y * 100 - 1500] as const);
    expect(() => strokePolygons([big, square], 4, 20, 15)).not.toThrow();
    expect(
      strokePolygons(
        [
          [
            [-9, -9],
            [-5, -5],
          ],
        ],
        2,
        10,
        10,
      ).every((v) => v === 0),
    ).toBe(true);
  });

  it('takes a polygon of one point as a dot', () => {
    const coverage = strokePolygons([[[5, 5]]], 4, 10, 10);
    expect([coverage[4 * 10 + 4], coverage[0]]).toEqual([255, 0]);
  });
});

describe('paint', () => {
  it('mixes by coverage and opacity', () => {
    const data = new Uint8Array(9).fill(100);
    paint(data, Uint8Array.of(0, 255, 128), [200, 100, 0], 0.5);
    expect([...data]).toEqual([100, 100, 100, 150, 100, 50, 125, 100, 75]);
  });
});

describe('fillBox', () => {
  it('fills what of the rectangle lies in the picture', () => {
    const filled = (x: number, y: number, w: number, h: number) => {
      const picture = { width: 4, height: 3, data: new Uint8Array(36) };
      fillBox(picture, [x, y, w, h], [1, 2, 3]);
      for (let i = 0; i < 36; i += 3)
        expect([...picture.data.subarray(i, i + 3)]).toEqual(picture.data[i] === 1 ? [1, 2, 3] : [0, 0, 0]);
      return Array.from({ length: 12 }, (_, i) => picture.data[i * 3]).join('');
    };
    expect(filled(1, 1, 2, 2)).toBe('000001100110');
    expect(filled(-5, -5, 6, 100)).toBe('100010001000');
    expect(filled(3, 2, 9, 9)).toBe('000000000001');
    for (const [x, y, w, h] of [
      [4, 0, 1, 1],
      [0, 3, 1, 1],
      [0, 0, 0, 2],
      [2, 2, -1, 1],
      [-3, 0, 3, 3],
    ] as const)
      expect(filled(x, y, w, h)).toBe('000000000000');
  });
});
