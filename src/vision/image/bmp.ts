// BMP: our own decoder, since libvips has none: uncompressed pictures of 1, 4, 8, 16, 24 and 32 bits.
import {
  corrupt,
  type PictureFormat,
  type RawPixels,
  type Size,
  type Structure,
  startsWith,
  truncated,
  unsupported,
  viewOf,
} from './format.ts';

const NAME = 'BMP';
const CORE_HEADER = 12;
/** The sizes that a header can have: OS/2, then Windows 3, with masks, with alpha, 4 and 5. */
const headerSizes = [CORE_HEADER, 40, 52, 56, 64, 108, 124];
const [BI_RGB, BI_BITFIELDS] = [0, 3];
const compressionNames = new Map([
  [1, 'RLE8'],
  [2, 'RLE4'],
  [4, 'JPEG'],
  [5, 'PNG'],
]);

export const bmp: PictureFormat = {
  name: NAME,
  // Two letters are a weak sign, the size of the header makes it a strong one.
  isAt: (bytes) =>
    startsWith(bytes, 'BM') && (bytes.length < 18 || headerSizes.includes(viewOf(bytes).getUint32(14, true))),
  readSize: (bytes) => readHeader(bytes),
  readStructure,
  decode: async (bytes) => decodeRows(bytes, readHeader(bytes)),
};

interface Header extends Size {
  readonly isTopDown: boolean;
  readonly bits: number;
  readonly compression: number;
  readonly pixels: number;
  readonly rowBytes: number;
  readonly palette: { readonly at: number; readonly entryBytes: number; readonly count: number };
}

function readHeader(bytes: Uint8Array): Header {
  const view = viewOf(bytes);
  const headerSize = bytes.length < 18 ? 40 : view.getUint32(14, true);
  if (bytes.length < 14 + headerSize) {
    throw truncated(NAME, `expected a header of ${14 + headerSize} bytes, got ${bytes.length}`);
  }
  const isCore = headerSize === CORE_HEADER;
  const width = isCore ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = isCore ? view.getUint16(20, true) : view.getInt32(22, true);
  const height = Math.abs(signedHeight);
  if (width <= 0 || height === 0) throw corrupt(NAME, `its size is ${width}x${signedHeight}`);
  const bits = view.getUint16(isCore ? 24 : 28, true);
  const compression = isCore ? BI_RGB : view.getUint32(30, true);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw unsupported(`a BMP of ${bits} bits`);
  const isPlain = compression === BI_RGB || (compression === BI_BITFIELDS && (bits === 16 || bits === 32));
  if (!isPlain) throw unsupported(`a BMP compressed by ${compressionNames.get(compression) ?? compression}`);
  const colours = isCore ? 0 : view.getUint32(46, true);
  const count = bits > 8 ? 0 : colours === 0 ? 2 ** bits : Math.min(colours, 2 ** bits);
  return {
    width,
    height,
    isTopDown: signedHeight < 0,
    bits,
    compression,
    pixels: view.getUint32(10, true),
    rowBytes: Math.ceil((width * bits) / 32) * 4,
    palette: { at: 14 + headerSize, entryBytes: isCore ? 3 : 4, count },
  };
}

function readStructure(bytes: Uint8Array): Structure {
  const { pixels, rowBytes, height, palette } = readHeader(bytes);
  const needed = Math.max(pixels + rowBytes * height, palette.at + palette.count * palette.entryBytes);
  if (needed > bytes.length) throw truncated(NAME, `expected ${needed} bytes, got ${bytes.length}`);
  if (pixels < palette.at) throw corrupt(NAME, `its pixels start inside the header, at byte ${pixels}`);
  return { orientation: 1, bytes };
}

/** Writes the RGB of the pixel at column x of the row that starts at `row`. */
type ReadPixel = (row: number, x: number, out: Uint8Array, at: number) => void;

/** A fourth byte is padding in most files, so alpha is never read. */
function decodeRows(bytes: Uint8Array, header: Header): RawPixels {
  const { width, height, isTopDown, pixels, rowBytes } = header;
  const data = new Uint8Array(width * height * 3);
  const readPixel =
    header.bits <= 8 ? indexed(bytes, header) : header.bits === 24 ? bgr(bytes) : masked(bytes, header);
  for (let y = 0; y < height; y++) {
    const row = pixels + (isTopDown ? y : height - 1 - y) * rowBytes;
    for (let x = 0; x < width; x++) readPixel(row, x, data, (y * width + x) * 3);
  }
  return { width, height, kind: 'rgb', data };
}

function bgr(bytes: Uint8Array): ReadPixel {
  return (row, x, out, at) => {
    out[at] = bytes[row + x * 3 + 2]!;
    out[at + 1] = bytes[row + x * 3 + 1]!;
    out[at + 2] = bytes[row + x * 3]!;
  };
}

function indexed(bytes: Uint8Array, { bits, palette }: Header): ReadPixel {
  const perByte = 8 / bits;
  return (row, x, out, at) => {
    const shift = 8 - bits * ((x % perByte) + 1);
    const index = (bytes[row + Math.floor(x / perByte)]! >> shift) & (2 ** bits - 1);
    if (index >= palette.count) throw corrupt(NAME, `colour ${index} of a palette of ${palette.count}`);
    const entry = palette.at + index * palette.entryBytes;
    for (let c = 0; c < 3; c++) out[at + c] = bytes[entry + 2 - c]!;
  };
}

/** 16 and 32 bits: each channel under a mask of its own, stretched to 0..255. */
function masked(bytes: Uint8Array, { bits, compression, palette }: Header): ReadPixel {
  const view = viewOf(bytes);
  const standard = bits === 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0x00ff00, 0x0000ff];
  // The masks follow a header of 40 bytes, and lie inside the longer ones: byte 54 either way.
  if (compression === BI_BITFIELDS && (palette.at < 54 || bytes.length < 66))
    throw corrupt(NAME, 'it has no masks');
  const masks = compression === BI_BITFIELDS ? [54, 58, 62].map((at) => view.getUint32(at, true)) : standard;
  const channels = masks.map((mask) => {
    const shift = Math.max(0, 31 - Math.clz32(mask & -mask));
    return { mask, shift, max: mask >>> shift };
  });
  return (row, x, out, at) => {
    const value = bits === 16 ? view.getUint16(row + x * 2, true) : view.getUint32(row + x * 4, true);
    for (let c = 0; c < 3; c++) {
      const { mask, shift, max } = channels[c]!;
      out[at + c] = max === 0 ? 0 : Math.round((((value & mask) >>> shift) * 255) / max);
    }
  };
}
