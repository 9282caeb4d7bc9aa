// The directory of a ZIP archive, checked whole before anything is unpacked: what it claims is used to refuse, never to trust.
import type { FileHandle } from 'node:fs/promises';
import yauzl from 'yauzl';
import { OkapiError } from '../../errors.ts';
import { decodeName, quotedName, safePath } from './archive-names.ts';

export interface ArchiveLimits {
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly entries: number;
  readonly folders: number;
  /** Unpacked bytes for each packed one, over the whole archive. */
  readonly ratio: number;
}

export const archiveLimits: ArchiveLimits = {
  packedBytes: 4 * 2 ** 30,
  unpackedBytes: 16 * 2 ** 30,
  entries: 200_000,
  folders: 20_000,
  ratio: 20,
};

export interface ArchiveFile {
  /** Its path inside the archive, safe and unique. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly packedBytes: number;
  readonly isDeflated: boolean;
  readonly crc32: number;
  /** Where its bytes begin in the archive. */
  readonly dataStart: number;
}

/** Small archives may hold what shrinks well; what they unpack to harms nobody. */
const RATIO_FROM_BYTES = 64 * 2 ** 20;

/**
 * The files of an archive. Throws zip.not_a_zip, zip.truncated, zip.malformed, zip.inconsistent, zip.unsafe_path,
 * zip.link_not_allowed, zip.duplicate_entry, zip.encrypted, zip.unsupported_compression, zip.overlap, zip.size_mismatch,
 * zip.too_large.
 */
export async function readArchiveDirectory(
  file: FileHandle,
  limits: ArchiveLimits = archiveLimits,
): Promise<ArchiveFile[]> {
  const { size } = await file.stat();
  if (size > limits.packedBytes)
    throw new OkapiError('zip.too_large', `expected at most ${limits.packedBytes} bytes, got ${size}`);
  const archive = await open(file);
  await checkOneEnd(file, size);
  const directory = { name: 'the directory', start: Number(archive.readEntryCursor), end: size };
  const names = new Names();
  const files: ArchiveFile[] = [];
  const spans: Span[] = [directory];
  const counts = { entries: 0, folders: 0, unpacked: 0 };
  try {
    for await (const entry of archive.eachEntry()) {
      if (++counts.entries > limits.entries)
        throw new OkapiError('zip.too_large', `expected at most ${limits.entries} entries`);
      const name = nameOf(entry);
      checkKind(entry, name);
      const local = await archive.readLocalFileHeaderPromise(entry);
      checkLocal(entry, local, name);
      const span = {
        name,
        start: entry.relativeOffsetOfLocalHeader,
        end: local.fileDataStart + entry.compressedSize,
      };
      spans.push(span);
      if (isFolder(entry)) {
        if (entry.uncompressedSize > 0)
          malformed(`expected folders without content, got ${quotedName(name)}`);
        if (++counts.folders > limits.folders) malformed(`expected at most ${limits.folders} folders`);
        names.addFolder(name);
        continue;
      }
      names.addFile(name);
      counts.unpacked += entry.uncompressedSize;
      checkUnpacked(counts.unpacked, size, limits);
      files.push({
        name,
        sizeBytes: entry.uncompressedSize,
        packedBytes: entry.compressedSize,
        isDeflated: entry.compressionMethod === 8,
        crc32: entry.crc32,
        dataStart: local.fileDataStart,
      });
    }
  } catch (error) {
    throw await known(error, file);
  }
  await checkEnd(file, archive);
  checkSpans(spans);
  return files;
}

async function open(file: FileHandle): Promise<yauzl.ZipFile> {
  try {
    return await yauzl.fromFdPromise(file.fd, { autoClose: false, decodeStrings: false });
  } catch (error) {
    throw await known(error, file);
  }
}

const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;

/** An archive with an end record in its comment is two archives, and programs differ on which. */
async function checkOneEnd(file: FileHandle, size: number): Promise<void> {
  const tail = Buffer.alloc(Math.min(size, END_BYTES + LONGEST_COMMENT));
  await file.read(tail, 0, tail.length, size - tail.length);
  let ends = 0;
  const signature = Buffer.from('PK\x05\x06', 'latin1');
  for (let at = tail.indexOf(signature); at >= 0; at = tail.indexOf(signature, at + 1)) {
    const isWhole = at + END_BYTES <= tail.length;
    if (isWhole && at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length) ends++;
  }
  if (ends > 1)
    throw new OkapiError('zip.truncated', `expected one end record at the end of the archive, got ${ends}`);
}

