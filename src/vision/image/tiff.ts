// TIFF: reads the first directory, checks that every strip is there, leaves the decoding to libtiff.
import { firstDirectory, isTiffHeader, ORIENTATION_TAG, orientationOf, readDirectory } from './directory.ts';
import {
  animated,
  corrupt,
  type PictureFormat,
  type Size,
  type Structure,
  truncated,
  unsupported,
} from './format.ts';
import { decodeWithSharp } from './sharp-decode.ts';

const NAME = 'TIFF';
const [SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, EXTRA_SAMPLES, SAMPLE_FORMAT] = [
  254, 256, 257, 258, 259, 262, 277, 338, 339,
];
const [STRIP_OFFSETS, STRIP_SIZES, TILE_OFFSETS, TILE_SIZES] = [273, 279, 324, 325];
const [JPEG_COMPRESSION, CMYK, YCBCR, ASSOCIATED_ALPHA] = [7, 5, 6, 1];
/** None, the three fax codes, LZW, JPEG, deflate (two numbers), PackBits. */
const compressions = [1, 2, 3, 4, 5, JPEG_COMPRESSION, 8, 32773, 32946];
/** Bits of a sample that each meaning of the samples may have: white is zero, black is zero, RGB, palette, ... */
const bitsOf = new Map([
  [0, [1, 8, 16]],
  [1, [1, 8, 16]],
  [2, [8, 16]],
  [3, [8]],
  [CMYK, [8]],
  [YCBCR, [8]],
]);

export const tiff: PictureFormat = {
  name: NAME,
  isAt: isTiffHeader,
  readSize,
  readStructure,
  decode: (bytes, size) => {
    const tags = firstPage(bytes);
    return decodeWithSharp(NAME, bytes, size, {
      isCmyk: one(tags, PHOTOMETRIC, 1) === CMYK,
      // libtiff warns of harmless things that many writers do; its JPEG part warns of missing pixels.
      failOn: one(tags, COMPRESSION, 1) === JPEG_COMPRESSION ? 'warning' : 'error',
    });
  },
};

type Tags = ReadonlyMap<number, readonly number[]>;

function one(tags: Tags, tag: number, otherwise: number): number {
  return tags.get(tag)?.[0] ?? otherwise;
}

function firstPage(bytes: Uint8Array): Tags {
  if (bytes.length < 8) throw truncated(NAME, `expected at least 8 bytes, got ${bytes.length}`);
  const directory = readDirectory(bytes, firstDirectory(bytes));
  if (directory === null) throw truncated(NAME, 'its directory lies outside the file');
  return directory.tags;
}

function readSize(bytes: Uint8Array): Size {
  const tags = firstPage(bytes);
  const [width, height] = [one(tags, WIDTH, 0), one(tags, HEIGHT, 0)];
  if (width === 0 || height === 0) throw corrupt(NAME, `its size is ${width}x${height}`);
  return { width, height };
}

function readStructure(bytes: Uint8Array): Structure {
  const tags = firstPage(bytes);
  checkKind(tags);
  checkPages(bytes);
  checkStrips(bytes, tags);
  return { orientation: orientationOf(tags.get(ORIENTATION_TAG)?.[0]), bytes };
}

function checkKind(tags: Tags): void {
  const photometric = one(tags, PHOTOMETRIC, -1);
  const compression = one(tags, COMPRESSION, 1);
  const bits = tags.get(BITS) ?? [1];
  if ((one(tags, SUBFILE, 0) & 1) !== 0)
    throw unsupported('a camera raw file, whose first page is a preview');
  if (!compressions.includes(compression)) throw unsupported(`a TIFF with compression ${compression}`);
  if (tags.get(SAMPLE_FORMAT)?.some((format) => format !== 1)) {
    throw unsupported('a TIFF of signed or floating-point samples; unsigned 8 or 16 bit are read');
  }
  const allowed = bitsOf.get(photometric);
  if (!allowed || (photometric === YCBCR && compression !== JPEG_COMPRESSION)) {
    throw unsupported(`a TIFF of colour kind ${photometric}; grey, RGB, palette and CMYK are read`);
  }
  if (bits.some((b) => b !== bits[0]) || !allowed.includes(bits[0]!)) {
    throw unsupported(`a TIFF of ${bits.join(', ')} bits a sample; ${allowed.join(' or ')} are read`);
  }
  if (photometric === CMYK && one(tags, SAMPLES, 1) !== 4) throw unsupported('a TIFF of CMYK with more inks');
  if (one(tags, EXTRA_SAMPLES, 0) === ASSOCIATED_ALPHA) throw unsupported('a TIFF of premultiplied alpha');
}

/** Further pages are fine when they are only smaller versions or masks of the first. */
function checkPages(bytes: Uint8Array): void {
  const seen = new Set([firstDirectory(bytes)]);
  let page = readDirectory(bytes, firstDirectory(bytes));
  while (page && page.next !== 0) {
    if (seen.has(page.next)) throw corrupt(NAME, 'its pages go round in a circle');
    seen.add(page.next);
    page = readDirectory(bytes, page.next);
    if (page === null) throw truncated(NAME, 'a directory lies outside the file');
    if ((one(page.tags, SUBFILE, 0) & 0b101) === 0) throw animated(NAME, 'several pages');
  }
}

function checkStrips(bytes: Uint8Array, tags: Tags): void {
  const offsets = tags.get(STRIP_OFFSETS) ?? tags.get(TILE_OFFSETS) ?? [];
  const sizes = tags.get(STRIP_SIZES) ?? tags.get(TILE_SIZES) ?? [];
  if (offsets.length === 0 || offsets.length !== sizes.length) throw corrupt(NAME, 'it has no pixels');
  for (const [i, offset] of offsets.entries()) {
    const end = offset + sizes[i]!;
    if (end > bytes.length) throw truncated(NAME, `pixels at bytes ${offset} to ${end} of ${bytes.length}`);
  }
}
