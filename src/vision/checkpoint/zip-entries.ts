// The entries of a ZIP archive whose files are stored uncompressed, as torch.save writes them, as views.
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import { OkapiError } from '../errors.ts';
import type { CheckpointLimits } from './limits.ts';
import { quoted } from './tensors.ts';

export interface ZipEntry {
  /**
   * The file's bytes, a view of the archive. Throws checkpoint.malformed when it is compressed, encrypted, out
   * of bounds or does not have its CRC.
   */
  read(): Uint8Array;
}

/** Reads the directory of an archive in memory. Throws checkpoint.malformed, or too_large for too many entries. */
export async function zipEntries(
  bytes: Uint8Array,
  limits: CheckpointLimits,
): Promise<ReadonlyMap<string, ZipEntry>> {
  const entries = new Map<string, ZipEntry>();
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const archive = await yauzl.fromBufferPromise(buffer);
    for await (const entry of archive.eachEntry()) {
      const name = entry.fileName;
      if (entries.has(name)) malformed(`expected each file once, got ${quoted(name)} twice`);
      // Twice the tensors leaves room for the few files beside them.
      if (entries.size >= 2 * limits.tensors) {
        throw new OkapiError('checkpoint.too_large', `zip: expected at most ${2 * limits.tensors} files`);
      }
      const { fileDataStart } = await archive.readLocalFileHeaderPromise(entry, { minimal: true });
      entries.set(name, { read: () => storedBytes(bytes, entry, fileDataStart) });
    }
  } catch (cause) {
    if (cause instanceof OkapiError) throw cause;
    throw new OkapiError('checkpoint.malformed', `zip: ${(cause as Error).message}`, { cause });
  }
  return entries;
}

function storedBytes(bytes: Uint8Array, entry: yauzl.Entry, start: number): Uint8Array {
  const name = quoted(entry.fileName);
  if (entry.isEncrypted()) malformed(`expected plain files, got ${name} encrypted`);
  if (entry.compressionMethod !== 0) {
    malformed(`expected files stored uncompressed, got ${name} with compression ${entry.compressionMethod}`);
  }
  if (start + entry.uncompressedSize > bytes.length) malformed(`expected ${name} to lie inside the file`);
  const content = bytes.subarray(start, start + entry.uncompressedSize);
  if (crc32(content) !== entry.crc32) malformed(`expected ${name} to match its CRC: the file is damaged`);
  return content;
}

function malformed(detail: string): never {
  throw new OkapiError('checkpoint.malformed', `zip: ${detail}`);
}
