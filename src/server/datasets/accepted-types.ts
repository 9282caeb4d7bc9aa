// Which types of pictures the settings accept, and the extension each is stored with.
import type { PictureType } from '../../vision/image/format.ts';

/** The types that extensions of the settings stand for; names of uploaded files play no part. */
const typeOfExtension: ReadonlyMap<string, PictureType> = new Map([
  ['.jpg', 'jpeg'],
  ['.jpeg', 'jpeg'],
  ['.png', 'png'],
  ['.webp', 'webp'],
  ['.bmp', 'bmp'],
  ['.tif', 'tiff'],
  ['.tiff', 'tiff'],
]);

export const storedExtension: Readonly<Record<PictureType, string>> = {
  jpeg: 'jpg',
  png: 'png',
  webp: 'webp',
  bmp: 'bmp',
  tiff: 'tiff',
};

const titles: Readonly<Record<PictureType, string>> = {
  jpeg: 'JPEG',
  png: 'PNG',
  webp: 'WebP',
  bmp: 'BMP',
  tiff: 'TIFF',
};

/** The types that a list such as uploads.allowed_extensions accepts. Extensions of other files accept nothing. */
export function acceptedTypes(extensions: readonly string[]): PictureType[] {
  const types = extensions.flatMap((extension) => typeOfExtension.get(extension.toLowerCase()) ?? []);
  return [...new Set(types)];
}

/** Such as "JPEG, PNG or WebP". */
export function typeList(types: readonly PictureType[]): string {
  const names = types.map((type) => titles[type]);
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/** Whether a stored name ends as a picture does. */
export function isPictureName(name: string): boolean {
  const dot = name.lastIndexOf('.');
  return dot > 0 && typeOfExtension.has(name.slice(dot).toLowerCase());
}
