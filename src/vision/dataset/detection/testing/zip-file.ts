// ZIP archives for tests, byte by byte: what no archiver writes, such as headers that lie.
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  readonly name: string | Uint8Array;
  readonly content?: Uint8Array | string;
  /** Default: deflated. */
  readonly stored?: boolean;
  /** What both headers say instead of the truth. */
  readonly method?: number;
  readonly flags?: number;
  readonly size?: number | bigint;
  readonly packedSize?: number;
  readonly crc?: number;
  readonly extra?: Uint8Array;
  /** Unix mode, as `ln` and `mkfifo` leave it. */
  readonly mode?: number;
  /** What the header before the bytes says instead. */
  readonly local?: Pick<ZipEntry, 'name' | 'method' | 'flags' | 'size' | 'crc'>;
  /** Point at the bytes of the first entry. */
  readonly sharesFirst?: boolean;
  /** With sizes in 64 bits. */
  readonly zip64?: boolean;
}

export interface ZipParts {
  readonly comment?: Uint8Array;
  /** What the end record says instead of the truth. */
  readonly count?: number;
  readonly prefix?: Uint8Array;
  readonly suffix?: Uint8Array;
  /** A ZIP64 end record, which says this count. */
  readonly count64?: number;
}

const UTF8 = 0x800;

export function zipFile(entries: readonly ZipEntry[], parts: ZipParts = {}): Buffer {
  const pieces: Buffer[] = [Buffer.from(parts.prefix ?? [])];
  const directory: Buffer[] = [];
  let at = pieces[0]!.length;
  const firstAt = at;
  for (const entry of entries) {
    const { packed, header } = localPart(entry);
    const offset = entry.sharesFirst ? firstAt : at;
    if (!entry.sharesFirst) {
      pieces.push(header, packed);
      at += header.length + packed.length;
    }
    directory.push(centralPart(entry, offset, packed.length));
  }
  const central = Buffer.concat(directory);
  const end64 = parts.count64 === undefined ? Buffer.alloc(0) : zip64End(parts.count64, central.length, at);
  const end = endRecord(parts.count ?? entries.length, central.length, at, parts.comment);
  return Buffer.concat([...pieces, central, end64, end, Buffer.from(parts.suffix ?? [])]);
}

function bytesOf(text: string | Uint8Array): Buffer {
  return Buffer.from(text as string);
}

function packedOf({ content = '', stored = false }: ZipEntry): { packed: Buffer; size: number; crc: number } {
  const bytes = bytesOf(content);
  return { packed: stored ? bytes : deflateRawSync(bytes), size: bytes.length, crc: crc32(bytes) };
}

function localPart(entry: ZipEntry): { packed: Buffer; header: Buffer } {
  const truth = packedOf(entry);
  const said = { ...entry, ...entry.local };
  const name = bytesOf(said.name);
  const extra = said.zip64
    ? sizes64(BigInt(said.size ?? truth.size), BigInt(truth.packed.length))
    : Buffer.from(said.extra ?? []);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(said.flags ?? UTF8, 6);
  header.writeUInt16LE(said.method ?? (said.stored ? 0 : 8), 8);
  header.writeUInt32LE((said.crc ?? truth.crc) >>> 0, 14);
  header.writeUInt32LE(said.zip64 ? 0xffffffff : (said.packedSize ?? truth.packed.length), 18);
  header.writeUInt32LE(said.zip64 ? 0xffffffff : Number(said.size ?? truth.size), 22);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(extra.length, 28);
  return { packed: truth.packed, header: Buffer.concat([header, name, extra]) };
}

function centralPart(entry: ZipEntry, offset: number, packedLength: number): Buffer {
  const truth = packedOf(entry);
  const name = bytesOf(entry.name);
  const extra = entry.zip64
    ? sizes64(BigInt(entry.size ?? truth.size), BigInt(packedLength))
    : Buffer.from(entry.extra ?? []);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE((3 << 8) | 20, 4);
  header.writeUInt16LE(20, 6);
  header.writeUInt16LE(entry.flags ?? UTF8, 8);
  header.writeUInt16LE(entry.method ?? (entry.stored ? 0 : 8), 10);
  header.writeUInt32LE((entry.crc ?? truth.crc) >>> 0, 16);
  header.writeUInt32LE(entry.zip64 ? 0xffffffff : (entry.packedSize ?? packedLength), 20);
  header.writeUInt32LE(entry.zip64 ? 0xffffffff : Number(entry.size ?? truth.size), 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 38);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, name, extra]);
}

function sizes64(unpacked: bigint, packed: bigint): Buffer {
  const field = Buffer.alloc(20);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(16, 2);
  field.writeBigUInt64LE(unpacked, 4);
  field.writeBigUInt64LE(packed, 12);
  return field;
}

function endRecord(
  count: number,
  length: number,
  offset: number,
  comment: Uint8Array = Buffer.alloc(0),
): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count & 0xffff, 8);
  end.writeUInt16LE(count & 0xffff, 10);
  end.writeUInt32LE(length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([end, comment]);
}

/** The ZIP64 end record and its locator. */
function zip64End(count: number, length: number, offset: number): Buffer {
  const end = Buffer.alloc(76);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeBigUInt64LE(BigInt(count), 24);
  end.writeBigUInt64LE(BigInt(count), 32);
  end.writeBigUInt64LE(BigInt(length), 40);
  end.writeBigUInt64LE(BigInt(offset), 48);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(offset + length), 64);
  end.writeUInt32LE(1, 72);
  return end;
}
