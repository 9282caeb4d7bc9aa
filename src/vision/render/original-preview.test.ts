import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderOriginalHeatmap, renderOriginalOverlay } from './original-preview.ts';

const fixture = JSON.parse(readFileSync(new URL('fixtures/original-preview.json', import.meta.url), 'utf8'));
const { width, height } = fixture as { width: number; height: number };
const bytes = (key: string) => new Uint8Array(Buffer.from(fixture[key], 'base64'));
const levels = { width, height, data: bytes('levels') };
const picture = { width, height, data: bytes('picture') };

describe('the pictures of the original preview', () => {
  it('lay JET over the picture as OpenCV does, within one level', () => {
    const { data } = renderOriginalOverlay(picture, levels, []);
    const expected = bytes('overlay');
    const off = data.reduce((worst, v, i) => Math.max(worst, Math.abs(v - expected[i]!)), 0);
    expect(off).toBeLessThanOrEqual(1);
    expect(data).not.toEqual(picture.data);
  });

  it('show the levels in grey', () => {
    const { data } = renderOriginalHeatmap(levels);
    for (let i = 0; i < levels.data.length; i++)
      expect([...data.slice(i * 3, i * 3 + 3)]).toEqual(new Array(3).fill(levels.data[i]));
  });

  it('draw each box in red with the word ANOMALY above it', () => {
    const size = { width: 80, height: 60 };
    const blank = { ...size, data: new Uint8Array(80 * 60 * 3) };
    const drawn = renderOriginalOverlay(blank, { ...size, data: new Uint8Array(80 * 60) }, [
      [10, 30, 50, 20],
    ]);
    const lines = Array.from({ length: 60 }, (_, y) =>
      Array.from({ length: 80 }, (_, x) => (drawn.data[(y * 80 + x) * 3] === 255 ? '#' : '.')).join(''),
    );
    expect(lines.slice(21, 28).map((l) => l.slice(10, 51))).toEqual([
      '.###..#...#..###..#...#..###..#.....#...#',
      '#...#.##..#.#...#.##.##.#...#.#.....#...#',
      '#...#.#.#.#.#...#.#.#.#.#...#.#......#.#.',
      '#####.#..##.#...#.#.#.#.#####.#.......#..',
      '#...#.#...#.#...#.#...#.#...#.#.......#..',
      '#...#.#...#.#...#.#...#.#...#.#.......#..',
      '#...#.#...#..###..#...#.#...#.#####...#..',
    ]);
    expect(lines[30]).toBe(`${'.'.repeat(10)}${'#'.repeat(50)}${'.'.repeat(20)}`);
    expect(lines[35]).toBe(`${'.'.repeat(10)}##${'.'.repeat(46)}##${'.'.repeat(20)}`);
    expect(lines[49]).toContain('#'.repeat(50));
    expect(drawn.data.filter((_, i) => i % 3 !== 0).every((v) => v === 0)).toBe(true);
  });

  it('bear boxes at the edges of the picture', () => {
    const drawn = renderOriginalOverlay(picture, levels, [[0, 0, width, height]]);
    expect([...drawn.data.slice(0, 3)]).toEqual([255, 0, 0]);
  });

  it('refuse levels of another size', () => {
    expect(() => renderOriginalOverlay({ ...picture, width: width - 1 }, levels, [])).toThrow('internal');
  });
});
