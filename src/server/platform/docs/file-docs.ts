// Records as JSON files in the original's layout. One process owns the folder.
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { ServerError } from '../../contract/errors.ts';
import { isFull, withDiskErrors } from './disk-errors.ts';
import type { AppendOptions, Doc, DocKey, DocStore, JournalEntry, PutOptions } from './doc-store.ts';
import { DocumentCache } from './document-cache.ts';
import { writeDurableFile } from './durable-file.ts';
import { JournalFile } from './journal.ts';
import { fromBytes, toText } from './json-text.ts';
import { KeyLocks } from './key-locks.ts';
import { Slots } from './slots.ts';
import { type FileStat, isAbsent, nodeStoreDisk, type StoreDisk } from './store-disk.ts';
import { isKey, StoreFolders, type StoreRoots } from './store-folders.ts';

/** Bytes of the files whose parsed documents are kept in memory. */
const CACHE_BYTES = 32 * 2 ** 20;
/** Files that are open for reading at a time: a process may have about a thousand. */
const OPEN_FILES = 64;
/** Journals whose end is remembered. */
const OPEN_JOURNALS = 256;

const RESERVE = '.okapi/reserve';
const RESERVE_BYTES = 2 ** 20;

const nothing = { docs: [], journals: [], folders: [] };

export class FileDocs implements DocStore {
  readonly #disk: StoreDisk;
  readonly #folders: StoreFolders;
  readonly #locks = new KeyLocks();
  readonly #slots = new Slots(OPEN_FILES);
  readonly #cache = new DocumentCache(CACHE_BYTES);
  readonly #journals = new Map<string, JournalFile>();

  constructor(roots: string | StoreRoots, disk: StoreDisk = nodeStoreDisk) {
    this.#disk = disk;
    this.#folders = new StoreFolders(roots, disk);
  }

  async get<T>(key: DocKey): Promise<Doc<T> | null> {
    if (!isKey(key)) return null;
    const path = this.#path(key, 'json');
    return withDiskErrors(`read ${key}`, async () => {
      const stat = await this.#disk.stat(path);
      if (stat?.kind !== 'file') return null;
      const kept = this.#cache.get(path, stat);
      if (kept !== undefined) return kept as Doc<T>;
      // In turn with the writers, so that nothing is seen that is not yet sure to stay.
      return this.#locks.run(path, () => this.#load<T>(key, path, stat));
    });
  }

