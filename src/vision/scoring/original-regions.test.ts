import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { anomalyMap } from './anomaly-map.ts';
import { originalBoxes, originalLevels } from './original-regions.ts';

interface Case {
  name: string;
  mapWidth: number;
  mapHeight: number;
  map: number[];
  width: number;
  height: number;
  levels: string;
  boxes: number[][];
}
const cases: Case[] = JSON.parse(
  readFileSync(new URL('fixtures/original-regions.json', import.meta.url), 'utf8'),
);

describe('the original preview', () => {
  for (const c of cases) {
    const map = anomalyMap(Float32Array.from(c.map), c.mapWidth, c.mapHeight);

    it(`has the levels of OpenCV within one: ${c.name}`, () => {
      const levels = originalLevels(map, c.width, c.height);
      const expected = Buffer.from(c.levels, 'base64');
      expect(levels.data.length).toBe(expected.length);
      const off = levels.data.reduce((worst, v, i) => Math.max(worst, Math.abs(v - expected[i]!)), 0);
      expect(off).toBeLessThanOrEqual(1);
    });

    it(`has the boxes of OpenCV: ${c.name}`, () => {
      expect(originalBoxes(originalLevels(map, c.width, c.height))).toEqual(c.boxes);
    });
  }

  it('finds the box of a bright square', () => {
    const square = new Uint8Array(40 * 30);
    for (let y = 10; y < 20; y++) square.fill(255, y * 40 + 5, y * 40 + 25);
    const [box, ...rest] = originalBoxes({ width: 40, height: 30, data: square });
    expect(rest).toEqual([]);
    expect(box).toEqual([4, 9, 22, 12]); // dilated by one
  });

  it('takes a flat picture whole unless it is zero, as OpenCV does, and bears one pixel', () => {
    const flat = (value: number) => ({ width: 40, height: 30, data: new Uint8Array(1200).fill(value) });
    expect(originalBoxes(flat(9))).toEqual([[0, 0, 40, 30]]);
    expect(originalBoxes(flat(0))).toEqual([]);
    expect(originalBoxes({ width: 1, height: 1, data: Uint8Array.of(255) })).toEqual([]);
  });
});
