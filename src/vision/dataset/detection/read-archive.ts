// A dataset of boxes from a ZIP archive: unpacked into a folder under names of our own, then read as any other.
import { type FileHandle, mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, inflateRawSync } from 'node:zlib';
import { OkapiError } from '../../errors.ts';
import { defaultLimits } from '../../image/decode.ts';
import {
  type ArchiveFile,
  type ArchiveLimits,
  archiveLimits,
  readArchiveDirectory,
} from './archive-directory.ts';
import { quotedName } from './archive-names.ts';
import { YAML_LIMIT_BYTES } from './data-yaml.ts';
import { labelLimits } from './labels.ts';
import { isClutter, isPicture, type NamedFile } from './layout.ts';
import { type ReadDetection, type ReadDetectionOptions, readDetectionFiles } from './read-files.ts';

export interface ArchiveOptions extends ReadDetectionOptions {
  readonly archive?: ArchiveLimits;
}

/**
 * Reads the archive at `path` whole. Pictures, label files and lists of names are unpacked into `folder` (made when it is not
 * there), where the result's files lie; whatever else is in it is not opened. Throws the zip.* errors (see
 * readArchiveDirectory; and zip.crc_mismatch), as readDetectionFiles, and disk.full or disk.io_error.
 */
export async function readDetectionArchive(
  path: string,
  folder: string,
  options: ArchiveOptions,
): Promise<ReadDetection> {
  const { files, others } = await withDiskErrors(() => unpack(path, folder, options));
  const read = await readDetectionFiles(files, options);
  if (others === 0) return read;
  return { ...read, notes: [...read.notes, `${others}: files of other kinds were not opened`] };
}

interface Unpacked {
  /** Clutter among them, not unpacked, so that it is counted. */
  readonly files: readonly NamedFile[];
  /** Files that are no part of any dataset. */
  readonly others: number;
}

async function unpack(
  path: string,
  folder: string,
  { archive, limits = defaultLimits, signal }: ArchiveOptions,
): Promise<Unpacked> {
  await mkdir(folder, { recursive: true });
  const file = await open(path, 'r');
  try {
    const directory = await readArchiveDirectory(file, archive ?? archiveLimits);
    const files: NamedFile[] = [];
    let others = 0;
    for (const [i, entry] of directory.entries()) {
      signal?.throwIfAborted();
      const { name } = entry;
      const mostBytes = isPicture(name) ? limits.maxBytes : mostBytesOfText(name);
      if (isClutter(name)) files.push({ name, path: '', sizeBytes: 0 });
      else if (mostBytes === null) others++;
      // What is larger than it may be is refused by its size where it is read; it is not unpacked for that.
      else if (entry.sizeBytes > mostBytes) files.push({ name, path: '', sizeBytes: entry.sizeBytes });
      else {
        const target = join(folder, String(i));
        await writeFile(target, await contentOf(file, entry), { flag: 'wx' });
        files.push({ name, path: target, sizeBytes: entry.sizeBytes });
      }
    }
    return { files, others };
  } finally {
    await file.close();
  }
}

/** Null for files that are no part of a dataset. */
function mostBytesOfText(name: string): number | null {
  if (/\.ya?ml$/i.test(name)) return YAML_LIMIT_BYTES;
  return /(\.txt|(^|\/)obj\.names)$/i.test(name) ? labelLimits.bytes : null;
}

/** The unpacked bytes; no more than the entry claims are ever made. */
async function contentOf(file: FileHandle, entry: ArchiveFile): Promise<Uint8Array> {
  const { name, sizeBytes, packedBytes, isDeflated, dataStart } = entry;
  // Deflate makes nothing much longer than it was.
  if (packedBytes > sizeBytes * 1.01 + 1024) wrongSize(entry, 'far fewer');
  const packed = Buffer.allocUnsafe(packedBytes);
  const { bytesRead } = await file.read(packed, 0, packedBytes, dataStart);
  if (bytesRead < packedBytes)
    throw new OkapiError(
      'zip.truncated',
      `expected the bytes of ${quotedName(name)}, the archive ends before`,
    );
  const content = isDeflated ? inflated(packed, entry) : packed;
  if (content.length !== sizeBytes) wrongSize(entry, `${content.length}`);
  if (crc32(content) !== entry.crc32) damaged(name, 'its CRC is another');
  return content;
}

function inflated(packed: Uint8Array, entry: ArchiveFile): Uint8Array {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(entry.sizeBytes, 1) });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') return wrongSize(entry, 'more');
    return damaged(entry.name, 'it cannot be unpacked');
  }
}

function wrongSize({ name, sizeBytes }: ArchiveFile, got: string): never {
  const text = `expected ${sizeBytes} bytes in ${quotedName(name)}, as it claims, got ${got}`;
  throw new OkapiError('zip.size_mismatch', text);
}

function damaged(name: string, why: string): never {
  throw new OkapiError('zip.crc_mismatch', `expected ${quotedName(name)} whole, it is damaged: ${why}`);
}

/** What the disk itself reports becomes disk.full or disk.io_error. */
export async function withDiskErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const isFull = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
    const text = isFull ? 'the disk is full' : `the disk reported an error (${code})`;
    throw new OkapiError(isFull ? 'disk.full' : 'disk.io_error', text, { cause });
  }
}
