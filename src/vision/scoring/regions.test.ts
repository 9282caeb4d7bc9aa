import { describe, expect, it } from 'vitest';
import { type AnomalyMap, anomalyMap } from './anomaly-map.ts';
import { findRegions } from './regions.ts';

/** A zero map with filled rectangles [x, y, w, h, score]. */
function mapWith(size: number, ...rectangles: number[][]): AnomalyMap {
  const data = new Float32Array(size * size);
  for (const [x, y, w, h, score] of rectangles as [number, number, number, number, number][])
    for (let row = y; row < y + h; row++) data.fill(score, row * size + x, row * size + x + w);
  return anomalyMap(data, size, size);
}

describe('findRegions', () => {
  it('gives box, outline, area and scores in pixels of the picture', () => {
    const map = mapWith(100, [10, 20, 8, 4, 0.5]);
    map.data[20 * 100 + 10] = 1.5;
    expect(findRegions(map, 0.25, 400, 200)).toEqual([
      {
        box: [40, 40, 32, 8],
        polygon: [
          [40, 40],
          [72, 40],
          [72, 48],
          [40, 48],
        ],
        area: 8 * 4 * 4 * 2,
        peak: 1.5,
        meanScore: (31 * 0.5 + 1.5) / 32,
      },
    ]);
  });

  it('takes only what is strictly above the threshold', () => {
    const map = mapWith(20, [2, 2, 5, 5, 0.5]);
    expect(findRegions(map, 0.5, 20, 20)).toEqual([]);
    expect(findRegions(map, 0.4999, 20, 20)).toHaveLength(1);
  });

  it('covers the picture when all of it is above', () => {
    const map = mapWith(4, [0, 0, 4, 4, 1]);
    const [region] = findRegions(map, 0.5, 4001, 2999);
    expect(region!.box).toEqual([0, 0, 4001, 2999]);
    expect(region!.area).toBe(4001 * 2999);
    expect(region!.polygon).toEqual([
      [0, 0],
      [4001, 0],
      [4001, 2999],
      [0, 2999],
    ]);
  });

  it('keeps every box inside the picture and around its outline', () => {
    const map = mapWith(33, [30, 0, 3, 9, 1], [0, 31, 7, 2, 1], [10, 10, 3, 3, 1]);
    for (const { box, polygon } of findRegions(map, 0.5, 101, 57)) {
      const [x, y, w, h] = box;
      expect(x >= 0 && y >= 0 && x + w <= 101 && y + h <= 57).toBe(true);
      for (const [u, v] of polygon) expect(u >= x && u <= x + w && v >= y && v <= y + h).toBe(true);
    }
  });

  it('leaves out regions under the minimum share of the picture', () => {
    const map = mapWith(100, [5, 5, 3, 3, 1], [50, 50, 1, 1, 9]);
    expect(findRegions(map, 0.5, 100, 100)).toHaveLength(2); // one pixel is 0.0001 of this map
    const large = findRegions(map, 0.5, 100, 100, { minAreaShare: 0.0005 });
    expect(large.map((r) => r.area)).toEqual([9]);
  });

  it('sorts by peak times area and returns no more than asked', () => {
    const map = mapWith(100, [0, 0, 5, 5, 1], [50, 50, 4, 4, 9], [80, 0, 6, 6, 1]);
    const peaks = (maxRegions: number) => findRegions(map, 0.5, 100, 100, { maxRegions }).map((r) => r.area);
    expect(peaks(9)).toEqual([16, 36, 25]);
    expect(peaks(2)).toEqual([16, 36]);
  });

  it('finds nothing in an all-zero map at threshold zero, and bears a map of one pixel', () => {
    expect(findRegions(mapWith(16), 0, 16, 16)).toEqual([]);
    const [region] = findRegions(anomalyMap(Float32Array.of(2), 1, 1), 1, 3, 5);
    expect(region).toMatchObject({ box: [0, 0, 3, 5], area: 15, peak: 2 });
  });

  it('has an area of at least one pixel when the map is larger than the picture', () => {
    expect(findRegions(mapWith(100, [3, 3, 1, 1, 1]), 0.5, 10, 10)[0]!.area).toBe(1);
  });
});
