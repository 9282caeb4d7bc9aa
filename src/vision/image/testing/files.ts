// Makes the picture files of the tests, good and bad, so that no binary file is kept.
import { crc32, deflateSync } from 'node:zlib';
import type { Picture } from '../picture.ts';

/** A picture whose every corner differs, so that a turn or a mirror shows; with some texture. */
export function gradientPicture(width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data[at++] = (x * 200) / width;
      data[at++] = (y * 200) / height;
      data[at++] = ((x * 31 + y * 17) % 97) + ((x * y) % 23);
    }
  }
  return { width, height, data };
}

export function pngChunk(name: string, content: Uint8Array): Buffer {
  const chunk = Buffer.alloc(12 + content.length);
  chunk.writeUInt32BE(content.length, 0);
  chunk.write(name, 4, 'latin1');
  chunk.set(content, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + content.length)), 8 + content.length);
  return chunk;
}

export interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly bits?: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly colour?: number;
  /** Filter byte and samples of each row, before compression; zeros when left out. */
  readonly rows?: Uint8Array;
  /** Chunks between the header and the pixels. */
  readonly extra?: readonly Uint8Array[];
}

export function pngFile({ width, height, bits = 8, colour = 2, rows, extra = [] }: PngParts): Buffer {
  const samples = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colour]!;
  const zeros = () => Buffer.alloc(height * (1 + Math.ceil((width * samples * bits) / 8)));
  return Buffer.concat([
    pngHeader(width, height, bits, colour),
    ...extra,
    pngChunk('IDAT', deflateSync(rows ?? zeros())),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The signature and the header chunk alone. */
export function pngHeader(width: number, height: number, bits = 8, colour = 2): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, colour], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', header),
  ]);
}

/** PNG rows of `samples` bytes a pixel, all by the filter "none". */
export function pngRows(
  width: number,
  height: number,
  pixel: (x: number, y: number) => readonly number[],
): Buffer {
  const rows = Array.from({ length: height }, (_, y) => [
    0,
    ...Array.from({ length: width }, (_, x) => pixel(x, y)).flat(),
  ]);
  return Buffer.from(rows.flat());
}

interface TiffTag {
  readonly tag: number;
  readonly values: readonly number[];
}

/** A little-endian TIFF directory of LONG values at `offset`; values that do not fit follow it. */
function tiffDirectory(tags: readonly TiffTag[], offset: number, next: number): Buffer {
  const sorted = [...tags].sort((a, b) => a.tag - b.tag);
  const end = 2 + sorted.length * 12 + 4;
  const overflow: number[] = [];
  const block = Buffer.alloc(end);
  block.writeUInt16LE(sorted.length, 0);
  for (const [i, { tag, values }] of sorted.entries()) {
    const at = 2 + i * 12;
    block.writeUInt16LE(tag, at);
    block.writeUInt16LE(4, at + 2);
    block.writeUInt32LE(values.length, at + 4);
    block.writeUInt32LE(values.length === 1 ? values[0]! : offset + end + overflow.length * 4, at + 8);
    if (values.length > 1) overflow.push(...values);
  }
  block.writeUInt32LE(next, end - 4);
  return Buffer.concat([block, Buffer.from(Uint32Array.from(overflow).buffer)]);
}

/** The TIFF block inside EXIF metadata; `next` other than 0 points to a further directory (8: to itself). */
export function exifBlock(orientation: number, next = 0): Buffer {
  const head = Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0]);
  return Buffer.concat([head, tiffDirectory([{ tag: 274, values: [orientation] }], 8, next)]);
}

export interface TiffParts {
  readonly orientation?: number;
  /** Tags that replace or join those of an uncompressed RGB picture. */
  readonly tags?: Readonly<Record<number, readonly number[]>>;
  /** Tags of a second page; it shares the pixels. */
  readonly secondPage?: Readonly<Record<number, readonly number[]>>;
}

/** An uncompressed RGB TIFF of one strip, its directory before its pixels. */
export function tiffFile(
  picture: Picture,
  { orientation = 1, tags = {}, secondPage }: TiffParts = {},
): Buffer {
  const { width, height, data } = picture;
  const pageTags = (pixels: number, changes: Readonly<Record<number, readonly number[]>>) => {
    const all: Record<number, readonly number[]> = {
      256: [width],
      257: [height],
      258: [8, 8, 8],
      259: [1],
      262: [2],
      273: [pixels],
      274: [orientation],
      277: [3],
      278: [height],
      279: [data.length],
      284: [1],
      ...changes,
    };
    return Object.entries(all).map(([tag, values]) => ({ tag: Number(tag), values }));
  };
  const first = tiffDirectory(pageTags(0, tags), 8, 0).length;
  const second = secondPage ? tiffDirectory(pageTags(0, secondPage), 0, 0).length : 0;
  const pixels = 8 + first + second;
  return Buffer.concat([
    Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0]),
    tiffDirectory(pageTags(pixels, tags), 8, secondPage ? 8 + first : 0),
    secondPage ? tiffDirectory(pageTags(pixels, secondPage), 8 + first, 0) : Buffer.alloc(0),
    data,
  ]);
}

