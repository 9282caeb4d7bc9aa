// Bytes to a Picture: the one way in for training, calibration and serving.
//
// The rule, for every file:
//   type         from the bytes, never from a name; JPEG, PNG, WebP, BMP and TIFF, one frame or page
//   orientation  EXIF and TIFF orientations 1..8 are applied
//   colour       levels as stored: ICC profiles and gamma are ignored, as OpenCV and Pillow do
//   grey         the same level in all three channels; palettes become their colours
//   alpha        composited on black, which is what most tools leave under transparent pixels (never read from BMP)
//   16 bit       the high byte, as OpenCV does
//   CMYK, YCCK   R = (255 - C)(255 - K) / 255 and so on, rounded, as Pillow does
// A file that is short or damaged is refused; nothing is filled in.
import { OkapiError } from '../errors.ts';
import { bmp } from './bmp.ts';
import {
  type PictureFormat,
  type PictureType,
  type Size,
  type Structure,
  startsWith,
  unsupported,
} from './format.ts';
import { jpeg } from './jpeg.ts';
import { orient, orientedSize } from './orient.ts';
import type { Picture } from './picture.ts';
import { png } from './png.ts';
import { tiff } from './tiff.ts';
import { toRgb } from './to-rgb.ts';
import { webp } from './webp.ts';

export interface PictureLimits {
  readonly maxBytes: number;
  readonly maxPixels: number;
  readonly minSide: number;
  readonly maxSide: number;
}

export const defaultLimits: PictureLimits = {
  maxBytes: 32 * 1024 * 1024,
  maxPixels: 50_000_000,
  minSide: 16,
  maxSide: 32768,
};

/** What a file holds: its type, and the size of the picture as seen. */
export interface PictureProbe extends Size {
  readonly type: PictureType;
}

/**
 * The picture in a file, by the rule above. Throws OkapiError image.empty, image.too_large, image.unsupported_type,
 * image.animated, image.too_many_pixels, image.too_small, image.truncated or image.corrupt.
 */
export async function decodePicture(
  bytes: Uint8Array,
  limits: PictureLimits = defaultLimits,
): Promise<Picture> {
  const { format, size, structure } = open(bytes, limits);
  return orient(toRgb(await format.decode(structure.bytes, size)), structure.orientation);
}

/** Type and size of a file whose outer structure is sound and within the limits; decodes no pixels. Throws as above. */
export function probePicture(bytes: Uint8Array, limits: PictureLimits = defaultLimits): PictureProbe {
  const { type, size, structure } = open(bytes, limits);
  return { type, ...orientedSize(size, structure.orientation) };
}

const formats: Record<PictureType, PictureFormat> = { jpeg, png, webp, bmp, tiff };

interface OpenFile {
  readonly type: PictureType;
  readonly format: PictureFormat;
  readonly size: Size;
  readonly structure: Structure;
}

/** Cheap checks first: the size is known to be within the limits before anything large is read. */
function open(bytes: Uint8Array, limits: PictureLimits): OpenFile {
  if (bytes.length === 0) throw new OkapiError('image.empty', 'expected a picture, got a file of 0 bytes');
  checkBytes(bytes.length, limits);
  const type = typeOf(bytes);
  const format = formats[type];
  const size = format.readSize(bytes);
  checkSize(size, limits);
  return { type, format, size, structure: format.readStructure(bytes) };
}

/** Throws image.too_large; for callers that know the length of a file before they read it. */
export function checkBytes(length: number, { maxBytes }: PictureLimits): void {
  if (length <= maxBytes) return;
  throw new OkapiError(
    'image.too_large',
    `expected at most ${megabytes(maxBytes)}, got ${megabytes(length)}`,
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
}

function checkSize({ width, height }: Size, { maxPixels, minSide, maxSide }: PictureLimits): void {
  const got = `got ${width}x${height}`;
  if (width * height > maxPixels) {
    const megapixels = (pixels: number) => `${(pixels / 1e6).toFixed(1)} megapixels`;
    const text = `expected at most ${megapixels(maxPixels)}, ${got} (${megapixels(width * height)})`;
    throw new OkapiError('image.too_many_pixels', text);
  }
  if (Math.max(width, height) > maxSide) {
    throw new OkapiError('image.too_many_pixels', `expected sides of at most ${maxSide} px, ${got}`);
  }
  if (Math.min(width, height) < minSide) {
    throw new OkapiError('image.too_small', `expected sides of at least ${minSide} px, ${got}`);
  }
}

function typeOf(bytes: Uint8Array): PictureType {
  for (const [type, format] of Object.entries(formats)) {
    if (bytes.length > 1 && format.isAt(bytes)) return type as PictureType;
  }
  const other = otherTypes.find(
    ({ at, signature }) => bytes.length > 8 && startsWith(bytes, signature, at ?? 0),
  );
  throw unsupported(other?.name ?? 'a file of another type');
}

/** Types that people try, only to name them in the message. */
const otherTypes: readonly { name: string; signature: readonly number[] | string; at?: number }[] = [
  { name: 'a GIF', signature: 'GIF8' },
  { name: 'an AVIF picture', signature: 'ftypavi', at: 4 },
  { name: 'a HEIC picture or a video', signature: 'ftyp', at: 4 },
  { name: 'a JPEG XL picture', signature: [0, 0, 0, 12, 0x4a, 0x58, 0x4c, 0x20] },
  { name: 'a JPEG XL picture', signature: [0xff, 0x0a] },
  { name: 'a JPEG 2000 picture', signature: [0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20] },
  { name: 'a BigTIFF', signature: [0x49, 0x49, 43, 0] },
  { name: 'a BigTIFF', signature: [0x4d, 0x4d, 0, 43] },
  { name: 'a Photoshop file', signature: '8BPS' },
  { name: 'an icon', signature: [0, 0, 1, 0] },
  { name: 'a PDF', signature: '%PDF' },
  { name: 'a ZIP archive', signature: 'PK\u0003\u0004' },
  { name: 'a program', signature: [0x7f, 0x45, 0x4c, 0x46] },
  { name: 'SVG, HTML or another text', signature: '<' },
];
