// A picture made small for people to look at: both sides at most so long, the aspect ratio kept.
import type { Picture } from './picture.ts';
import { resize } from './resize.ts';

/** The picture itself where it is small enough; otherwise its longer side has `side` pixels. Resized by area. */
export function fitWithin(picture: Picture, side: number): Picture {
  const scale = side / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  const shorter = (length: number) => Math.max(1, Math.round(length * scale));
  return resize(picture, shorter(picture.width), shorter(picture.height), 'area');
}
