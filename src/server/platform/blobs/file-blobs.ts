// Pictures, models and previews as files in the original's layout. One process owns the folder.
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { ServerError } from '../../contract/errors.ts';
import { withDiskErrors } from '../docs/disk-errors.ts';
import { inFolder, writeDurableFile } from '../docs/durable-file.ts';
import { type ByteRange, isAbsent, nodeStoreDisk, type StoreDisk } from '../docs/store-disk.ts';
import { finishedName, isKey, StoreFolders, type StoreRoots } from '../docs/store-folders.ts';
import type { AdoptOptions, BlobKey, BlobStat, BlobStore } from './blob-store.ts';
import { isDocumentPlace } from './document-places.ts';

export class FileBlobs implements BlobStore {
  readonly #disk: StoreDisk;
  readonly #folders: StoreFolders;
  #writes = 0;

  constructor(roots: string | StoreRoots, disk: StoreDisk = nodeStoreDisk) {
    this.#disk = disk;
    this.#folders = new StoreFolders(roots, disk);
  }

  async put(key: BlobKey, bytes: Uint8Array | Readable): Promise<Pick<BlobStat, 'sizeBytes'>> {
    const path = this.#path(key);
    return withDiskErrors(`write ${key}`, async () => ({
      sizeBytes: await writeDurableFile(this.#disk, this.#folders, path, bytes, ++this.#writes),
    }));
  }

  async adopt(files: ReadonlyMap<BlobKey, string>, { durable = true }: AdoptOptions = {}): Promise<void> {
    const moves = [...files].map(([key, from]) => ({ key, from, to: this.#path(key) }));
    const touched = new Set<string>();
    for (const { key, from, to } of moves) {
      await withDiskErrors(`take over ${key}`, async () => {
        await this.#move(from, to, durable);
        if (durable) touched.add(dirname(to));
      });
    }
    for (const folder of touched)
      await withDiskErrors('take over files', () => this.#disk.syncFolder(folder));
  }

  async stat(key: BlobKey): Promise<BlobStat | null> {
    return withDiskErrors(`read ${key}`, async () => {
      const found = isBlobKey(key) ? await this.#find(this.#folders.path(key)) : null;
      return found === null ? null : { sizeBytes: found.sizeBytes, modifiedMs: found.modifiedMs };
    });
  }

  async open(key: BlobKey, range?: ByteRange): Promise<Readable> {
    const path = await this.localPath(key);
    return withDiskErrors(`read ${key}`, async () => {
      try {
        return await this.#disk.stream(path, range);
      } catch (error) {
        throw isAbsent(error) ? notFound(key) : error;
      }
    });
  }

  async read(key: BlobKey): Promise<Uint8Array | null> {
    return withDiskErrors(`read ${key}`, async () => {
      if (!isBlobKey(key)) return null;
      const path = this.#folders.path(key);
      if ((await this.#find(path)) === null) return null;
      try {
        return await this.#disk.read(path);
      } catch (error) {
        if (isAbsent(error)) return null;
        throw error;
      }
    });
  }

  async localPath(key: BlobKey): Promise<string> {
    if ((await this.stat(key)) === null) throw notFound(key);
    return this.#folders.path(key);
  }

  async list(prefix: BlobKey): Promise<BlobKey[]> {
    if (!isBlobKey(prefix)) return [];
    return withDiskErrors(`list ${prefix}`, async () => (await this.#below(prefix)).sort());
  }

  async delete(key: BlobKey): Promise<boolean> {
    if (!isBlobKey(key)) return false;
    const path = this.#folders.path(key);
    return withDiskErrors(`delete ${key}`, async () => {
      if ((await this.#find(path)) === null) return false;
      try {
        await this.#disk.unlink(path);
      } catch (error) {
        if (isAbsent(error)) return false;
        throw error;
      }
      await this.#disk.syncFolder(dirname(path));
      await this.#folders.prune(dirname(path));
      return true;
    });
  }

  async deleteAll(prefix: BlobKey): Promise<void> {
    if (!isBlobKey(prefix)) return;
    await withDiskErrors(`delete ${prefix}`, async () => {
      const keys = [...(await this.#below(prefix)), ...(await this.#below(prefix, finishedName))];
      const touched = new Set<string>();
      for (const key of keys) {
        const path = this.#folders.path(key);
        await this.#disk.unlink(path).catch(unlessAbsent);
        touched.add(dirname(path));
      }
      for (const folder of touched) await this.#disk.syncFolder(folder).catch(unlessAbsent);
      for (const folder of touched) await this.#folders.prune(folder);
    });
  }

  #path(key: BlobKey): string {
    if (!isBlobKey(key)) throw new Error(`internal: expected a key of a file, got ${JSON.stringify(key)}`);
    return this.#folders.path(key);
  }

  async #find(path: string): Promise<BlobStat | null> {
    if (!(await this.#folders.isInside(dirname(path)))) return null;
    const found = await this.#disk.stat(path);
    return found?.kind === 'file' ? found : null;
  }

  async #move(from: string, to: string, durable: boolean): Promise<void> {
    const folder = dirname(to);
    try {
      if (durable) await this.#disk.syncFile(from);
    } catch (error) {
      // A file whose sync failed is given up: a second sync would say that all is well.
      if ((error as NodeJS.ErrnoException).syscall === 'fsync') await this.#disk.unlink(from).catch(() => {});
      // One that an earlier call moved before it was cut short counts as taken over.
      if (!isAbsent(error) || (await this.#find(to)) === null) throw error;
      return this.#folders.ensure(folder);
    }
    try {
      await inFolder(this.#folders, folder, () => this.#disk.rename(from, to));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
      const bytes = await this.#disk.stream(from);
      await writeDurableFile(this.#disk, this.#folders, to, bytes, ++this.#writes);
      await this.#disk.unlink(from);
    }
  }

  /** Keys of the files below; with `named`, of those for whose name it gives one that a blob may have. */
  async #below(prefix: BlobKey, named: (name: string) => string | null = (name) => name): Promise<BlobKey[]> {
    const folder = this.#folders.path(prefix);
    if (!(await this.#folders.isInside(folder))) return [];
    const entries = await this.#disk.entries(folder).catch((error) => {
      if (isAbsent(error)) return [];
      throw error;
    });
    const keys: BlobKey[] = [];
    for (const { name, kind } of entries) {
      const meant = kind === 'file' ? named(name) : name;
      if (meant === null || !isBlobKey(`${prefix}/${meant}`)) continue;
      const key = `${prefix}/${name}`;
      if (kind === 'file') keys.push(key);
      if (kind === 'folder') keys.push(...(await this.#below(key, named)));
    }
    return keys;
  }
}

function isBlobKey(key: string): boolean {
  return isKey(key) && !isDocumentPlace(key);
}

function notFound(key: BlobKey): ServerError {
  return new ServerError('blob.not_found', `there is no file ${key}`);
}

function unlessAbsent(error: unknown): void {
  if (!isAbsent(error)) throw error;
}
