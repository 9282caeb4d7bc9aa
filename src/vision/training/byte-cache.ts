// Keeps what was expensive to compute, in memory up to a bound, then on disk up to another.
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface ByteCacheLimits {
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** The file of the disk part. It is made when it is needed and gone after `close`. */
  readonly path: string;
}

type Place = { readonly bytes: Uint8Array } | { readonly at: number; readonly length: number };

/**
 * First come, first kept: what no longer fits is not kept, and `get` answers null for it. A training visits everything
 * once an epoch, where dropping the least recently used would drop each entry just before it is needed.
 */
export class ByteCache {
  readonly #limits: ByteCacheLimits;
  readonly #places = new Map<string, Place>();
  #memory = 0;
  #disk = 0;
  #file: FileHandle | null = null;
  #diskFailed = false;

  constructor(limits: ByteCacheLimits) {
    this.#limits = limits;
  }

  /** The bytes kept under this key; not to be written to. */
  async get(key: string): Promise<Uint8Array | null> {
    const place = this.#places.get(key);
    if (place === undefined) return null;
    if ('bytes' in place) return place.bytes;
    const bytes = new Uint8Array(place.length);
    const { bytesRead } = await this.#file!.read(bytes, 0, place.length, place.at);
    return bytesRead === place.length ? bytes : null;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    if (this.#places.has(key)) return;
    if (this.#memory + bytes.length <= this.#limits.memoryBytes) {
      this.#memory += bytes.length;
      this.#places.set(key, { bytes });
    } else if (this.#disk + bytes.length <= this.#limits.diskBytes) await this.#putOnDisk(key, bytes);
  }

  async close(): Promise<void> {
    this.#places.clear();
    await this.#file?.close();
    this.#file = null;
    await unlink(this.#limits.path).catch(() => {}); // already gone where open files may be unlinked
  }

  async #putOnDisk(key: string, bytes: Uint8Array): Promise<void> {
    if (this.#diskFailed) return;
    const at = this.#disk;
    this.#disk += bytes.length;
    try {
      this.#file ??= await openScratch(this.#limits.path);
      await this.#file.write(bytes, 0, bytes.length, at);
      this.#places.set(key, { at, length: bytes.length });
    } catch {
      this.#diskFailed = true; // A full disk costs time here, not the training.
    }
  }
}

/** A file that is gone when this process is, however it ends, where the system allows it. */
async function openScratch(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'w+');
  if (process.platform !== 'win32') await unlink(path);
  return file;
}