/** What the library says in sentences, as codes. */
const sentences: readonly (readonly [RegExp, 'zip.truncated' | 'zip.encrypted' | 'zip.size_mismatch'])[] = [
  [/End of central directory record signature not found|Invalid comment length/, 'zip.truncated'],
  [/unexpected EOF|overflows file bounds/, 'zip.truncated'],
  [/strong encryption/, 'zip.encrypted'],
  [/size mismatch/, 'zip.size_mismatch'],
];

async function known(error: unknown, file: FileHandle): Promise<unknown> {
  if (error instanceof OkapiError) return error;
  if (!(error instanceof Error) || 'syscall' in error) return error;
  const head = Buffer.alloc(4);
  await file.read(head, 0, 4, 0);
  if (/signature not found/.test(error.message) && head.toString('latin1', 0, 2) !== 'PK')
    return new OkapiError('zip.not_a_zip', 'expected a ZIP archive, got a file of another kind', {
      cause: error,
    });
  const code = sentences.find(([sentence]) => sentence.test(error.message))?.[1] ?? 'zip.malformed';
  const text = error.message.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
  return new OkapiError(code, `the ZIP archive cannot be read: ${text}`, { cause: error });
}

/** The Unicode Path field of Info-ZIP wins where it fits the plain name, as its writers mean it. */
function nameOf({ fileNameRaw, extraFields }: yauzl.Entry): string {
  const field = extraFields.find(({ id, data }) => id === 0x7075 && data.length > 5 && data[0] === 1);
  const plain = safePath(decodeName(fileNameRaw));
  if (field === undefined) return plain;
  return safePath(decodeName(field.data.subarray(5)));
}

function isFolder({ fileNameRaw, externalFileAttributes }: yauzl.Entry): boolean {
  const last = fileNameRaw.at(-1);
  return last === 0x2f || last === 0x5c || typeOfMode(externalFileAttributes) === 0o04;
}

/** The upper four bits of the Unix mode: 0 where none was written. */
function typeOfMode(externalFileAttributes: number): number {
  return externalFileAttributes >>> 28;
}

const methods: Readonly<Record<number, string>> = {
  1: 'shrink',
  6: 'implode',
  9: 'deflate64',
  12: 'bzip2',
  14: 'LZMA',
  20: 'zstd',
  93: 'zstd',
  95: 'xz',
  97: 'WavPack',
  98: 'PPMd',
  99: 'AES',
};

function checkKind(entry: yauzl.Entry, name: string): void {
  const { compressionMethod, uncompressedSize, compressedSize, relativeOffsetOfLocalHeader } = entry;
  const isMasked = (entry.generalPurposeBitFlag & 0x2041) !== 0;
  if (isMasked || compressionMethod === 99)
    throw new OkapiError('zip.encrypted', `expected plain files, got ${quotedName(name)} encrypted`);
  if (compressionMethod !== 0 && compressionMethod !== 8) {
    const method = methods[compressionMethod] ?? `method ${compressionMethod}`;
    const text = `expected files stored or deflated, got ${quotedName(name)} compressed with ${method}`;
    throw new OkapiError('zip.unsupported_compression', text);
  }
  const type = typeOfMode(entry.externalFileAttributes);
  if (type !== 0 && type !== 0o04 && type !== 0o10) {
    const kind = type === 0o12 ? 'a link' : 'a device, pipe or socket';
    throw new OkapiError(
      'zip.link_not_allowed',
      `expected files and folders, got ${quotedName(name)}, ${kind}`,
    );
  }
  if (![uncompressedSize, compressedSize, relativeOffsetOfLocalHeader].every(Number.isSafeInteger))
    malformed(`expected sizes below 2^53, got others for ${quotedName(name)}`);
}