/** A JPEG with a further segment right after its first two bytes. */
export function withJpegSegment(jpeg: Uint8Array, marker: number, content: Uint8Array): Buffer {
  const head = Buffer.from([0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 0xff]);
  return Buffer.concat([jpeg.subarray(0, 2), head, content, jpeg.subarray(2)]);
}

export function withJpegExif(jpeg: Uint8Array, exif: Uint8Array): Buffer {
  return withJpegSegment(jpeg, 0xe1, Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), exif]));
}

/** A WebP of these chunks. */
export function webpFile(chunks: readonly (readonly [name: string, content: Uint8Array])[]): Buffer {
  const body = chunks.map(([name, content]) => {
    const head = Buffer.from(`${name}\0\0\0\0`, 'latin1');
    head.writeUInt32LE(content.length, 4);
    return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
  });
  const file = Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBP', 'latin1'), ...body]);
  file.writeUInt32LE(file.length - 8, 4);
  return file;
}

/** The content of VP8X. Flags: 2 animation, 4 XMP, 8 EXIF, 16 alpha, 32 ICC. */
export function webpExtension(width: number, height: number, flags: number): Buffer {
  const content = Buffer.alloc(10);
  content[0] = flags;
  content.writeUIntLE(width - 1, 4, 3);
  content.writeUIntLE(height - 1, 7, 3);
  return content;
}

export interface BmpParts {
  readonly bits: number;
  readonly width: number;
  readonly height: number;
  readonly isTopDown?: boolean;
  readonly headerSize?: number;
  readonly compression?: number;
  /** Red, green, blue; written at byte 54. */
  readonly masks?: readonly number[];
  /** [red, green, blue] of each entry. */
  readonly palette?: readonly (readonly number[])[];
  /** The value of each pixel, row by row in the order of the file. */
  readonly pixel: (x: number, row: number) => number;
}

/** A BMP of any depth, with a header of 12 (OS/2) or 40 and more bytes. */
export function bmpFile(parts: BmpParts): Buffer {
  const {
    bits,
    width,
    height,
    isTopDown = false,
    headerSize = 40,
    compression = 0,
    masks = [],
    palette = [],
  } = parts;
  const isCore = headerSize === 12;
  const header = Buffer.alloc(14 + Math.max(headerSize, 12 + (masks.length > 0 ? 40 : 0)));
  const entries = palette.map(([r, g, b]) => Buffer.from(isCore ? [b!, g!, r!] : [b!, g!, r!, 0]));
  header.write('BM', 0, 'latin1');
  header.writeUInt32LE(header.length + Buffer.concat(entries).length, 10);
  header.writeUInt32LE(headerSize, 14);
  if (isCore) {
    for (const [i, value] of [width, height, 1, bits].entries()) header.writeUInt16LE(value, 18 + i * 2);
  } else {
    header.writeInt32LE(width, 18);
    header.writeInt32LE(isTopDown ? -height : height, 22);
    header.writeUInt16LE(1, 26);
    header.writeUInt16LE(bits, 28);
    header.writeUInt32LE(compression, 30);
    header.writeUInt32LE(palette.length, 46);
    for (const [i, mask] of masks.entries()) header.writeUInt32LE(mask, 54 + i * 4);
  }
  return Buffer.concat([header, ...entries, bmpRows(parts)]);
}

function bmpRows({ bits, width, height, pixel }: BmpParts): Buffer {
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  const rows = Buffer.alloc(rowBytes * height);
  for (let row = 0; row < height; row++) {
    for (let x = 0; x < width; x++) {
      if (bits >= 8) rows.writeUIntLE(pixel(x, row), row * rowBytes + (x * bits) / 8, bits / 8);
      else
        rows[row * rowBytes + Math.floor((x * bits) / 8)]! |= pixel(x, row) << (8 - bits - ((x * bits) % 8));
    }
  }
  return rows;
}

export function patched(bytes: Uint8Array, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = value;
  return copy;
}

/** Where the frame header of a baseline JPEG begins. */
export function frameMarker(jpeg: Buffer): number {
  return jpeg.indexOf(Buffer.from([0xff, 0xc0]));
}

/** A JPEG whose last scan is repeated so many times. */
export function withScans(jpeg: Buffer, count: number): Buffer {
  const scan = jpeg.subarray(jpeg.lastIndexOf(Buffer.from([0xff, 0xda])), jpeg.length - 2);
  return Buffer.concat([jpeg.subarray(0, -2), ...Array<Buffer>(count).fill(scan), jpeg.subarray(-2)]);
}
