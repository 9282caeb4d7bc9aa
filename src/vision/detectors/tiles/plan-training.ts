// Decides how the pictures of a training are cut, before any of them is decoded.
import { basename } from 'node:path';
import { readPictureSizes } from '../../dataset/folder.ts';
import { OkapiError } from '../../errors.ts';
import { autoTiles, parseTiles, type Sides, type TilePlan, tilesOf } from '../../scoring/tile-plan.ts';
import type { LearntCut } from '../../training/good-pictures.ts';
import type { TrainContext, TrainRequest } from '../detector.ts';

/** The largest defect size that can be asked for, in pixels of the picture. */
const MOST_DEFECT = 4096;

/**
 * null: pictures stay whole. Says so in a note when they are cut. Throws option.invalid for tiles that one of the pictures cannot be cut into,
 * naming both sizes.
 */
export async function planTiles(
  request: TrainRequest,
  { imageSize, seed }: { readonly imageSize: number; readonly seed: number },
  mostLearnt: number,
  { onEvent, signal }: Pick<TrainContext, 'onEvent' | 'signal'>,
): Promise<LearntCut | null> {
  const setting = parseTiles(request.tiles ?? 'auto');
  const defectSize = checkedDefect(request.defectSize ?? null);
  if (setting === 'off') return null;
  const plan =
    setting === 'auto'
      ? await chosenTiles(request.pictures, imageSize, defectSize, signal)
      : await checkedTiles(setting, request.pictures, signal);
  if (plan === null) return null;
  const { size, overlap } = plan;
  onEvent({
    type: 'note',
    text: `pictures are looked at in tiles of ${size} px that overlap by ${overlap} px`,
  });
  return { plan, regions: request.regions ?? null, mostLearnt, seed };
}

/** Reads no further than to the first picture that is small enough to stay whole. */
async function chosenTiles(
  files: readonly string[],
  side: number,
  defectSize: number | null,
  signal: AbortSignal,
): Promise<TilePlan | null> {
  const sizes: Sides[] = [];
  for await (const { size } of readPictureSizes(files, signal)) {
    if (autoTiles([size], side, defectSize) === null) return null;
    sizes.push(size);
  }
  return autoTiles(sizes, side, defectSize);
}

async function checkedTiles(
  plan: TilePlan,
  files: readonly string[],
  signal: AbortSignal,
): Promise<TilePlan> {
  for await (const { file, size } of readPictureSizes(files, signal))
    try {
      tilesOf(plan, size);
    } catch (cause) {
      if (!(cause instanceof OkapiError)) throw cause;
      throw new OkapiError('option.invalid', `tiles: ${cause.message} (${basename(file)})`, { cause });
    }
  return plan;
}

function checkedDefect(size: number | null): number | null {
  if (size === null || (Number.isFinite(size) && size >= 1 && size <= MOST_DEFECT)) return size;
  throw new OkapiError(
    'option.invalid',
    `expected defectSize to be from 1 to ${MOST_DEFECT} px, got ${size}`,
  );
}
