// The map of a picture put together from those of its tiles.
import type { AnomalyMap } from '../../scoring/anomaly-map.ts';
import { insidePart, type Regions } from '../../scoring/region-mask.ts';
import type { Sides, Tile, TilePlan } from '../../scoring/tile-plan.ts';

/** The most pixels of a stitched map, 16 MB: a larger one would show nothing that the picture on a screen does. */
const MOST_PIXELS = 2 ** 22;
/** Where the picture is not looked at, in spreads of good parts: far below every threshold of pixels. */
const OUTSIDE_SCORE = -100;

/** In the proportions of the picture; where tiles overlap the higher score stands. */
export class StitchedMap {
  readonly #picture: Sides;
  readonly #map: AnomalyMap;

  /** About one pixel for each pixel that the model sees of a whole tile, when it sees `side` pixels along each side. */
  constructor(picture: Sides, { size }: TilePlan, side: number) {
    const scale = Math.min(side / size, Math.sqrt(MOST_PIXELS / (picture.width * picture.height)));
    const width = Math.max(1, Math.floor(picture.width * scale));
    const height = Math.max(1, Math.floor(picture.height * scale));
    this.#picture = picture;
    this.#map = { width, height, data: new Float32Array(width * height).fill(OUTSIDE_SCORE) };
  }

  /** Bilinear between the scores of the tile's map, which covers the tile from border to border. */
  add({ left, top, width, height }: Tile, map: AnomalyMap): void {
    const { width: w, height: h, data } = this.#map;
    const columns = tapsOf(w, this.#picture.width, left, width, map.width);
    const rows = tapsOf(h, this.#picture.height, top, height, map.height);
    for (const { at: y, low: above, high: below, share: v } of rows)
      for (const { at: x, low, high, share: u } of columns) {
        const upper = mix(map.data[above * map.width + low]!, map.data[above * map.width + high]!, u);
        const lower = mix(map.data[below * map.width + low]!, map.data[below * map.width + high]!, u);
        const score = mix(upper, lower, v);
        const i = y * w + x;
        if (score > data[i]!) data[i] = score;
      }
  }

  /** The map, blind outside of the regions. */
  finish(regions: Regions | null): AnomalyMap {
    const { width, height, data } = this.#map;
    if (regions !== null) {
      const inside = insidePart(regions, { left: 0, top: 0, width: 1, height: 1 }, width, height);
      for (let i = 0; i < data.length; i++) if (inside[i] === 0) data[i] = OUTSIDE_SCORE;
    }
    return this.#map;
  }
}

const mix = (a: number, b: number, share: number) => a + (b - a) * share;

/** A pixel of the stitched map along one side, and the two of the tile's map that it lies between. */
interface Tap {
  readonly at: number;
  readonly low: number;
  readonly high: number;
  readonly share: number;
}

/** The pixels whose centres lie in the tile. `length` is that of the picture, `cells` those of the tile's map. */
function tapsOf(pixels: number, length: number, start: number, extent: number, cells: number): Tap[] {
  const taps: Tap[] = [];
  const first = Math.ceil((start * pixels) / length - 0.5);
  for (let at = Math.max(0, first); at < pixels; at++) {
    const place = ((at + 0.5) * length) / pixels - start;
    if (place > extent) break;
    const cell = Math.min(cells - 1, Math.max(0, (place * cells) / extent - 0.5));
    const low = Math.floor(cell);
    taps.push({ at, low, high: Math.min(cells - 1, low + 1), share: cell - low });
  }
  return taps;
}
