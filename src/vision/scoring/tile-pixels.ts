// What the model sees of each tile: its pixels at the size of the model, grey where the picture is not looked at.
import { OkapiError } from '../errors.ts';
import { crop } from '../image/crop.ts';
import type { Picture } from '../image/picture.ts';
import { resize } from '../image/resize.ts';
import { insidePart, parseRegions, type Regions } from './region-mask.ts';
import { parseTiles, type Sides, type Tile, type TilePlan, tilesOf } from './tile-plan.ts';

/** How pictures are cut; the regions are those of the whole picture, null for all of it. */
export interface TileCut {
  readonly plan: TilePlan;
  readonly regions: Regions | null;
}

/**
 * How a model's file says that pictures are cut, by its fields `tiles` and `regions`; null when it has no tiles. Throws
 * option.invalid.
 */
export function parseTileCut({ tiles, regions }: Readonly<Record<string, unknown>>): TileCut | null {
  if (tiles === undefined || tiles === null) return null;
  const plan = parseTiles(tiles);
  if (typeof plan === 'string')
    throw new OkapiError('option.invalid', `expected tiles to be { size, overlap }, got "${plan}"`);
  return { plan, regions: regions ? parseRegions(regions) : null };
}

export interface SeenTile {
  readonly tile: Tile;
  /** One byte a pixel of the model, 1 where the picture counts; null: everywhere. */
  readonly inside: Uint8Array | null;
}

/** Where the picture does not count. */
const OUTSIDE_LEVEL = 128;

/** The tiles of a picture that are looked at, those that hold a pixel which counts. Throws as tilesOf, and option.invalid when none does. */
export function seenTiles({ plan, regions }: TileCut, picture: Sides, side: number): SeenTile[] {
  const seen = tilesOf(plan, picture).map((tile): SeenTile => {
    if (regions === null) return { tile, inside: null };
    const { left, top, width, height } = tile;
    const part = {
      left: left / picture.width,
      top: top / picture.height,
      width: width / picture.width,
      height: height / picture.height,
    };
    const inside = insidePart(regions, part, side, side);
    return { tile, inside: inside.includes(0) ? inside : null };
  });
  const left = seen.filter(({ inside }) => inside?.includes(1) ?? true);
  if (left.length > 0) return left;
  throw new OkapiError('option.invalid', `the regions leave nothing of ${picture.width}x${picture.height}`);
}

/** A tile at side x side, resized by area. */
export function tilePixels(picture: Picture, { tile, inside }: SeenTile, side: number): Picture {
  const seen = resize(crop(picture, tile), side, side, 'area');
  if (inside !== null)
    for (let i = 0; i < inside.length; i++)
      if (inside[i] === 0) seen.data.fill(OUTSIDE_LEVEL, 3 * i, 3 * i + 3);
  return seen;
}
