// Entries of a ZIP archive in memory, stored or deflated, with what browsers and Node both have.
import { OkapiError } from '../vision/errors.ts';

export interface ZipEntry {
  /** Bytes when unpacked, as the directory says. */
  readonly size: number;
  /** Unpacks it. Throws zip.malformed, zip.size_mismatch or zip.crc_mismatch. */
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Archives that unpack to more are refused, whatever is in them. */
const MOST_BYTES = 2 ** 30;
const END_SIZE = 22;
const ENTRY_SIZE = 46;
const LOCAL_SIZE = 30;
const LONGEST_COMMENT = 0xffff;
const ZIP64 = 0xffffffff;

/**
 * The files of an archive by name. Throws zip.not_a_zip, malformed, encrypted, unsupported_compression, duplicate_entry or
 * too_large before anything is unpacked.
 */
export function zipEntries(bytes: Uint8Array): ReadonlyMap<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endRecordAt(view);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const entries = new Map<string, ZipEntry>();
  let total = 0;
  for (let i = 0; i < count; i++) {
    if (at + ENTRY_SIZE > end || view.getUint32(at, true) !== 0x02014b50)
      malformed('its directory is cut short');
    const row = directoryRow(bytes, view, at, end);
    if (entries.has(row.name))
      throw new OkapiError('zip.duplicate_entry', `expected one "${row.name}", got two`);
    total += row.size;
    if (total > MOST_BYTES)
      throw new OkapiError('zip.too_large', `expected at most ${MOST_BYTES} bytes when unpacked, got more`);
    const packed = packedBytes(bytes, view, row);
    entries.set(row.name, { size: row.size, read: () => unpack(packed, row) });
    at = row.next;
  }
  return entries;
}

interface Row {
  readonly name: string;
  readonly deflated: boolean;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  readonly start: number;
  readonly next: number;
}

/** The last record that reaches exactly to the end of the file. */
function endRecordAt(view: DataView): number {
  const last = view.byteLength - END_SIZE;
  for (let at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
    if (
      view.getUint32(at, true) === 0x06054b50 &&
      at + END_SIZE + view.getUint16(at + 20, true) === view.byteLength
    )
      return at;
  }
  throw new OkapiError('zip.not_a_zip', `expected a ZIP archive, got ${view.byteLength} bytes that are none`);
}

function directoryRow(bytes: Uint8Array, view: DataView, at: number, end: number): Row {
  const [nameLength, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
  const next = at + ENTRY_SIZE + nameLength! + extra! + comment!;
  if (next > end) malformed('its directory is cut short');
  const name = new TextDecoder().decode(bytes.subarray(at + ENTRY_SIZE, at + ENTRY_SIZE + nameLength!));
  if ((view.getUint16(at + 8, true) & 1) === 1)
    throw new OkapiError('zip.encrypted', `expected plain files, got "${name}" encrypted`);
  const method = view.getUint16(at + 10, true);
  if (method !== 0 && method !== 8)
    throw new OkapiError(
      'zip.unsupported_compression',
      `expected "${name}" stored or deflated, got method ${method}`,
    );
  const [crc, packedSize, size, start] = [16, 20, 24, 42].map((offset) => view.getUint32(at + offset, true));
  if (packedSize === ZIP64 || size === ZIP64 || start === ZIP64)
    throw new OkapiError('zip.too_large', `expected "${name}" to be smaller than 4 GiB`);
  if (method === 0 && packedSize !== size) malformed(`"${name}" is stored with two sizes`);
  return {
    name,
    deflated: method === 8,
    crc: crc!,
    packedSize: packedSize!,
    size: size!,
    start: start!,
    next,
  };
}

function packedBytes(bytes: Uint8Array, view: DataView, { name, start, packedSize }: Row): Uint8Array {
  if (start + LOCAL_SIZE > bytes.length || view.getUint32(start, true) !== 0x04034b50)
    malformed(`"${name}" is not where the directory says`);
  const from = start + LOCAL_SIZE + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
  if (from + packedSize > bytes.length) malformed(`"${name}" reaches over its end`);
  return bytes.subarray(from, from + packedSize);
}

async function unpack(
  packed: Uint8Array,
  { name, deflated, size, crc }: Row,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = deflated ? await inflate(packed, name, size) : new Uint8Array(packed);
  if (crc32(content) === crc) return content;
  throw new OkapiError('zip.crc_mismatch', `"${name}" is not what was packed`);
}

/** Stops at the first byte over the size that the directory claims. */
async function inflate(packed: Uint8Array, name: string, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Uint8Array(size);
  const stream = new Blob([new Uint8Array(packed)])
    .stream()
    .pipeThrough(new DecompressionStream('deflate-raw'));
  const reader = (stream as ReadableStream<Uint8Array>).getReader();
  let at = 0;
  const wrong = (got: string) =>
    new OkapiError('zip.size_mismatch', `expected "${name}" to be ${size} bytes, got ${got}`);
  for (;;) {
    const { done, value } = await reader.read().catch(() => malformed(`"${name}" cannot be unpacked`));
    if (done) break;
    if (at + value.length > size) {
      await reader.cancel().catch(() => {});
      throw wrong('more');
    }
    out.set(value, at);
    at += value.length;
  }
  if (at !== size) throw wrong(String(at));
  return out;
}

/** The check sum of ZIP: CRC-32 of ISO 3309, as Node's zlib.crc32. */
export function crc32(bytes: Uint8Array): number {
  const table = crcTable();
  let crc = ~0;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

function crcTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    return crc;
  });
}

function malformed(detail: string): never {
  throw new OkapiError('zip.malformed', `the archive cannot be read: ${detail}`);
}