  /**
   * Keeps room back, so that something can still be deleted when the disk is full. To be called at each start, and now and
   * then: what a deletion has used is kept back again once there is room.
   */
  async keepReserve(): Promise<void> {
    const path = this.#folders.path(RESERVE);
    await withDiskErrors('keep room back for deletions', async () => {
      if ((await this.#disk.stat(path)) !== null) return;
      await writeDurableFile(this.#disk, this.#folders, path, new Uint8Array(RESERVE_BYTES), 0);
    });
  }

  async put(key: DocKey, value: unknown, { ifRevision, urgent = false }: PutOptions = {}): Promise<string> {
    const path = this.#path(key, 'json');
    const bytes = Buffer.from(`${toText(value, 2)}\n`);
    return this.#locks.run(path, () =>
      withDiskErrors(`write ${key}`, async () => {
        if (ifRevision !== undefined) await this.#expect(key, path, ifRevision);
        this.#cache.delete(path);
        const write = () => writeDurableFile(this.#disk, this.#folders, path, bytes, 0);
        await (urgent ? this.#withReserve(write) : write());
        return revisionOf(bytes);
      }),
    );
  }

  async delete(key: DocKey, { ifRevision }: PutOptions = {}): Promise<boolean> {
    if (!isKey(key)) return false;
    const path = this.#path(key, 'json');
    return this.#locks.run(path, () =>
      withDiskErrors(`delete ${key}`, async () => {
        if (ifRevision !== undefined) await this.#expect(key, path, ifRevision);
        this.#cache.delete(path);
        return this.#remove(path);
      }),
    );
  }

  async list(prefix: DocKey): Promise<{ docs: string[]; journals: string[]; folders: string[] }> {
    if (prefix !== '' && !isKey(prefix)) return nothing;
    const folder = this.#folders.path(prefix);
    return withDiskErrors(`list ${prefix}`, async () => {
      if (!(await this.#folders.isInside(folder))) return nothing;
      const entries = (await this.#disk.entries(folder)).filter(({ name }) => isKey(name));
      const files = entries.filter(({ kind }) => kind === 'file').map(({ name }) => name);
      const ending = (extension: string) =>
        files.filter((name) => name.endsWith(extension)).map((name) => name.slice(0, -extension.length));
      const folders = entries.filter(({ kind }) => kind === 'folder').map(({ name }) => name);
      return { docs: ending('.json').sort(), journals: ending('.jsonl').sort(), folders: folders.sort() };
    });
  }

  async append(
    journal: DocKey,
    values: readonly unknown[],
    { durable = false, urgent = false }: AppendOptions = {},
  ): Promise<number> {
    const path = this.#path(journal, 'jsonl');
    return this.#locks.run(path, () =>
      withDiskErrors(`write ${journal}`, () => {
        const write = () => this.#journal(journal, path).append(values, durable);
        return urgent ? this.#withReserve(write) : write();
      }),
    );
  }

  async read<T>(
    journal: DocKey,
    {
      after = 0,
      limit = Number.POSITIVE_INFINITY,
    }: { readonly after?: number; readonly limit?: number } = {},
  ): Promise<JournalEntry<T>[]> {
    if (!isKey(journal)) return [];
    const path = this.#path(journal, 'jsonl');
    return withDiskErrors(`read ${journal}`, () =>
      this.#slots.run(() => this.#journal(journal, path).read<T>(after, limit)),
    );
  }

  async deleteJournal(journal: DocKey): Promise<void> {
    if (!isKey(journal)) return;
    const path = this.#path(journal, 'jsonl');
    await this.#locks.run(path, () =>
      withDiskErrors(`delete ${journal}`, async () => {
        this.#journals.delete(path);
        await this.#remove(path);
      }),
    );
  }

  async deleteAll(prefix: DocKey): Promise<void> {
    if (!isKey(prefix)) return;
    const folder = this.#folders.path(prefix);
    await withDiskErrors(`delete ${prefix}`, async () => {
      await this.#removeBelow(folder);
      await this.#folders.prune(dirname(folder));
    });
  }

  async #withReserve<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (!isFull(error)) throw error;
      // Without a reserve the disk stays full, which is then said.
      await this.#disk.unlink(this.#folders.path(RESERVE)).catch(() => {});
      return write();
    }
  }

  #path(key: DocKey, extension: 'json' | 'jsonl'): string {
    if (!isKey(key)) throw new Error(`internal: expected a key of a document, got ${JSON.stringify(key)}`);
    return `${this.#folders.path(key)}.${extension}`;
  }

  /** `stat` was taken before: should the file be changed in between, it no longer fits, and the next reader loads anew. */
  async #load<T>(key: DocKey, path: string, stat: FileStat): Promise<Doc<T> | null> {
    const kept = this.#cache.get(path, stat);
    if (kept !== undefined) return kept as Doc<T>;
    const bytes = await this.#bytes(path);
    if (bytes === null) return null;
    try {
      const doc: Doc<T> = { value: fromBytes(bytes) as T, revision: revisionOf(bytes) };
      this.#cache.set(path, stat, doc);
      return doc;
    } catch (cause) {
      throw new ServerError('doc.corrupt', `the record ${key} is damaged: it is not valid JSON`, { cause });
    }
  }

  async #bytes(path: string): Promise<Uint8Array | null> {
    if (!(await this.#folders.isInside(dirname(path)))) return null;
    try {
      return await this.#slots.run(() => this.#disk.read(path));
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
  }

  async #expect(key: DocKey, path: string, revision: string | null): Promise<void> {
    const bytes = await this.#bytes(path);
    if ((bytes === null ? null : revisionOf(bytes)) === revision) return;
    throw new ServerError('revision.conflict', `the record ${key} was changed by somebody else meanwhile`);
  }

  async #remove(path: string): Promise<boolean> {
    const folder = dirname(path);
    if (!(await this.#folders.isInside(folder))) return false;
    try {
      await this.#disk.unlink(path);
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
    await this.#disk.syncFolder(folder);
    await this.#folders.prune(folder);
    return true;
  }

  async #removeBelow(folder: string): Promise<void> {
    if (!(await this.#folders.isInside(folder))) return;
    for (const { name, kind } of await this.#disk.entries(folder)) {
      const path = join(folder, name);
      if (kind === 'folder') await this.#removeBelow(path);
      if (kind !== 'file' || !(name.endsWith('.json') || name.endsWith('.jsonl'))) continue;
      this.#cache.delete(path);
      this.#journals.delete(path);
      await this.#disk.unlink(path);
    }
    await this.#disk.syncFolder(folder);
    await this.#folders.removeEmpty(folder);
  }

  #journal(key: DocKey, path: string): JournalFile {
    const journal = this.#journals.get(path) ?? new JournalFile(this.#disk, this.#folders, key, path);
    this.#journals.delete(path);
    this.#journals.set(path, journal);
    for (const oldest of this.#journals.keys()) {
      if (this.#journals.size <= OPEN_JOURNALS) break;
      this.#journals.delete(oldest);
    }
    return journal;
  }
}

function revisionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