/** What the header before the bytes says must be what the directory says: other programs read the one or the other. */
function checkLocal(entry: yauzl.Entry, local: yauzl.LocalFileHeader, name: string): void {
  const differs = (what: string): never => {
    throw new OkapiError(
      'zip.inconsistent',
      `expected one ${what} for ${quotedName(name)}, got another before its bytes than in the directory`,
    );
  };
  if (!local.fileName.equals(entry.fileNameRaw)) differs('name');
  if (local.compressionMethod !== entry.compressionMethod) differs('compression');
  // Encrypted, sizes behind the bytes, strong encryption, names in UTF-8, masked.
  const meaning = 0x2849;
  if ((local.generalPurposeBitFlag & meaning) !== (entry.generalPurposeBitFlag & meaning))
    differs('set of flags');
  const sizes = localSizes(local);
  const comesLater = (entry.generalPurposeBitFlag & 0x8) !== 0;
  const fits = (value: number, wanted: number) => value === wanted || (comesLater && value === 0);
  if (!fits(sizes.unpacked, entry.uncompressedSize) || !fits(sizes.packed, entry.compressedSize))
    differs('size');
  if (!fits(local.crc32, entry.crc32)) differs('CRC');
}

const IN_ZIP64 = 0xffffffff;

function localSizes({ uncompressedSize, compressedSize, extraField }: yauzl.LocalFileHeader): {
  readonly unpacked: number;
  readonly packed: number;
} {
  if (uncompressedSize !== IN_ZIP64 && compressedSize !== IN_ZIP64)
    return { unpacked: uncompressedSize, packed: compressedSize };
  const field = yauzl.parseExtraFields(extraField).find(({ id }) => id === 1)?.data ?? Buffer.alloc(0);
  let at = 0;
  const next = (plain: number) => {
    if (plain !== IN_ZIP64) return plain;
    if (at + 8 > field.length) return malformed('expected the sizes of a ZIP64 entry');
    at += 8;
    return Number(field.readBigUInt64LE(at - 8));
  };
  return { unpacked: next(uncompressedSize), packed: next(compressedSize) };
}

function checkUnpacked(unpacked: number, packed: number, { unpackedBytes, ratio }: ArchiveLimits): void {
  if (unpacked > unpackedBytes)
    throw new OkapiError('zip.too_large', `expected at most ${unpackedBytes} bytes unpacked, it claims more`);
  if (unpacked > RATIO_FROM_BYTES && unpacked > packed * ratio) {
    const text = `expected at most ${ratio} bytes unpacked for each packed one, it claims more`;
    throw new OkapiError('zip.too_large', text);
  }
}

interface Span {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

function checkSpans(spans: Span[]): void {
  spans.sort((a, b) => a.start - b.start);
  for (let i = 1; i < spans.length; i++) {
    const [before, after] = [spans[i - 1]!, spans[i]!];
    if (before.end <= after.start) continue;
    const text = `expected entries with bytes of their own, got ${quotedName(before.name)} and ${quotedName(after.name)} over each other`;
    throw new OkapiError('zip.overlap', text);
  }
}

/** Behind the entries that the end record counts stands the end record, and not a further entry. */
async function checkEnd(file: FileHandle, archive: yauzl.ZipFile): Promise<void> {
  const next = Buffer.alloc(4);
  await file.read(next, 0, 4, Number(archive.readEntryCursor));
  const signature = next.readUInt32LE();
  if (signature === 0x06054b50 || signature === 0x06064b50 || signature === 0x05054b50) return;
  if (signature === 0x02014b50)
    throw new OkapiError(
      'zip.inconsistent',
      `expected ${archive.entryCount} entries, as the end record says, got more`,
    );
  malformed('expected the end record behind the entries');
}

/** No two files of one name, also for disks that do not tell upper and lower case apart, and no file that is a folder too. */
class Names {
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();

  addFile(name: string): void {
    const key = name.toLowerCase();
    if (this.#files.has(key)) twice(name);
    this.#files.add(key);
    if (this.#folders.has(key)) twice(name);
    this.#addParents(key, name);
  }

  addFolder(name: string): void {
    const key = name.toLowerCase();
    if (this.#files.has(key)) twice(name);
    this.#folders.add(key);
    this.#addParents(key, name);
  }

  #addParents(key: string, name: string): void {
    for (let at = key.lastIndexOf('/'); at > 0; at = key.lastIndexOf('/', at - 1)) {
      const parent = key.slice(0, at);
      if (this.#files.has(parent)) twice(name.slice(0, at));
      if (this.#folders.has(parent)) return;
      this.#folders.add(parent);
    }
  }
}

function twice(name: string): never {
  throw new OkapiError('zip.duplicate_entry', `expected each name once, got ${quotedName(name)} twice`);
}

function malformed(detail: string): never {
  throw new OkapiError('zip.malformed', `the ZIP archive cannot be read: ${detail}`);
}
