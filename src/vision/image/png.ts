// PNG: walks the chunks and checks their sums, keeps those that pixels depend on, leaves the decoding to libpng.
import { crc32, createInflate } from 'node:zlib';
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

const NAME = 'PNG';
const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** What the decoder gets to see. Without gAMA, iCCP and the like, levels stay as stored. */
const pixelChunks = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];
const samplesPerPixel = new Map([
  [0, 1],
  [2, 3],
  [3, 1],
  [4, 2],
  [6, 4],
]);
/** Of an interlaced file: first column and line of each pass, and the steps to the next. PNG specification, 8.2. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const INFLATED_PIECE = 256 * 1024;

export const png: PictureFormat = {
  name: NAME,
  isAt: (bytes) => startsWith(bytes, signature),
  readSize,
  readStructure,
  async decode(bytes, size) {
    const [pixels] = await Promise.all([decodeWithSharp(NAME, bytes, size), checkInflatedBytes(bytes)]);
    return pixels;
  },
};

interface Chunk {
  readonly name: string;
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

function* chunks(bytes: Uint8Array): Generator<Chunk> {
  const view = viewOf(bytes);
  for (let start = signature.length; start < bytes.length; ) {
    if (start + 12 > bytes.length) break;
    const end = start + 12 + view.getUint32(start);
    const name = nameAt(bytes, start + 4);
    if (!/^[A-Za-z]{4}$/.test(name)) throw corrupt(NAME, `no chunk name at byte ${start + 4}`);
    if (end > bytes.length) break;
    if (pixelChunks.includes(name) && crc32(bytes.subarray(start + 4, end - 4)) !== view.getUint32(end - 4)) {
      throw corrupt(NAME, `the check sum of chunk ${name} at byte ${start} does not fit`);
    }
    yield { name, start, content: start + 8, end };
    if (name === 'IEND') return;
    start = end;
  }
  throw truncated(NAME, `no end chunk in ${bytes.length} bytes`);
}

function readSize(bytes: Uint8Array): Size {
  const [first] = chunks(bytes);
  if (first?.name !== 'IHDR' || first.end - first.start !== 25)
    throw corrupt(NAME, 'it does not start with a header');
  const view = viewOf(bytes);
  const size = { width: view.getUint32(first.content), height: view.getUint32(first.content + 4) };
  if (size.width === 0 || size.height === 0) throw corrupt(NAME, `its size is ${size.width}x${size.height}`);
  if (!samplesPerPixel.has(bytes[first.content + 9]!)) {
    throw corrupt(NAME, `unknown colour type ${bytes[first.content + 9]}`);
  }
  return size;
}

function readStructure(bytes: Uint8Array): Structure {
  const kept: Uint8Array[] = [bytes.subarray(0, signature.length)];
  let orientation: Orientation = 1;
  let compressedBytes = 0;
  for (const { name, start, content, end } of chunks(bytes)) {
    if (name === 'acTL') throw animated(NAME, `${viewOf(bytes).getUint32(content)} frames`);
    if (name === 'eXIf') orientation = exifOrientation(bytes.subarray(content, end - 4));
    if (name === 'IDAT') compressedBytes += end - start - 12;
    if (pixelChunks.includes(name)) kept.push(bytes.subarray(start, end));
  }
  if (compressedBytes === 0) throw corrupt(NAME, 'it has no pixels');
  checkCompressedBytes(bytes, compressedBytes);
  return { orientation, bytes: Buffer.concat(kept) };
}

/** What cannot be the rows of this picture is refused before anything is inflated. */
function checkCompressedBytes(bytes: Uint8Array, compressedBytes: number): void {
  const rowBytes = inflatedBytes(bytes);
  if (compressedBytes > 2 * rowBytes + 65536) {
    throw corrupt(NAME, `expected at most ${rowBytes} bytes of pixels, got ${compressedBytes} compressed`);
  }
}

/**
 * The decoder stops when it has all rows and does not say that there is more; a file that goes on was not written by
 * anything that writes pictures. Inflated beside the decoder and thrown away; what is wrong with the stream itself, the
 * decoder tells.
 */
function checkInflatedBytes(bytes: Uint8Array): Promise<void> {
  const expected = inflatedBytes(bytes);
  let found = 0;
  return new Promise((resolve, reject) => {
    const inflate = createInflate({ chunkSize: INFLATED_PIECE });
    inflate.on('data', (piece: Buffer) => {
      found += piece.length;
      if (found <= expected) return;
      inflate.destroy();
      reject(corrupt(NAME, `expected ${expected} bytes of pixels, got more`));
    });
    inflate.once('error', () => resolve());
    inflate.once('close', () => resolve());
    for (const { name, content, end } of chunks(bytes))
      if (name === 'IDAT') inflate.write(bytes.subarray(content, end - 4));
    inflate.end();
  });
}

/** Bytes of all rows, each with its filter; an interlaced file has seven pictures in one. */
function inflatedBytes(bytes: Uint8Array): number {
  const { width, height } = readSize(bytes);
  const bitsPerPixel = bytes[24]! * samplesPerPixel.get(bytes[25]!)!;
  const rows = (columns: number, lines: number) =>
    columns === 0 ? 0 : lines * (Math.ceil((columns * bitsPerPixel) / 8) + 1);
  if (bytes[28] === 0) return rows(width, height);
  return adam7.reduce(
    (sum, [x, y, dx, dy]) => sum + rows(Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)),
    0,
  );
}
