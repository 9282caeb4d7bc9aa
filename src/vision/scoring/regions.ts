// The anomalous regions of a picture: connected places where the map is above the calibrated pixel threshold.
import type { AnomalyMap } from './anomaly-map.ts';
import { labelComponents } from './components.ts';
import { type Point, simplify, traceOutline } from './outline.ts';

/** One region, in pixels of the picture (not of the map). */
export interface Region {
  /** [x, y, width, height], whole pixels that cover the region. */
  readonly box: readonly [x: number, y: number, width: number, height: number];
  /** The outer outline, clockwise from its topmost point, not closed by repetition; holes are not outlined. */
  readonly polygon: readonly Point[];
  /** Area in pixels, holes left out. */
  readonly area: number;
  /** The highest score in the region, absolute. */
  readonly peak: number;
  readonly meanScore: number;
}

export interface RegionOptions {
  /** Regions that cover less of the picture are left out; the default 0.0001 is 7 pixels of a 256x256 map. */
  readonly minAreaShare?: number;
  /** The most regions to return, default 20. */
  readonly maxRegions?: number;
}

/** Outlines may leave the staircase of map pixels by this much, in map pixels. */
const OUTLINE_TOLERANCE = 1;

/**
 * Regions where `map` is above `pixelThreshold` (8-connected), in pixels of a picture of the given size, by falling
 * peak * area. The work is done at the map's resolution and only the coordinates are scaled, so that the cost does not
 * depend on the size of the picture.
 */
export function findRegions(
  map: AnomalyMap,
  pixelThreshold: number,
  width: number,
  height: number,
  { minAreaShare = 0.0001, maxRegions = 20 }: RegionOptions = {},
): Region[] {
  const above = new Uint8Array(map.data.length);
  for (let i = 0; i < above.length; i++) above[i] = map.data[i]! > pixelThreshold ? 1 : 0;
  const { labels, count } = labelComponents(above, map.width, map.height);
  return measure(map, labels, count)
    .filter((c) => c.pixels >= minAreaShare * map.data.length)
    .sort((a, b) => b.peak * b.pixels - a.peak * a.pixels)
    .slice(0, maxRegions)
    .map((c) => toRegion(c, labels, map, width / map.width, height / map.height));
}

/** A component in map pixels. */
interface Measured {
  readonly label: number;
  /** The first pixel in scan order: the leftmost of the top row. */
  readonly first: number;
  left: number;
  right: number;
  bottom: number;
  pixels: number;
  sum: number;
  peak: number;
}

function measure(map: AnomalyMap, labels: Int32Array, count: number): Measured[] {
  const found: Measured[] = new Array(count);
  for (let y = 0, i = 0; y < map.height; y++) {
    for (let x = 0; x < map.width; x++, i++) {
      const label = labels[i]!;
      if (label === 0) continue;
      const score = map.data[i]!;
      let c = found[label - 1];
      if (c === undefined) {
        c = { label, first: i, left: x, right: x, bottom: y, pixels: 0, sum: 0, peak: score };
        found[label - 1] = c;
      }
      if (x < c.left) c.left = x;
      if (x > c.right) c.right = x;
      c.bottom = y;
      c.pixels++;
      c.sum += score;
      if (score > c.peak) c.peak = score;
    }
  }
  return found;
}

function toRegion(c: Measured, labels: Int32Array, map: AnomalyMap, scaleX: number, scaleY: number): Region {
  const top = Math.floor(c.first / map.width);
  const x = Math.floor(c.left * scaleX);
  const y = Math.floor(top * scaleY);
  const outline = traceOutline(labels, map.width, map.height, c.first);
  return {
    box: [x, y, Math.ceil((c.right + 1) * scaleX) - x, Math.ceil((c.bottom + 1) * scaleY) - y],
    polygon: simplify(outline, OUTLINE_TOLERANCE).map(([u, v]) => [
      Math.round(u * scaleX),
      Math.round(v * scaleY),
    ]),
    area: Math.max(1, Math.round(c.pixels * scaleX * scaleY)),
    peak: c.peak,
    meanScore: c.sum / c.pixels,
  };
}
