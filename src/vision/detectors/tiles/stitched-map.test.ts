import { expect, it } from 'vitest';
import { tilesOf } from '../../scoring/tile-plan.ts';
import { StitchedMap } from './stitched-map.ts';

const picture = { width: 400, height: 150 };
const plan = { size: 100, overlap: 25 };

/** The map [8, 8] of a tile, by a function of places in the picture. */
function mapOf(
  tile: { left: number; top: number; width: number; height: number },
  f: (x: number, y: number) => number,
) {
  const data = Float32Array.from({ length: 64 }, (_, i) =>
    f(
      tile.left + (((i % 8) + 0.5) / 8) * tile.width,
      tile.top + ((Math.floor(i / 8) + 0.5) / 8) * tile.height,
    ),
  );
  return { width: 8, height: 8, data };
}

it('shows at each place of the picture what the tile there shows', () => {
  const stitched = new StitchedMap(picture, plan, 8);
  const f = (x: number, y: number) => x + 10 * y;
  for (const tile of tilesOf(plan, picture)) stitched.add(tile, mapOf(tile, f));
  const { width, height, data } = stitched.finish(null);
  expect([width, height]).toEqual([32, 12]);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [((i % width) + 0.5) * 12.5, (Math.floor(i / width) + 0.5) * 12.5];
    // Half a pixel of the model at the borders of tiles, where there is nothing to be between.
    expect(Math.abs(data[i]! - f(x, y))).toBeLessThanOrEqual(6.3 * 11);
    const isWithin = x > 7 && x < 393 && y > 7 && y < 143;
    if (isWithin) expect(data[i]!).toBeGreaterThanOrEqual(f(x, y) - 1e-2);
  }
});

it('keeps the higher score where tiles overlap, and nothing where no tile or region is', () => {
  const stitched = new StitchedMap(picture, plan, 8);
  const [first, second] = tilesOf(plan, picture);
  stitched.add(
    first!,
    mapOf(first!, () => 3),
  );
  stitched.add(
    second!,
    mapOf(second!, () => -2),
  );
  const { width, data } = stitched.finish({
    include: [
      [
        [0, 0],
        [1, 0],
        [1, 0.3],
        [0, 0.3],
      ],
    ],
    ignore: [],
  });
  const at = (x: number, y: number) => data[Math.floor(y * 0.08) * width + Math.floor(x * 0.08)]!;
  expect([at(20, 20), at(85, 20), at(150, 20), at(300, 20), at(20, 60)]).toEqual([3, 3, -2, -100, -100]);
});

it('has at most 4 megapixels, however large the picture is', () => {
  const huge = new StitchedMap({ width: 32768, height: 1500 }, { size: 256, overlap: 0 }, 256).finish(null);
  expect(huge.data.length).toBeLessThanOrEqual(2 ** 22);
  expect(huge.width / huge.height).toBeCloseTo(32768 / 1500, 1);
});
