// Draws the small preview of a stored picture: what the child does, in plain values.
import { readFile, writeFile } from 'node:fs/promises';
import { decodePicture, type PictureLimits } from '../../vision/image/decode.ts';
import { encodePicture } from '../../vision/image/encode.ts';
import { fitWithin } from '../../vision/image/fit-within.ts';

export interface ThumbnailRequest {
  /** The local file of the picture. */
  readonly path: string;
  /** The local file to write. */
  readonly to: string;
  readonly limits: PictureLimits;
}

/** The longer side in pixels: a tile of 160 on a screen of twice as many. */
export const THUMBNAIL_SIDE = 320;
const QUALITY = 80;

/** How many bytes the WebP has. Throws the image.* errors of a picture that cannot be decoded. */
export async function drawThumbnail({ path, to, limits }: ThumbnailRequest): Promise<number> {
  const picture = await decodePicture(await readFile(path), limits);
  const bytes = await encodePicture(fitWithin(picture, THUMBNAIL_SIDE), 'webp', { quality: QUALITY });
  await writeFile(to, bytes);
  return bytes.length;
}
