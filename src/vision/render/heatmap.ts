// Heatmaps and overlays on one absolute scale, tied to the pixel threshold: a good part looks calm.
import type { Picture } from '../image/picture.ts';
import { type AnomalyMap, resizeMap } from '../scoring/anomaly-map.ts';
import type { Region } from '../scoring/regions.ts';
import { ember } from './colormap.ts';
import { type Colour, paint, strokePolygons } from './draw.ts';

/** Colours run from zero to this many pixel thresholds, so that the threshold itself is in the middle. */
const SATURATION = 2;
/** In thresholds: under the first the overlay is clear; from there its opacity rises to the second. */
const CLEAR_BELOW = 0.5;
const OPAQUE_FROM = 1.25;
const MAX_OPACITY = 0.62;

/** The map in colour, at the given size: level 0 for a score of 0, the middle at the threshold, the top from twice that. */
export function renderHeatmap(
  map: AnomalyMap,
  pixelThreshold: number,
  width = map.width,
  height = map.height,
): Picture {
  const levels = levelsOf(map, pixelThreshold, width, height);
  const colours = ember();
  const data = new Uint8Array(width * height * 3);
  for (let i = 0, o = 0; i < levels.length; i++, o += 3) {
    const c = levels[i]! * 3;
    data[o] = colours[c]!;
    data[o + 1] = colours[c + 1]!;
    data[o + 2] = colours[c + 2]!;
  }
  return { width, height, data };
}

/**
 * The picture with the map laid over it and the regions outlined. Under half the threshold the picture is untouched.
 * `regions` must have been found for this picture's size.
 */
export function renderOverlay(
  picture: Picture,
  map: AnomalyMap,
  pixelThreshold: number,
  regions: readonly Region[] = [],
): Picture {
  const { width, height } = picture;
  const levels = levelsOf(map, pixelThreshold, width, height);
  const colours = ember();
  const opacity = Float32Array.from({ length: 256 }, (_, level) => opacityOf((level / 255) * SATURATION));
  const data = picture.data.slice();
  for (let i = 0, o = 0; i < levels.length; i++, o += 3) {
    const alpha = opacity[levels[i]!]!;
    if (alpha === 0) continue;
    const c = levels[i]! * 3;
    for (let k = 0; k < 3; k++) data[o + k] = data[o + k]! * (1 - alpha) + colours[c + k]! * alpha + 0.5;
  }
  outline({ width, height, data }, regions);
  return { width, height, data };
}

/** Scores as levels 0..255 of SATURATION thresholds. With a threshold of zero every score above zero is at the top. */
function levelsOf(map: AnomalyMap, pixelThreshold: number, width: number, height: number): Uint8ClampedArray {
  if (!(pixelThreshold >= 0 && Number.isFinite(pixelThreshold)))
    throw new Error(`internal: the pixel threshold is ${pixelThreshold}`);
  const { data } = resizeMap(map, width, height);
  const scale = pixelThreshold > 0 ? 255 / (SATURATION * pixelThreshold) : Number.MAX_VALUE;
  const levels = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i++) levels[i] = data[i]! * scale;
  return levels;
}

function opacityOf(thresholds: number): number {
  const t = Math.min(1, Math.max(0, (thresholds - CLEAR_BELOW) / (OPAQUE_FROM - CLEAR_BELOW)));
  return MAX_OPACITY * t * t * (3 - 2 * t);
}

const HALO: Colour = [0, 0, 0];
const LINE: Colour = [255, 255, 255];

/** White lines with a dark halo, which show on any picture. */
function outline({ width, height, data }: Picture, regions: readonly Region[]): void {
  if (regions.length === 0) return;
  const polygons = regions.map((r) => r.polygon);
  const thickness = Math.max(1.5, Math.min(width, height) / 220);
  paint(data, strokePolygons(polygons, thickness * 2.2, width, height), HALO, 0.45);
  paint(data, strokePolygons(polygons, thickness, width, height), LINE, 1);
}
