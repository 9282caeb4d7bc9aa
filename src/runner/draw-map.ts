// Draws a map of absolute scores for pages: the server's colours on a scale tied to the threshold of pixels, clear where all is well.
import { ember } from '../vision/render/colormap.ts';
import type { AnomalyMap } from '../vision/scoring/anomaly-map.ts';
import type { DrawnImage } from './rgba.ts';

export type { AnomalyMap } from '../vision/scoring/anomaly-map.ts';
export { readMapFile } from '../vision/scoring/map-file.ts';

export interface MapScale {
  /** Colours run from zero to this many thresholds. Default 2, as the server draws. */
  readonly top?: number;
  /** Under half the threshold nothing is drawn, from 1.25 thresholds on all is opaque; false: opaque everywhere. Default true. */
  readonly clear?: boolean;
}

const CLEAR_BELOW = 0.5;
const OPAQUE_FROM = 1.25;

/** RGBA at the size of the map. `pixelThreshold` is that of the model: the scale never follows the picture at hand. */
export function drawMap(
  { width, height, data }: AnomalyMap,
  pixelThreshold: number,
  { top = 2, clear = true }: MapScale = {},
): DrawnImage {
  const colours = ember();
  const drawn = new Uint8ClampedArray(4 * width * height);
  for (let i = 0, o = 0; i < data.length; i++, o += 4) {
    const thresholds = pixelThreshold > 0 ? data[i]! / pixelThreshold : data[i]! > 0 ? top : 0;
    const level = 3 * Math.round(255 * Math.min(1, Math.max(0, thresholds / top)));
    for (let c = 0; c < 3; c++) drawn[o + c] = colours[level + c]!;
    drawn[o + 3] = clear ? 255 * opacityOf(thresholds) : 255;
  }
  return { width, height, data: drawn };
}

function opacityOf(thresholds: number): number {
  const t = Math.min(1, Math.max(0, (thresholds - CLEAR_BELOW) / (OPAQUE_FROM - CLEAR_BELOW)));
  return t * t * (3 - 2 * t);
}
