// What each picture format must answer, and the errors all of them share.
import { OkapiError } from '../errors.ts';

export type PictureType = 'jpeg' | 'png' | 'webp' | 'bmp' | 'tiff';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How the pixels are turned in the file: the EXIF orientation, 1 = as seen. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export interface Structure {
  readonly orientation: Orientation;
  /** The file with only the parts that pixels depend on: no profiles, comments or other metadata. */
  readonly bytes: Uint8Array;
}

/** Pixels as stored, before orientation, rows from the top, interleaved. cmyk: 255 is full ink. */
export interface RawPixels extends Size {
  readonly kind: 'rgb' | 'rgba' | 'cmyk';
  readonly data: Uint8Array;
}

/** Each step trusts that the ones before it passed; each throws an OkapiError image.*. */
export interface PictureFormat {
  readonly name: string;
  /** Whether the first bytes are those of this format, as far as there are bytes. */
  isAt(bytes: Uint8Array): boolean;
  /** Size of the stored pixels, from the header alone: nothing large is touched. */
  readSize(bytes: Uint8Array): Size;
  /** Walks the whole file without decoding it: complete, undamaged as its own check sums say, one frame. */
  readStructure(bytes: Uint8Array): Structure;
  decode(bytes: Uint8Array, size: Size): Promise<RawPixels>;
}

const acceptedTypes = 'JPEG, PNG, WebP, BMP or TIFF';

export function truncated(format: string, detail: string): OkapiError {
  return new OkapiError('image.truncated', `the ${format} ends too early: ${detail}`);
}

export function corrupt(format: string, detail: string): OkapiError {
  return new OkapiError('image.corrupt', `the ${format} is damaged: ${detail}`);
}

export function animated(format: string, frames: string): OkapiError {
  return new OkapiError('image.animated', `expected one still picture, got a ${format} of ${frames}`);
}

export function unsupported(detail: string): OkapiError {
  return new OkapiError('image.unsupported_type', `expected ${acceptedTypes}, got ${detail}`);
}

/** Whether `bytes` starts with `signature`; a file shorter than that counts when all it has fits. */
export function startsWith(bytes: Uint8Array, signature: readonly number[] | string, offset = 0): boolean {
  const codes = typeof signature === 'string' ? [...signature].map((c) => c.charCodeAt(0)) : signature;
  return codes.every((code, i) => offset + i >= bytes.length || bytes[offset + i] === code);
}

/** A DataView over exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Four characters at an offset: the name of a chunk. */
export function nameAt(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4));
}
