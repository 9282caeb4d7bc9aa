import { describe, expect, it } from 'vitest';
import { renderHeatmap } from '../vision/render/heatmap.ts';
import { drawMap } from './draw-map.ts';

const map = { width: 5, height: 1, data: Float32Array.of(0, 1, 2.5, 4, 9) };
const alphas = (drawn: { readonly data: Uint8ClampedArray }) => [...drawn.data].filter((_, i) => i % 4 === 3);
const colours = (drawn: { readonly data: Uint8ClampedArray }) =>
  [...drawn.data].filter((_, i) => i % 4 !== 3);

describe('a map drawn for a page', () => {
  it('has the colours of the server', () => {
    const server = [...renderHeatmap(map, 2).data];
    colours(drawMap(map, 2)).forEach((level, i) => {
      expect(Math.abs(level - server[i]!)).toBeLessThanOrEqual(3); // one level of the table: the server cuts, this rounds
    });
  });

  it('is clear on what is well under the threshold, whatever the highest score', () => {
    expect(alphas(drawMap(map, 20))).toEqual([0, 0, 0, 0, 0]);
    const [zero, half, over, ...far] = alphas(drawMap(map, 2));
    expect([zero, half, ...far]).toEqual([0, 0, 255, 255]);
    expect(over).toBe(255);
    expect(alphas(drawMap(map, 2, { clear: false }))).toEqual([255, 255, 255, 255, 255]);
  });

  it('grows calmer in colour with a higher top', () => {
    const light = (top: number) => colours(drawMap(map, 2, { top })).reduce((sum, v) => sum + v);
    expect(light(8)).toBeLessThan(light(2));
  });
});
