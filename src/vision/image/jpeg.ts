// JPEG: walks the segments, keeps those that pixels depend on, leaves the decoding to libjpeg.
import { exifOrientation } from './directory.ts';
import {
  corrupt,
  nameAt,
  type Orientation,
  type PictureFormat,
  type Size,
  type Structure,
  startsWith,
  truncated,
  unsupported,
  viewOf,
} from './format.ts';
import { decodeWithSharp } from './sharp-decode.ts';

const NAME = 'JPEG';
const [SOI, EOI, SOS, DHT, JPG, DAC, APP0, APP1, APP14, APP15, COM] = [
  0xd8, 0xd9, 0xda, 0xc4, 0xc8, 0xcc, 0xe0, 0xe1, 0xee, 0xef, 0xfe,
];
/** A picture has about ten; a file of thousands is made to keep decoders busy. */
const MAX_SCANS = 100;

export const jpeg: PictureFormat = {
  name: NAME,
  isAt: (bytes) => startsWith(bytes, [0xff, SOI, 0xff]),
  readSize: (bytes) => readFrame(bytes),
  readStructure,
  decode: (bytes, size) => decodeWithSharp(NAME, bytes, size, { isCmyk: readFrame(bytes).components === 4 }),
};

interface Segment {
  readonly marker: number;
  /** Of the marker's 0xff, of the content, and of what follows. */
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** Every segment in order; a scan's end is the next marker. Ends after EOI, whatever follows it. */
function* segments(bytes: Uint8Array): Generator<Segment> {
  const view = viewOf(bytes);
  let at = 2;
  while (true) {
    const start = at;
    if (at < bytes.length && bytes[at] !== 0xff) {
      throw corrupt(NAME, `expected a marker at byte ${at}, got ${bytes[at]}`);
    }
    while (bytes[at] === 0xff) at++; // any number of fill bytes may stand before a marker
    const marker = bytes[at++];
    if (marker === undefined) throw truncated(NAME, `no end marker in ${bytes.length} bytes`);
    if (marker === EOI) {
      yield { marker, start, content: at, end: at };
      return;
    }
    const end = at + 2 <= bytes.length ? at + view.getUint16(at) : Number.POSITIVE_INFINITY;
    if (end < at + 2) throw corrupt(NAME, `a segment of ${end - at} bytes at byte ${at}`);
    if (end > bytes.length) throw truncated(NAME, `a segment goes beyond its ${bytes.length} bytes`);
    const next = marker === SOS ? endOfScan(bytes, end) : end;
    yield { marker, start, content: at + 2, end: next };
    at = next;
  }
}

/** The first marker after the entropy-coded bytes: 0xff followed by neither a stuffed zero nor a restart. */
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const code = bytes[at + 1];
    if (code !== undefined && code !== 0 && code !== 0xff && !(code >= 0xd0 && code <= 0xd7)) return at;
  }
  throw truncated(NAME, `no end marker in ${bytes.length} bytes`);
}

interface Frame extends Size {
  readonly components: number;
}

/** The frame header: baseline or progressive, Huffman coded, 8 bits; the other kinds are refused by name. */
function readFrame(bytes: Uint8Array): Frame {
  for (const { marker, content, end } of segments(bytes)) {
    if (marker === SOS || marker === EOI) break;
    if ((marker & 0xf0) !== 0xc0 || [DHT, JPG, DAC].includes(marker)) continue;
    if (marker > 0xc2) throw unsupported('a lossless, hierarchical or arithmetic-coded JPEG');
    if (end < content + 6) throw corrupt(NAME, 'the frame header is too short');
    const view = viewOf(bytes);
    if (bytes[content] !== 8) throw unsupported(`a JPEG of ${bytes[content]} bits`);
    const height = view.getUint16(content + 1);
    const width = view.getUint16(content + 3);
    const components = bytes[content + 5]!;
    if (![1, 3, 4].includes(components)) throw unsupported(`a JPEG of ${components} channels`);
    if (width === 0 || height === 0) throw corrupt(NAME, `its size is ${width}x${height}`);
    return { width, height, components };
  }
  throw corrupt(NAME, 'it has no frame header');
}

function readStructure(bytes: Uint8Array): Structure {
  const kept: Uint8Array[] = [bytes.subarray(0, 2)];
  let orientation: Orientation = 1;
  let scans = 0;
  for (const { marker, start, content, end } of segments(bytes)) {
    if (marker === SOS) scans++;
    if (marker === APP1 && nameAt(bytes, content) === 'Exif') {
      orientation = exifOrientation(bytes.subarray(content + 6, end));
    }
    // APP0 (JFIF) and APP14 (Adobe) say how colours are coded; the other application segments are metadata.
    const isMetadata = marker === COM || (marker > APP0 && marker <= APP15 && marker !== APP14);
    if (!isMetadata) kept.push(bytes.subarray(start, end));
  }
  if (scans === 0) throw corrupt(NAME, 'it has no pixels');
  if (scans > MAX_SCANS) throw corrupt(NAME, `expected at most ${MAX_SCANS} scans, got ${scans}`);
  return { orientation, bytes: Buffer.concat(kept) };
}
