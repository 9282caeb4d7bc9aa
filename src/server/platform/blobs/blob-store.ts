// The seam of the files: pictures, models, previews. A blob is whole or absent, and never changes once it is there.
import type { Readable } from 'node:stream';
import type { ByteRange } from '../docs/store-disk.ts';

/** As a DocKey, but its last segment carries the extension, e.g. projects/p-1/raw/0f…e2.png. */
export type BlobKey = string;

export interface BlobStat {
  readonly sizeBytes: number;
  /** When its bytes were written, by the wall clock of whoever keeps it. */
  readonly modifiedMs: number;
}

export interface AdoptOptions {
  /** false: for what may be missed. A power cut may then leave such a file away, or damaged. Default true. */
  readonly durable?: boolean;
}

/** What `put` and `adopt` acknowledged survives a power cut. Methods throw disk.full or disk.io_error (ServerError). */
export interface BlobStore {
  put(key: BlobKey, bytes: Uint8Array | Readable): Promise<Pick<BlobStat, 'sizeBytes'>>;
  /** Takes local files over, all under one folder of keys: moved where possible. Durable once it returns, unless said otherwise. */
  adopt(files: ReadonlyMap<BlobKey, string>, options?: AdoptOptions): Promise<void>;
  stat(key: BlobKey): Promise<BlobStat | null>;
  /** The bytes, or a part of them. Throws blob.not_found. */
  open(key: BlobKey, range?: ByteRange): Promise<Readable>;
  /** All bytes at once, for small ones; null when there is none. */
  read(key: BlobKey): Promise<Uint8Array | null>;
  /** A local file with these bytes, for programs that need a path; read-only. Throws blob.not_found. */
  localPath(key: BlobKey): Promise<string>;
  /** All keys under a prefix, at any depth, sorted. */
  list(prefix: BlobKey): Promise<BlobKey[]>;
  /** Whether it was there. */
  delete(key: BlobKey): Promise<boolean>;
  /** Everything under a prefix. */
  deleteAll(prefix: BlobKey): Promise<void>;
}
