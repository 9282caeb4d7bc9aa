// Reads the tag directories of TIFF files and of EXIF blocks, which are small TIFF files.
import { type Orientation, startsWith, viewOf } from './format.ts';

/** One directory: the numbers of each tag, and where the next directory starts (0: none). */
export interface Directory {
  readonly tags: ReadonlyMap<number, readonly number[]>;
  readonly next: number;
}

export const ORIENTATION_TAG = 274;

/** Bytes of each value type that holds whole numbers: BYTE, SHORT, LONG. Other types are passed over. */
const valueSizes = new Map([
  [1, 1],
  [3, 2],
  [4, 4],
]);

/** The directory at `offset`, or null when it or one of its values lies outside the bytes. */
export function readDirectory(bytes: Uint8Array, offset: number): Directory | null {
  const view = viewOf(bytes);
  const little = bytes[0] === 0x49;
  if (offset < 8 || offset + 2 > bytes.length) return null;
  const entries = view.getUint16(offset, little);
  const end = offset + 2 + entries * 12;
  if (end + 4 > bytes.length) return null;
  const tags = new Map<number, number[]>();
  for (let at = offset + 2; at < end; at += 12) {
    const size = valueSizes.get(view.getUint16(at + 2, little));
    if (size === undefined) continue;
    const count = view.getUint32(at + 4, little);
    const start = count * size <= 4 ? at + 8 : view.getUint32(at + 8, little);
    if (start + count * size > bytes.length) return null;
    const read = { 1: view.getUint8, 2: view.getUint16, 4: view.getUint32 }[size as 1 | 2 | 4].bind(view);
    const values = Array.from({ length: count }, (_, i) => read(start + i * size, little));
    tags.set(view.getUint16(at, little), values);
  }
  return { tags, next: view.getUint32(end, little) };
}

/** Whether the bytes start as a classic TIFF, of either byte order. */
export function isTiffHeader(bytes: Uint8Array): boolean {
  return startsWith(bytes, [0x49, 0x49, 42, 0]) || startsWith(bytes, [0x4d, 0x4d, 0, 42]);
}

/** Where the first directory starts. */
export function firstDirectory(bytes: Uint8Array): number {
  return viewOf(bytes).getUint32(4, bytes[0] === 0x49);
}

/** The orientation in an EXIF block; 1 when the block is damaged, since metadata never spoils a picture. */
export function exifOrientation(exif: Uint8Array): Orientation {
  if (exif.length < 8 || !isTiffHeader(exif)) return 1;
  return orientationOf(readDirectory(exif, firstDirectory(exif))?.tags.get(ORIENTATION_TAG)?.[0]);
}

/** 1 for a value that no orientation has. */
export function orientationOf(value: number | undefined): Orientation {
  return value !== undefined && value >= 1 && value <= 8 ? (value as Orientation) : 1;
}
