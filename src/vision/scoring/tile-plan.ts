// How large pictures are cut into overlapping tiles, so that what is small beside the picture is not small to the model.
import { OkapiError } from '../errors.ts';

/** Both in pixels of the picture. Plain values, so that they can be stored and sent to another process. */
export type TilePlan = {
  /** Side of the squares; a picture narrower than this is cut into tiles of its own width. */
  readonly size: number;
  /** What neighbouring tiles share at least: a defect up to this size lies whole in one of them. */
  readonly overlap: number;
};

/** What a training is asked for. */
export type TileSetting = 'off' | 'auto' | TilePlan;

/** A part of a picture, whole pixels from the top left. */
export interface Tile {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Sides {
  readonly width: number;
  readonly height: number;
}

/** The most tiles of one picture: time grows with them. */
export const MOST_TILES = 256;
export const LEAST_TILE = 32;
export const LARGEST_TILE = 8192;

/** `auto` leaves pictures whole whose longer side is at most so many times the model's. */
const WHOLE_UP_TO = 4;
/** Its tiles are squares of so many times the side of the model. */
const AUTO_SIDE = 2;
const AUTO_OVERLAP = 1 / 4;
/** Pixels of the model that the smallest defect must span to be found: two patches of the detectors that compare those. */
const LEAST_SPAN = 16;
/** Where the smallest defect asks for it, tiles are enlarged up to so many times: more shows nothing new. */
const MOST_ENLARGED = 2;

/**
 * The tiles of a picture, row by row: spread evenly, so that the first begins and the last ends at the border and no place is
 * left out. Throws image.too_small when a tile is larger than the picture both ways, image.too_many_pixels for more than
 * MOST_TILES; both name both sizes.
 */
export function tilesOf({ size, overlap }: TilePlan, { width, height }: Sides): Tile[] {
  const [columns, rows] = [startsOf(width, size, overlap), startsOf(height, size, overlap)];
  if (size > width && size > height)
    throw new OkapiError(
      'image.too_small',
      `expected pictures of at least ${size} px along one side, since the model looks at tiles of ${size} px, got ${width}x${height}`,
    );
  const count = columns.length * rows.length;
  if (count > MOST_TILES)
    throw new OkapiError(
      'image.too_many_pixels',
      `expected at most ${MOST_TILES} tiles of ${size} px (overlap ${overlap}), a picture of ${width}x${height} has ${count}`,
    );
  const sides = { width: Math.min(size, width), height: Math.min(size, height) };
  return rows.flatMap((top) => columns.map((left) => ({ left, top, ...sides })));
}

function startsOf(length: number, size: number, overlap: number): number[] {
  if (size >= length) return [0];
  const count = Math.ceil((length - overlap) / (size - overlap));
  // Rounding down never parts two neighbours by more than size - overlap, which is whole.
  return Array.from({ length: count }, (_, i) => Math.floor((i * (length - size)) / (count - 1)));
}

/**
 * What `auto` cuts pictures of these sizes into, for a model of `side` pixels; null: they stay whole, since one of them is
 * small enough. With `defectSize`, the smallest defect in pixels of the picture, that decides, not the size of the picture.
 */
export function autoTiles(
  pictures: readonly Sides[],
  side: number,
  defectSize: number | null = null,
): TilePlan | null {
  const shrink = defectSize === null ? WHOLE_UP_TO : defectSize / LEAST_SPAN;
  const longest = Math.min(...pictures.map(({ width, height }) => Math.max(width, height)));
  if (pictures.length === 0 || longest <= shrink * side) return null;
  const wanted = defectSize === null ? AUTO_SIDE * side : Math.max(shrink, 1 / MOST_ENLARGED) * side;
  // Along a strip that is narrower than the tile, squares of its width keep the proportions.
  const narrowest = Math.min(...pictures.map(({ width, height }) => Math.min(width, height)));
  const least = Math.min(side, wanted);
  let size = clamp(Math.floor(Math.min(wanted, Math.max(narrowest, least))), LEAST_TILE, longest);
  while (size < longest && !pictures.every((picture) => isFew(planOf(size, defectSize), picture)))
    size = Math.min(longest, Math.ceil(size * 1.1));
  return planOf(size, defectSize);
}

function planOf(size: number, defectSize: number | null): TilePlan {
  const overlap = Math.max(Math.floor(size * AUTO_OVERLAP), defectSize ?? 0);
  return { size, overlap: Math.min(overlap, Math.floor(size / 2)) };
}

function isFew({ size, overlap }: TilePlan, { width, height }: Sides): boolean {
  return startsOf(width, size, overlap).length * startsOf(height, size, overlap).length <= MOST_TILES;
}

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));

/** The setting in what a request or a file says; an overlap that is left out is a quarter. Throws option.invalid. */
export function parseTiles(value: unknown): TileSetting {
  if (value === 'off' || value === 'auto') return value;
  const { size, overlap = Math.floor(Number(size) * AUTO_OVERLAP), ...others } = fieldsOf(value);
  const whole = (v: unknown, low: number, high: number) =>
    Number.isSafeInteger(v) && (v as number) >= low && (v as number) <= high;
  if (!whole(size, LEAST_TILE, LARGEST_TILE) || Object.keys(others).length > 0)
    refuse(`off, auto or { size, overlap } with a size of ${LEAST_TILE} to ${LARGEST_TILE} px`, value);
  const most = Math.floor((size as number) / 2);
  if (!whole(overlap, 0, most)) refuse(`to overlap by 0 to ${most} px, half of the size`, value);
  return { size: size as number, overlap: overlap as number };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function refuse(expected: string, got: unknown): never {
  throw new OkapiError('option.invalid', `expected tiles to be ${expected}, got ${JSON.stringify(got)}`);
}
