// Where the keys of the file stores lie on the disk, and folders that are sure to be there after a power cut.
import { dirname, join, resolve, sep } from 'node:path';
import type { Config } from '../config.ts';
import { isAbsent, type StoreDisk } from './store-disk.ts';

/** One folder for all keys, but for the first segments that have a folder of their own. */
export interface StoreRoots {
  readonly root: string;
  readonly mounts?: { readonly [segment: string]: string };
}

/** The folders that the configuration names. */
export function storeRoots(config: Config): StoreRoots {
  return {
    root: config.data_dir,
    mounts: { projects: config.projects_dir, datasets: config.datasets_dir, models: config.models_dir },
  };
}

const segment = /^[a-zA-Z0-9._-]{1,240}$/;
const unfinished = /^\.(.*)\.\d+\.new$/;

/** Whether a key can exist: no escape from the root, no name that a file system reads in its own way. */
export function isKey(key: string): boolean {
  if (key.length > 1000) return false;
  return key
    .split('/')
    .every((part) => segment.test(part) && part !== '.' && part !== '..' && !unfinished.test(part));
}

/** The name that a file would have got, when it is one that a writer left unfinished; else null. */
export function finishedName(name: string): string | null {
  return unfinished.exec(name)?.[1] ?? null;
}

/** Beside the file it will become, so that a rename is enough. `serial` keeps writers of one file apart. */
export function unfinishedPath(path: string, serial: number): string {
  const name = path.slice(path.lastIndexOf(sep) + 1);
  return join(dirname(path), `.${name}.${serial}.new`);
}

export class StoreFolders {
  readonly #root: string;
  readonly #mounts: ReadonlyMap<string, string>;
  readonly #disk: StoreDisk;
  /** Folders whose own entries were synced by this process. */
  readonly #durable = new Set<string>();
  /** Folders that were found to be no way out of the root. */
  readonly #inside = new Set<string>();

  constructor(roots: string | StoreRoots, disk: StoreDisk) {
    const { root, mounts = {} } = typeof roots === 'string' ? { root: roots } : roots;
    this.#root = resolve(root);
    this.#mounts = new Map(Object.entries(mounts).map(([name, path]) => [name, resolve(path)]));
    this.#disk = disk;
  }

  /** The folders that the keys lie in: the root, and those that lie elsewhere. */
  tops(): string[] {
    const elsewhere = [...this.#mounts.values()].filter((path) => !path.startsWith(this.#root + sep));
    return [this.#root, ...elsewhere];
  }

  /** The path of a key that `isKey`, or of '' for all. */
  path(key: string): string {
    const [first = '', ...rest] = key.split('/');
    const mount = this.#mounts.get(first);
    return mount === undefined ? join(this.#root, key) : join(mount, ...rest);
  }

  /** Whether a folder is there and no link leads out of the root on the way to it. */
  async isInside(folder: string): Promise<boolean> {
    if (this.#inside.has(folder)) return true;
    try {
      const [real, top] = await Promise.all([
        this.#disk.realPath(folder),
        this.#disk.realPath(this.#topOf(folder)),
      ]);
      if (real !== top && !real.startsWith(top + sep)) return false;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
    this.#inside.add(folder);
    return true;
  }

  /** Makes a folder and those above it where they are missing; once it returns they survive a power cut. */
  async ensure(folder: string): Promise<void> {
    if (this.#durable.has(folder)) return;
    const parent = dirname(folder);
    const own = this.#isBelow(folder);
    if (own) await this.ensure(parent);
    const found = await this.#disk.kind(folder);
    if (found === null) {
      if (!own && parent !== folder) await this.ensure(parent);
      await this.#disk.mkdir(folder).catch(unlessThere);
    }
    // Also of a folder that was there: who made it may have been stopped before the sync.
    if (own || found === null) await this.#disk.syncFolder(parent);
    if (own && !(await this.isInside(folder)))
      throw Object.assign(new Error('a link'), { code: 'ELOOP', syscall: 'realpath' });
    this.#durable.add(folder);
  }

  /** To be called when a folder, or one above it, turns out to be gone. */
  forget(folder: string): void {
    for (let at = folder; this.#isBelow(at); at = dirname(at)) {
      this.#durable.delete(at);
      this.#inside.delete(at);
    }
  }

  /** Removes a folder and those above it as far as they are empty. */
  async prune(folder: string): Promise<void> {
    let at = folder;
    while (await this.removeEmpty(at)) at = dirname(at);
  }

  /** Whether it could be removed: not the root, not one that holds something, not one that is gone. */
  async removeEmpty(folder: string): Promise<boolean> {
    if (!this.#isBelow(folder)) return false;
    try {
      await this.#disk.rmdir(folder);
    } catch {
      // An empty folder does no harm.
      return false;
    }
    this.forget(folder);
    return true;
  }

  #topOf(folder: string): string {
    for (const mount of this.#mounts.values())
      if (folder === mount || folder.startsWith(mount + sep)) return mount;
    return this.#root;
  }

  #isBelow(folder: string): boolean {
    const top = this.#topOf(folder);
    return folder !== top && folder.startsWith(top + sep);
  }
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
