// A disk in memory that can fail at any operation, and be cut from power at any moment.
import { basename, dirname } from 'node:path';
import type { Disk, DiskFile } from '../disk.ts';

interface File {
  readonly kind: 'file';
  bytes: Buffer;
  /** What a power cut is sure to leave. */
  synced: Buffer;
}

type Entries = ReadonlyMap<string, File | Folder>;

interface Folder {
  readonly kind: 'folder';
  entries: Entries;
  /** The entries after the last sync, and after each operation since: a power cut leaves one of these. */
  history: Entries[];
}

/** What a power cut leaves of that which was not synced. */
export interface PowerCut {
  /** Which share of the unsynced operations, in order, reached the disk in a top folder. */
  readonly entries: number;
  /** The same for the folders inside it. */
  readonly inside: number;
  /** Which share of the unsynced bytes of each file. */
  readonly bytes: number;
}

const shares = [0, 0.5, 1];

export const powerCuts: readonly PowerCut[] = shares.flatMap((entries) =>
  shares.flatMap((inside) => shares.map((bytes) => ({ entries, inside, bytes }))),
);

/** Called before each operation; it throws to make the operation fail. */
export type Fault = (count: number, operation: string) => void;

export class MemoryDisk implements Disk {
  private readonly root: Folder;
  private readonly fault: Fault;
  /** Operations asked for so far. */
  count = 0;

  constructor(fault: Fault = () => {}, root: Folder = newFolder()) {
    this.fault = fault;
    this.root = root;
  }

  async create(path: string): Promise<DiskFile> {
    this.step('create');
    const found = this.find(path);
    const file: File = found?.kind === 'file' ? found : { kind: 'file', bytes: none, synced: none };
    file.bytes = none;
    if (found === undefined) this.put(path, file);
    return {
      write: async (bytes) => {
        this.step('write');
        file.bytes = Buffer.concat([file.bytes, bytes]);
      },
      sync: async () => {
        this.step('sync');
        file.synced = file.bytes;
      },
      close: async () => this.step('close'),
    };
  }

  async mkdir(path: string): Promise<void> {
    this.step('mkdir');
    if (this.find(path)) throw diskError('EEXIST');
    this.put(path, newFolder());
  }

  async list(path: string): Promise<string[]> {
    this.step('list');
    return [...this.folder(path).entries.keys()];
  }

  async kind(path: string): Promise<'file' | 'folder' | null> {
    this.step('kind');
    return this.find(path)?.kind ?? null;
  }

  async rename(from: string, to: string): Promise<void> {
    this.step('rename');
    if (dirname(from) !== dirname(to)) throw diskError('EXDEV');
    const moved = this.find(from);
    const replaced = this.find(to);
    if (moved === undefined) throw diskError('ENOENT');
    if (replaced?.kind === 'folder' && replaced.entries.size > 0) throw diskError('ENOTEMPTY');
    this.change(dirname(from), (entries) => {
      entries.delete(basename(from));
      entries.set(basename(to), moved);
    });
  }

  async unlink(path: string): Promise<void> {
    this.step('unlink');
    if (this.find(path)?.kind !== 'file') throw diskError('ENOENT');
    this.change(dirname(path), (entries) => entries.delete(basename(path)));
  }

  async rmdir(path: string): Promise<void> {
    this.step('rmdir');
    if (this.folder(path).entries.size > 0) throw diskError('ENOTEMPTY');
    this.change(dirname(path), (entries) => entries.delete(basename(path)));
  }

  async syncFolder(path: string): Promise<void> {
    this.step('syncFolder');
    const folder = this.folder(path);
    folder.history = [folder.entries];
  }

  /** Everything there, by path; folders end in '/'. */
  snapshot(): Record<string, string> {
    return Object.fromEntries(listed(this.root, ''));
  }

  /** The disk as it may be after the power came back. */
  afterPowerCut(cut: PowerCut): MemoryDisk {
    return new MemoryDisk(() => {}, survivingFolder(this.root, cut, 0));
  }

  private step(operation: string): void {
    this.fault(++this.count, operation);
  }

  private find(path: string): File | Folder | undefined {
    let at: File | Folder | undefined = this.root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      at = at?.kind === 'folder' ? at.entries.get(name) : undefined;
    }
    return at;
  }

  private folder(path: string): Folder {
    const found = this.find(path);
    if (found?.kind !== 'folder') throw diskError(found ? 'ENOTDIR' : 'ENOENT');
    return found;
  }

  private put(path: string, item: File | Folder): void {
    this.change(dirname(path), (entries) => entries.set(basename(path), item));
  }

  private change(path: string, edit: (entries: Map<string, File | Folder>) => void): void {
    const folder = this.folder(path);
    const entries = new Map(folder.entries);
    edit(entries);
    folder.entries = entries;
    folder.history.push(entries);
  }
}

/** An error as Node's file functions throw them. */
export function diskError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code, syscall: 'test' });
}

const none = Buffer.alloc(0);

function newFolder(): Folder {
  return { kind: 'folder', entries: new Map(), history: [new Map()] };
}

function survivingFolder(folder: Folder, cut: PowerCut, depth: number): Folder {
  const share = depth < 2 ? cut.entries : cut.inside;
  const left = folder.history[Math.round(share * (folder.history.length - 1))]!;
  const entries = new Map([...left].map(([name, item]) => [name, surviving(item, cut, depth + 1)]));
  return { kind: 'folder', entries, history: [entries] };
}

function surviving(item: File | Folder, cut: PowerCut, depth: number): File | Folder {
  if (item.kind === 'folder') return survivingFolder(item, cut, depth);
  const unsynced = item.bytes.subarray(item.synced.length);
  const kept = unsynced.subarray(0, Math.round(cut.bytes * unsynced.length));
  const bytes = cut.bytes === 1 ? item.bytes : Buffer.concat([item.synced, kept]);
  return { kind: 'file', bytes, synced: bytes };
}

function listed(folder: Folder, prefix: string): [string, string][] {
  return [...folder.entries].flatMap(([name, item]): [string, string][] =>
    item.kind === 'file'
      ? [[prefix + name, item.bytes.toString()]]
      : [[`${prefix}${name}/`, ''], ...listed(item, `${prefix}${name}/`)],
  );
}
