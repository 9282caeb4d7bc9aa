// A Picture as the bytes of a file, without metadata.
import type { Sharp } from 'sharp';
import type { Picture } from './picture.ts';
import { sharp } from './sharp.ts';

export type EncodedType = 'png' | 'jpeg' | 'webp';

export interface EncodeOptions {
  /** Of JPEG and WebP, 1..100. */
  readonly quality?: number;
}

/** The file of a picture. PNG keeps every level, JPEG and WebP are lossy. */
export async function encodePicture(
  picture: Picture,
  type: EncodedType,
  { quality = 90 }: EncodeOptions = {},
): Promise<Uint8Array> {
  const { width, height, data } = picture;
  const image = sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false });
  return new Uint8Array(await encoders[type](image, quality).toBuffer());
}

const encoders: Record<EncodedType, (image: Sharp, quality: number) => Sharp> = {
  png: (image) => image.png({ compressionLevel: 6 }),
  jpeg: (image, quality) => image.jpeg({ quality }),
  webp: (image, quality) => image.webp({ quality }),
};
