// Where a picture is looked at: polygons to look at and polygons to leave out, as one mask at the size of the model.
import { OkapiError } from '../errors.ts';

/** [x, y] as shares 0..1 of the picture's width and height, from the top left. */
export type SharePoint = readonly [x: number, y: number];

/** Closed without repeating its first point; where its lines cross, the even-odd rule says what is inside. */
export type SharePolygon = readonly SharePoint[];

/** Plain values, so that they can be stored and sent to another process. */
export type Regions = {
  /** What is in one of these counts; none at all means the whole picture. */
  readonly include: readonly SharePolygon[];
  /** What is in one of these does not count, wherever else it is. */
  readonly ignore: readonly SharePolygon[];
};

/** One byte a pixel, rows from the top: 1 where the picture counts. */
export interface RegionMask {
  readonly width: number;
  readonly height: number;
  readonly inside: Uint8Array;
  /** How many pixels count, at least 1. */
  readonly count: number;
}

const MOST_POLYGONS = 100;
const MOST_POINTS = 1000;
/** At this size a region is tried before any model is known. */
const TRIAL_SIZE = 256;

/**
 * Regions from what a file or a request says. Throws option.invalid that names the polygon at fault, also for one that
 * leaves nothing of the picture.
 */
export function parseRegions(value: unknown): Regions {
  const { include = [], ignore = [], ...others } = asFields(value);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) refuse('regions', 'only include and ignore', unknown);
  const regions = { include: polygonsOf(include, 'include'), ignore: polygonsOf(ignore, 'ignore') };
  const points = [...regions.include, ...regions.ignore].reduce((sum, { length }) => sum + length, 0);
  if (points > MOST_POINTS) refuse('regions', `at most ${MOST_POINTS} points in all`, points);
  regionMask(regions, TRIAL_SIZE, TRIAL_SIZE);
  return regions;
}

/** Whether they say anything at all. */
export function isWholePicture({ include, ignore }: Regions): boolean {
  return include.length === 0 && ignore.length === 0;
}

/**
 * The mask at a size: a pixel is inside a polygon when its centre is. Throws option.invalid for a polygon to look at that
 * holds no pixel, and for the polygon to leave out that takes the last one.
 */
export function regionMask({ include, ignore }: Regions, width: number, height: number): RegionMask {
  const inside = new Uint8Array(width * height).fill(include.length === 0 ? 1 : 0);
  for (const [i, polygon] of include.entries()) {
    if (paint(inside, polygon, 1, width, height) === 0)
      nothingLeft(`regions.include[${i}] holds no pixel of ${width}x${height}`);
  }
  let count = inside.reduce((sum, v) => sum + v, 0);
  for (const [i, polygon] of ignore.entries()) {
    paint(inside, polygon, 0, width, height);
    count = inside.reduce((sum, v) => sum + v, 0);
    if (count === 0) nothingLeft(`regions.ignore[${i}] leaves nothing of the picture to look at`);
  }
  return { width, height, inside, count };
}

/** A part of a picture, all in shares of its sides. */
export interface SharePart {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** As regionMask, of a part of the picture at a size, of which nothing may be left: one byte a pixel. */
export function insidePart(
  { include, ignore }: Regions,
  { left, top, width: w, height: h }: SharePart,
  width: number,
  height: number,
): Uint8Array {
  const within = (polygon: SharePolygon) => polygon.map(([x, y]) => [(x - left) / w, (y - top) / h] as const);
  const inside = new Uint8Array(width * height).fill(include.length === 0 ? 1 : 0);
  for (const polygon of include) paint(inside, within(polygon), 1, width, height);
  for (const polygon of ignore) paint(inside, within(polygon), 0, width, height);
  return inside;
}

/** Sets the pixels whose centres are in the polygon, by crossings of each row; returns how many there are. */
function paint(mask: Uint8Array, polygon: SharePolygon, value: 0 | 1, width: number, height: number): number {
  let painted = 0;
  for (let row = 0; row < height; row++) {
    const crossings = crossingsOf(polygon, (row + 0.5) / height);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const from = Math.max(0, Math.ceil(crossings[i]! * width - 0.5));
      const to = Math.min(width, Math.ceil(crossings[i + 1]! * width - 0.5));
      if (to <= from) continue;
      mask.fill(value, row * width + from, row * width + to);
      painted += to - from;
    }
  }
  return painted;
}

/**
 * Where the lines of a polygon cross a height, from the left. A line has its upper end and not its lower one, and is
 * always followed downwards, so that two polygons which share it agree to the last bit.
 */
function crossingsOf(polygon: SharePolygon, y: number): number[] {
  const found: number[] = [];
  let [x1, y1] = polygon.at(-1)!;
  for (const [x2, y2] of polygon) {
    if (y1 <= y && y < y2) found.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
    if (y2 <= y && y < y1) found.push(x2 + ((y - y2) / (y1 - y2)) * (x1 - x2));
    [x1, y1] = [x2, y2];
  }
  return found.sort((a, b) => a - b);
}

function polygonsOf(value: unknown, name: keyof Regions): SharePolygon[] {
  if (!Array.isArray(value) || value.length > MOST_POLYGONS)
    refuse(`regions.${name}`, `a list of at most ${MOST_POLYGONS} polygons`, value);
  return value.map((polygon: unknown, i) => {
    const path = `regions.${name}[${i}]`;
    if (!Array.isArray(polygon) || polygon.length < 3 || polygon.length > MOST_POINTS)
      refuse(path, `from 3 to ${MOST_POINTS} points`, polygon);
    return polygon.map((point: unknown, k) => {
      if (isPoint(point)) return [point[0], point[1]] as const;
      return refuse(`${path}[${k}]`, '[x, y] as shares from 0 to 1', point);
    });
  });
}

function isPoint(value: unknown): value is SharePoint {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    value.every((v) => typeof v === 'number' && v >= 0 && v <= 1)
  );
}

function asFields(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse('regions', 'an object with include and ignore', value);
  return value as Readonly<Record<string, unknown>>;
}

function refuse(path: string, expected: string, got: unknown): never {
  const text = Array.isArray(got) && got.length > 4 ? `${got.length} of them` : JSON.stringify(got);
  throw new OkapiError('option.invalid', `${path}: expected ${expected}, got ${text ?? 'nothing'}`);
}

function nothingLeft(text: string): never {
  throw new OkapiError('option.invalid', text);
}
