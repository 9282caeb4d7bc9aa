// How bright and how sharp a picture is: what tells of lamps that age and lenses that slip, whatever the part looks like.
import type { Picture } from '../image/picture.ts';
import { resize } from '../image/resize.ts';

export interface PictureQuality {
  /** Mean luma, 0..1. */
  readonly brightness: number;
  /** Variance of the Laplacian (Pech-Pacheco et al. 2000) of the luma 0..255, with the picture at most `MEASURED_SIDE` wide and high. */
  readonly sharpness: number;
  /** Shares of pixels that are all but black, and all but white. */
  readonly darkShare: number;
  readonly brightShare: number;
}

/** Larger pictures are shrunk by area first: sharpness then means the same at every resolution of the camera. */
const MEASURED_SIDE = 512;
const DARK = 4;
const BRIGHT = 251;

export function measureQuality(picture: Picture): PictureQuality {
  const { luma, width, height } = lumaOf(shrunk(picture, MEASURED_SIDE));
  let [sum, dark, bright] = [0, 0, 0];
  // Indexed: iterating a typed array takes several times as long.
  for (let i = 0; i < luma.length; i++) {
    const v = luma[i]!;
    sum += v;
    if (v <= DARK) dark++;
    if (v >= BRIGHT) bright++;
  }
  return {
    brightness: sum / luma.length / 255,
    sharpness: laplacianVariance(luma, width, height),
    darkShare: dark / luma.length,
    brightShare: bright / luma.length,
  };
}

function shrunk(picture: Picture, side: number): Picture {
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  if (scale === 1) return picture;
  const of = (length: number) => Math.max(1, Math.round(length * scale));
  return resize(picture, of(picture.width), of(picture.height), 'area');
}

/** ITU-R BT.601. */
export function lumaOf({ width, height, data }: Picture) {
  const luma = new Float32Array(width * height);
  for (let i = 0, at = 0; i < luma.length; i++, at += 3)
    luma[i] = 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
  return { luma, width, height };
}

/** Of the inner pixels; 0 for pictures that have none. */
function laplacianVariance(luma: Float32Array, width: number, height: number): number {
  let [count, sum, squares] = [0, 0, 0];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x;
      const v = luma[i - 1]! + luma[i + 1]! + luma[i - width]! + luma[i + width]! - 4 * luma[i]!;
      count++;
      sum += v;
      squares += v * v;
    }
  }
  return count === 0 ? 0 : Math.max(0, squares / count - (sum / count) ** 2);
}
