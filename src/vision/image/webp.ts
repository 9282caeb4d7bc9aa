// WebP: walks the chunks, keeps those that pixels depend on, leaves the decoding to libwebp.
import { exifOrientation } from './directory.ts';
import {
  animated,
  corrupt,
  nameAt,
  type Orientation,
  type PictureFormat,
  type Size,
  type Structure,
  startsWith,
  truncated,
  viewOf,
} from './format.ts';
import { decodeWithSharp } from './sharp-decode.ts';

const NAME = 'WebP';
const pixelChunks = ['VP8X', 'ALPH', 'VP8 ', 'VP8L'];
/** Flags of VP8X: an animation; and ICC, EXIF and XMP, which we take out. */
const [ANIMATION_FLAG, METADATA_FLAGS] = [0x02, 0x2c];

export const webp: PictureFormat = {
  name: NAME,
  isAt: (bytes) => startsWith(bytes, 'RIFF') && startsWith(bytes, 'WEBP', 8),
  readSize,
  readStructure,
  decode: (bytes, size) => decodeWithSharp(NAME, bytes, size),
};

interface Chunk {
  readonly name: string;
  readonly start: number;
  readonly content: number;
  /** Before the padding to an even length, and after. */
  readonly contentEnd: number;
  readonly end: number;
}

function* chunks(bytes: Uint8Array): Generator<Chunk> {
  const view = viewOf(bytes);
  const fileEnd = bytes.length < 12 ? Number.POSITIVE_INFINITY : 8 + view.getUint32(4, true);
  if (bytes.length < 30 || fileEnd > bytes.length) {
    throw truncated(NAME, `expected ${Math.max(fileEnd, 30)} bytes, got ${bytes.length}`);
  }
  for (let start = 12; start + 8 <= fileEnd; ) {
    const contentEnd = start + 8 + view.getUint32(start + 4, true);
    if (contentEnd > fileEnd) throw corrupt(NAME, `chunk ${nameAt(bytes, start)} goes beyond the end`);
    const end = contentEnd + (contentEnd % 2);
    yield { name: nameAt(bytes, start), start, content: start + 8, contentEnd, end };
    start = end;
  }
}

/** The size stands at a fixed place for each of the three kinds of first chunk. */
function readSize(bytes: Uint8Array): Size {
  const view = viewOf(bytes);
  if (bytes.length < 30) throw truncated(NAME, `expected at least 30 bytes, got ${bytes.length}`);
  switch (nameAt(bytes, 12)) {
    case 'VP8X':
      return { width: 1 + (view.getUint32(23, true) >>> 8), height: 1 + (view.getUint32(26, true) >>> 8) };
    case 'VP8L': {
      const bits = view.getUint32(21, true);
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
    }
    case 'VP8 ':
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    default:
      throw corrupt(NAME, `it starts with an unknown chunk`);
  }
}

function readStructure(bytes: Uint8Array): Structure {
  const kept: Uint8Array[] = [];
  let orientation: Orientation = 1;
  for (const { name, start, content, contentEnd, end } of chunks(bytes)) {
    if (name === 'ANIM' || name === 'ANMF') throw animated(NAME, 'several frames');
    if (name === 'EXIF') orientation = exifOrientation(withoutExifName(bytes.subarray(content, contentEnd)));
    if (!pixelChunks.includes(name)) continue;
    const chunk = Buffer.alloc(end - start); // a copy: the padding of the last chunk may be missing
    chunk.set(bytes.subarray(start, contentEnd));
    if (name === 'VP8X') {
      if ((chunk[8]! & ANIMATION_FLAG) !== 0) throw animated(NAME, 'several frames');
      chunk[8]! &= ~METADATA_FLAGS;
    }
    kept.push(chunk);
  }
  const body = Buffer.concat(kept);
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  head.writeUInt32LE(body.length + 4, 4);
  return { orientation, bytes: Buffer.concat([head, body]) };
}

/** Some writers put the name of JPEG's segment before the block. */
function withoutExifName(exif: Uint8Array): Uint8Array {
  return nameAt(exif, 0) === 'Exif' ? exif.subarray(6) : exif;
}
