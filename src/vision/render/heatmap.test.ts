import { describe, expect, it } from 'vitest';
import { anomalyMap } from '../scoring/anomaly-map.ts';
import { findRegions } from '../scoring/regions.ts';
import { ember } from './colormap.ts';
import { renderHeatmap, renderOverlay } from './heatmap.ts';

const grey = (size: number, value = 90) => ({
  width: size,
  height: size,
  data: new Uint8Array(size * size * 3).fill(value),
});
const row = (...scores: number[]) => anomalyMap(Float32Array.from(scores), scores.length, 1);
const levelOf = (rgb: Uint8Array) => {
  const table = ember();
  for (let i = 0; i < 256; i++) if (rgb.every((v, c) => v === table[i * 3 + c])) return i;
  throw new Error(`no level has the colour ${rgb}`);
};

describe('renderHeatmap', () => {
  it('has its middle at the threshold and its top at twice the threshold', () => {
    const { data } = renderHeatmap(row(0, 0.5, 1, 2, 50), 1);
    const levels = [0, 1, 2, 3, 4].map((i) => levelOf(data.subarray(i * 3, i * 3 + 3)));
    expect(levels).toEqual([0, 64, 128, 255, 255]);
  });

  it('does not depend on the other scores of the map', () => {
    const one = renderHeatmap(row(0.7, 0.1), 1).data.subarray(0, 3);
    const other = renderHeatmap(row(0.7, 90), 1).data.subarray(0, 3);
    expect([...one]).toEqual([...other]);
  });

  it('can have the size of the picture', () => {
    const picture = renderHeatmap(row(0, 2), 1, 8, 6);
    expect([picture.width, picture.height, picture.data.length]).toEqual([8, 6, 144]);
  });

  it('is dark for an all-zero map, also at threshold zero, where anything else is at the top', () => {
    expect(levelOf(renderHeatmap(row(0), 0).data)).toBe(0);
    expect(levelOf(renderHeatmap(row(1e-9), 0).data)).toBe(255);
  });

  it('refuses a threshold that is not finite', () => {
    expect(() => renderHeatmap(row(0), Number.NaN)).toThrow('internal: the pixel threshold is NaN');
  });
});

describe('renderOverlay', () => {
  it('leaves a good part untouched', () => {
    const picture = grey(16);
    const map = anomalyMap(new Float32Array(64).fill(0.49), 8, 8);
    expect(renderOverlay(picture, map, 1).data).toEqual(picture.data);
  });

  it('changes the picture more the higher the score is', () => {
    const change = [0.4, 0.6, 0.8, 1, 1.2].map((score) => {
      const map = anomalyMap(new Float32Array(16).fill(score), 4, 4);
      const { data } = renderOverlay(grey(4), map, 1);
      return [0, 1, 2].reduce((sum, c) => sum + Math.abs(data[c]! - 90), 0);
    });
    expect(change[0]).toBe(0);
    for (let i = 1; i < change.length; i++) expect(change[i]!).toBeGreaterThan(change[i - 1]!);
  });

  it('outlines regions in white on the edge and not inside', () => {
    const map = anomalyMap(new Float32Array(64 * 64), 64, 64);
    for (let y = 20; y < 40; y++) map.data.fill(1.2, y * 64 + 20, y * 64 + 40);
    const regions = findRegions(map, 1, 64, 64);
    const at = (data: Uint8Array, x: number, y: number) => [
      ...data.slice((y * 64 + x) * 3, (y * 64 + x) * 3 + 3),
    ];
    const plain = renderOverlay(grey(64), map, 1).data;
    const outlined = renderOverlay(grey(64), map, 1, regions).data;
    expect(Math.min(...at(outlined, 20, 30))).toBeGreaterThan(190);
    expect(at(outlined, 30, 30)).toEqual(at(plain, 30, 30));
    expect(at(outlined, 5, 5)).toEqual([90, 90, 90]);
  });

  it('does not change the picture it was given', () => {
    const picture = grey(4);
    renderOverlay(picture, anomalyMap(new Float32Array(16).fill(9), 4, 4), 1);
    expect(picture.data.every((v) => v === 90)).toBe(true);
  });
});
