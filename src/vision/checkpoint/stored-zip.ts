// Writes ZIP archives without compression, each file aligned, as torch lays out its checkpoints.
import { crc32 } from 'node:zlib';
import { OkapiError } from '../errors.ts';

export interface ZipFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** torch maps its storages into memory, 64 bytes apart. */
const alignment = 64;
const localHeaderSize = 30;

/**
 * The pieces of an archive, the files' own bytes among them uncopied. No clock goes in: every file is of
 * 1980-01-01. Throws checkpoint.too_large at 4 GiB or 65,535 files, where the plain format ends.
 */
export function storedZip(files: readonly ZipFile[]): Uint8Array[] {
  checkSize(files);
  const pieces: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, bytes } of files) {
    const entry = { name: Buffer.from(name, 'utf8'), size: bytes.length, crc: crc32(bytes), start: at };
    const header = localHeader(entry);
    pieces.push(header, bytes);
    directory.push(directoryEntry(entry));
    at += header.length + bytes.length;
  }
  const entries = Buffer.concat(directory);
  return [...pieces, entries, endRecord(files.length, entries.length, at)];
}

/** Headers, padding and directory take less than 256 bytes a file, and twice its name. */
function checkSize(files: readonly ZipFile[]): void {
  const bytes = files.reduce((sum, file) => sum + file.bytes.length + 2 * file.name.length + 256, 0);
  if (bytes < 2 ** 32 && files.length < 2 ** 16) return;
  throw new OkapiError(
    'checkpoint.too_large',
    `expected a .pt file under 4 GiB with under 65,536 tensors, got ${bytes} bytes and ${files.length} files`,
  );
}

interface Entry {
  readonly name: Buffer;
  readonly size: number;
  readonly crc: number;
  readonly start: number;
}

const utf8Flag = 0x0800;
const date1980 = 0x21;

/** Signature, version 2.0, flags, stored, time, date, CRC, two sizes, name; then an extra field that aligns. */
function localHeader({ name, size, crc, start }: Entry): Buffer {
  const padding = paddingField(start + localHeaderSize + name.length);
  const header = Buffer.alloc(localHeaderSize);
  header.writeUInt32LE(0x04034b50, 0);
  commonFields(header, 4, size, crc, name.length);
  header.writeUInt16LE(padding.length, 28);
  return Buffer.concat([header, name, padding]);
}

/** An extra field "FB", which readers skip, so long that the bytes after it are aligned. */
function paddingField(at: number): Buffer {
  const length = alignment - ((at + 4) % alignment);
  const field = Buffer.alloc(4 + length, 'Z');
  field.write('FB', 0, 'latin1');
  field.writeUInt16LE(length, 2);
  return field;
}

function directoryEntry({ name, size, crc, start }: Entry): Buffer {
  const record = Buffer.alloc(46);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt16LE(20, 4);
  commonFields(record, 6, size, crc, name.length);
  record.writeUInt32LE(start, 42);
  return Buffer.concat([record, name]);
}

/** The 24 bytes that the local header and the directory share: from the version needed to the name's length. */
function commonFields(record: Buffer, at: number, size: number, crc: number, nameLength: number): void {
  record.writeUInt16LE(20, at);
  record.writeUInt16LE(utf8Flag, at + 2);
  record.writeUInt16LE(date1980, at + 8);
  record.writeUInt32LE(crc, at + 10);
  record.writeUInt32LE(size, at + 14);
  record.writeUInt32LE(size, at + 18);
  record.writeUInt16LE(nameLength, at + 22);
}

function endRecord(count: number, size: number, start: number): Buffer {
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(count, 8);
  record.writeUInt16LE(count, 10);
  record.writeUInt32LE(size, 12);
  record.writeUInt32LE(start, 16);
  return record;
}
