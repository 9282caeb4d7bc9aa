// A disk in memory that remembers each change, so that every disk can be built that a power cut could have left.
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { DiskFile } from '../../vision/checkpoint/disk.ts';
import type { ByteRange, Entry, FileStat, StoreDisk } from '../platform/docs/store-disk.ts';

/** What is on a disk: folders map names to numbers of files and folders; number 0 is the root. */
export interface DiskContent {
  readonly folders: ReadonlyMap<number, ReadonlyMap<string, number>>;
  readonly files: ReadonlyMap<number, Uint8Array>;
}

interface Place {
  readonly folder: number;
  readonly name: string;
}

/** A change that was asked of the disk. Only the syncs make that what was before them survives. */
export type Step =
  | { readonly do: 'link'; readonly at: Place; readonly item: number; readonly isFolder: boolean }
  | { readonly do: 'unlink'; readonly at: Place; readonly item: number }
  | { readonly do: 'rename'; readonly from: Place; readonly to: Place; readonly item: number }
  | { readonly do: 'truncate'; readonly file: number }
  | { readonly do: 'write'; readonly file: number; readonly bytes: Uint8Array }
  | { readonly do: 'sync'; readonly file: number }
  | { readonly do: 'syncFolder'; readonly folder: number };

/** Which of the unsynced changes a power cut leaves. Those that were synced it always leaves. */
export interface PowerCut {
  readonly name: string;
  /**
   * Of entries in folders: a share of them, the first ones, as a journalling file system leaves them; all but renames; all
   * but those of one folder.
   */
  readonly entries: number | 'all but renames' | { readonly allButIn: number };
  /**
   * Of bytes in files: all, none, zeros in their place; all but the last write, of which so much is there; all but those of
   * one file.
   */
  readonly bytes:
    | 'all'
    | 'none'
    | 'zeros'
    | { readonly lastWrite: 0 | 512 | 'half' }
    | { readonly allButIn: number };
}

export const allLost: PowerCut = { name: 'all unsynced lost', entries: 0, bytes: 'none' };
export const allKept: PowerCut = { name: 'all unsynced kept', entries: 1, bytes: 'all' };

/** Those of reliability.md 4.1, and what lies between them. */
export const powerCuts: readonly PowerCut[] = [
  allLost,
  allKept,
  { name: 'last write torn at 0', entries: 1, bytes: { lastWrite: 0 } },
  { name: 'last write torn at 512', entries: 1, bytes: { lastWrite: 512 } },
  { name: 'last write torn at half', entries: 1, bytes: { lastWrite: 'half' } },
  { name: 'renames lost', entries: 'all but renames', bytes: 'all' },
  { name: 'renames kept but data lost', entries: 1, bytes: 'none' },
  { name: 'renames kept but data zeros', entries: 1, bytes: 'zeros' },
  ...[0.2, 0.4, 0.6, 0.8].flatMap((entries) => [
    { name: `${entries} of the entries, all bytes`, entries, bytes: 'all' } as const,
    { name: `${entries} of the entries, no bytes`, entries, bytes: 'none' } as const,
  ]),
];

/** Called before each operation: throws to make it fail; 'short' makes a write stop half-way. */
export type Fault = (count: number, operation: string, path: string) => undefined | 'short';

/** As Node's file functions throw them. */
export function diskError(code: string, syscall = 'test'): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
}

interface File {
  bytes: Uint8Array;
  changed: number;
}

const emptyDisk: DiskContent = { folders: new Map([[0, new Map()]]), files: new Map() };

export class CrashDisk implements StoreDisk {
  readonly steps: Step[] = [];
  /** Breaches of the rule that a file whose sync failed is given up. */
  readonly breaches: string[] = [];
  /** Operations so far, reads too. */
  count = 0;
  fault: Fault = () => undefined;
  readonly #start: DiskContent;
  readonly #folders: Map<number, Map<string, number>>;
  readonly #files: Map<number, File>;
  readonly #givenUp = new Set<number>();
  #last: number;
  #time = 0;

  constructor(start: DiskContent = emptyDisk) {
    this.#start = start;
    this.#folders = new Map([...start.folders].map(([id, entries]) => [id, new Map(entries)]));
    this.#files = new Map([...start.files].map(([id, bytes]) => [id, { bytes, changed: 0 }]));
    this.#last = Math.max(0, ...this.#folders.keys(), ...this.#files.keys());
  }

  /** All that is there now, as if it had been synced. */
  content(): DiskContent {
    const files = [...this.#files].map(([id, { bytes }]) => [id, bytes] as const);
    return { folders: this.#folders, files: new Map(files) };
  }

  /** The disk after a power cut that came when the first `count` steps had been asked for. */
  after(count: number, { entries, bytes }: PowerCut): DiskContent {
    const steps = this.steps.slice(0, count);
    return withEntries(this.#start, keptEntries(steps, entries), filesAfter(this.#start, steps, bytes));
  }

  /** All ways in which a power cut can come at that moment: folders and files reach the disk in any order. */
  cutsAt(count: number): PowerCut[] {
    const steps = this.steps.slice(0, count);
    const { folders, files } = unsynced(steps);
    return [
      ...powerCuts,
      ...folders.map(
        (id) => ({ name: `folder ${id} lost`, entries: { allButIn: id }, bytes: 'all' }) as const,
      ),
      ...files.map((id) => ({ name: `file ${id} lost`, entries: 1, bytes: { allButIn: id } }) as const),
    ];
  }

  async create(path: string): Promise<DiskFile> {
    this.#begin('create', path);
    const found = this.#find(path);
    if (found !== undefined && this.#folders.has(found)) throw diskError('EISDIR', 'open');
    const id = found ?? this.#link(path, false);
    if (found !== undefined) {
      this.#files.get(id)!.bytes = new Uint8Array();
      // Emptied, it is a new file as far as failed syncs go.
      this.#givenUp.delete(id);
      this.steps.push({ do: 'truncate', file: id });
    }
    return this.#opened(id, path);
  }

  async append(path: string): Promise<DiskFile> {
    this.#begin('append', path);
    return this.#opened(this.#find(path) ?? this.#link(path, false), path);
  }

  async mkdir(path: string): Promise<void> {
    this.#begin('mkdir', path);
    if (this.#find(path) !== undefined) throw diskError('EEXIST', 'mkdir');
    this.#link(path, true);
  }

  async list(path: string): Promise<string[]> {
    return (await this.entries(path)).map(({ name }) => name);
  }

  async entries(path: string): Promise<Entry[]> {
    this.#begin('entries', path);
    const rows = [...this.#folder(path)];
    return rows.map(([name, id]) => ({ name, kind: this.#folders.has(id) ? 'folder' : 'file' }));
  }

  async kind(path: string): Promise<'file' | 'folder' | null> {
    this.#begin('kind', path);
    const found = this.#find(path);
    return found === undefined ? null : this.#folders.has(found) ? 'folder' : 'file';
  }

  async stat(path: string): Promise<FileStat | null> {
    this.#begin('stat', path);
    const id = this.#find(path);
    if (id === undefined) return null;
    const file = this.#files.get(id);
    if (file === undefined) return { kind: 'folder', sizeBytes: 0, modifiedMs: 0, fileNumber: id };
    return { kind: 'file', sizeBytes: file.bytes.length, modifiedMs: file.changed, fileNumber: id };
  }

  async read(path: string): Promise<Uint8Array> {
    this.#begin('read', path);
    return this.#bytes(path);
  }

  async stream(path: string, range?: ByteRange): Promise<Readable> {
    this.#begin('stream', path);
    return Readable.from([Buffer.from(this.#bytes(path).slice(range?.start, range?.end))]);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#begin('rename', from);
    const item = this.#find(from);
    if (item === undefined) throw diskError('ENOENT', 'rename');
    const [source, target] = [this.#place(from), this.#place(to)];
    if (this.#givenUp.has(item)) this.breaches.push(`renamed after its sync failed: ${from}`);
    const replaced = this.#find(to);
    if (replaced !== undefined && this.#folders.has(replaced)) throw diskError('EISDIR', 'rename');
    this.#folders.get(source.folder)!.delete(source.name);
    this.#folders.get(target.folder)!.set(target.name, item);
    this.steps.push({ do: 'rename', from: source, to: target, item });
  }

  async unlink(path: string): Promise<void> {
    this.#begin('unlink', path);
    const item = this.#find(path);
    if (item === undefined || this.#folders.has(item)) throw diskError('ENOENT', 'unlink');
    this.#remove(path, item);
  }

  async rmdir(path: string): Promise<void> {
    this.#begin('rmdir', path);
    if (this.#folder(path).size > 0) throw diskError('ENOTEMPTY', 'rmdir');
    this.#remove(path, this.#find(path)!);
  }

  async syncFolder(path: string): Promise<void> {
    this.#begin('syncFolder', path);
    this.#folder(path);
    this.steps.push({ do: 'syncFolder', folder: this.#find(path)! });
  }

  async syncFile(path: string): Promise<void> {
    this.#bytes(path);
    this.#sync(this.#find(path)!, path);
  }

  async realPath(path: string): Promise<string> {
    this.#begin('realPath', path);
    if (this.#find(path) === undefined) throw diskError('ENOENT', 'realpath');
    return path;
  }

  #opened(id: number, path: string): DiskFile {
    return {
      write: async (bytes) => {
        const short = this.#begin('write', path) === 'short';
        this.#write(id, short ? bytes.slice(0, bytes.length >> 1) : bytes.slice());
        if (short) throw diskError('ENOSPC', 'write');
      },
      sync: async () => this.#sync(id, path),
      close: async () => void this.#begin('close', path),
    };
  }

  #begin(operation: string, path: string): undefined | 'short' {
    return this.fault(++this.count, operation, path);
  }

  #write(id: number, bytes: Uint8Array): void {
    const file = this.#files.get(id)!;
    file.bytes = Buffer.concat([file.bytes, bytes]);
    file.changed = ++this.#time;
    this.steps.push({ do: 'write', file: id, bytes });
  }

  #sync(id: number, path: string): void {
    if (this.#givenUp.has(id)) this.breaches.push(`synced again after a sync failed: ${path}`);
    try {
      this.#begin('sync', path);
    } catch (error) {
      this.#givenUp.add(id);
      throw Object.assign(error as Error, { syscall: 'fsync' });
    }
    this.steps.push({ do: 'sync', file: id });
  }

  #link(path: string, isFolder: boolean): number {
    const at = this.#place(path);
    const item = ++this.#last;
    if (isFolder) this.#folders.set(item, new Map());
    else this.#files.set(item, { bytes: new Uint8Array(), changed: ++this.#time });
    this.#folders.get(at.folder)!.set(at.name, item);
    this.steps.push({ do: 'link', at, item, isFolder });
    return item;
  }

  #remove(path: string, item: number): void {
    const at = this.#place(path);
    this.#folders.get(at.folder)!.delete(at.name);
    this.steps.push({ do: 'unlink', at, item });
  }

  #place(path: string): Place {
    this.#folder(dirname(path));
    return { folder: this.#find(dirname(path))!, name: basename(path) };
  }

  #find(path: string): number | undefined {
    let at: number | undefined = 0;
    for (const name of path.split('/').filter((part) => part !== ''))
      at = at === undefined ? undefined : this.#folders.get(at)?.get(name);
    return at;
  }

  #folder(path: string): Map<string, number> {
    const id = this.#find(path);
    const folder = id === undefined ? undefined : this.#folders.get(id);
    if (folder === undefined) throw diskError(id === undefined ? 'ENOENT' : 'ENOTDIR', 'scandir');
    return folder;
  }

  #bytes(path: string): Uint8Array {
    const id = this.#find(path);
    const file = id === undefined ? undefined : this.#files.get(id);
    if (file === undefined) throw diskError(id === undefined ? 'ENOENT' : 'EISDIR', 'open');
    return file.bytes;
  }
}

type EntryStep = Extract<Step, { do: 'link' | 'unlink' | 'rename' }>;

function foldersOf(step: EntryStep): number[] {
  return step.do === 'rename' ? [step.from.folder, step.to.folder] : [step.at.folder];
}

/** Of each folder or file, the last step that synced it. */
function lastSyncs(steps: readonly Step[]): { folders: Map<number, number>; files: Map<number, number> } {
  const last = { folders: new Map<number, number>(), files: new Map<number, number>() };
  for (const [i, step] of steps.entries()) {
    if (step.do === 'syncFolder') last.folders.set(step.folder, i);
    if (step.do === 'sync') last.files.set(step.file, i);
  }
  return last;
}

function isEntryStep(step: Step): step is EntryStep {
  return step.do === 'link' || step.do === 'unlink' || step.do === 'rename';
}

/** Folders and files of which something was not synced. */
function unsynced(steps: readonly Step[]): { folders: number[]; files: number[] } {
  const last = lastSyncs(steps);
  const folders = new Set<number>();
  const files = new Set<number>();
  for (const [i, step] of steps.entries()) {
    if (isEntryStep(step) && !isEntrySynced(step, i, last.folders))
      for (const folder of foldersOf(step)) folders.add(folder);
    if (step.do === 'write' && (last.files.get(step.file) ?? -1) < i) files.add(step.file);
  }
  return { folders: [...folders], files: [...files] };
}

/** A rename is one change: the sync of either folder makes it survive. */
function isEntrySynced(step: EntryStep, i: number, last: ReadonlyMap<number, number>): boolean {
  return foldersOf(step).some((folder) => (last.get(folder) ?? -1) > i);
}

/** Those changes of entries that survive, in order. */
function keptEntries(steps: readonly Step[], kept: PowerCut['entries']): EntryStep[] {
  const { folders } = lastSyncs(steps);
  const rows = steps.flatMap((step, i) =>
    isEntryStep(step) ? [{ step, isSynced: isEntrySynced(step, i, folders) }] : [],
  );
  const open = rows.filter(({ isSynced }) => !isSynced).map(({ step }) => step);
  const survivors = new Set(surviving(open, kept));
  return rows.filter(({ step, isSynced }) => isSynced || survivors.has(step)).map(({ step }) => step);
}

function surviving(steps: readonly EntryStep[], kept: PowerCut['entries']): readonly EntryStep[] {
  if (kept === 'all but renames') return steps.filter((step) => step.do !== 'rename');
  if (typeof kept === 'number') return steps.slice(0, Math.round(kept * steps.length));
  return steps.filter((step) => !foldersOf(step).includes(kept.allButIn));
}

function filesAfter(
  start: DiskContent,
  steps: readonly Step[],
  kept: PowerCut['bytes'],
): Map<number, Uint8Array> {
  const last = lastSyncs(steps).files;
  const isSynced = (file: number, i: number) => (last.get(file) ?? -1) > i;
  const lastWrite = steps.findLastIndex((step, i) => step.do === 'write' && !isSynced(step.file, i));
  const files = new Map(start.files);
  for (const [i, step] of steps.entries()) {
    if (step.do === 'link' && !step.isFolder) files.set(step.item, new Uint8Array());
    if (step.do === 'truncate' && (kept !== 'none' || isSynced(step.file, i)))
      files.set(step.file, new Uint8Array());
    if (step.do !== 'write') continue;
    const { bytes, file } = step;
    const left = isSynced(file, i) ? bytes : leftOf(bytes, kept, file, i === lastWrite);
    files.set(file, Buffer.concat([files.get(file)!, left]));
  }
  return files;
}

/** What is left of an unsynced write. */
function leftOf(bytes: Uint8Array, kept: PowerCut['bytes'], file: number, isLast: boolean): Uint8Array {
  if (kept === 'all') return bytes;
  if (kept === 'none') return new Uint8Array();
  if (kept === 'zeros') return new Uint8Array(bytes.length);
  if ('allButIn' in kept) return kept.allButIn === file ? new Uint8Array() : bytes;
  if (!isLast) return bytes;
  return bytes.subarray(0, kept.lastWrite === 'half' ? bytes.length >> 1 : kept.lastWrite);
}

function withEntries(
  start: DiskContent,
  steps: readonly EntryStep[],
  files: ReadonlyMap<number, Uint8Array>,
): DiskContent {
  const folders = new Map([...start.folders].map(([id, entries]) => [id, new Map(entries)]));
  const of = (id: number) => folders.get(id) ?? folders.set(id, new Map()).get(id)!;
  const remove = ({ folder, name }: Place, item: number) => {
    if (of(folder).get(name) === item) of(folder).delete(name);
  };
  for (const step of steps) {
    if (step.do === 'link') {
      of(step.at.folder).set(step.at.name, step.item);
      if (step.isFolder) of(step.item);
    } else if (step.do === 'unlink') remove(step.at, step.item);
    else {
      remove(step.from, step.item);
      of(step.to.folder).set(step.to.name, step.item);
    }
  }
  return reachable({ folders, files });
}

/** Without the files and folders that no entry leads to. */
function reachable({ folders, files }: DiskContent): DiskContent {
  const found = {
    folders: new Map<number, ReadonlyMap<string, number>>(),
    files: new Map<number, Uint8Array>(),
  };
  const visit = (id: number) => {
    const entries = folders.get(id);
    if (entries === undefined) {
      found.files.set(id, files.get(id) ?? new Uint8Array());
      return;
    }
    found.folders.set(id, entries);
    for (const item of entries.values()) visit(item);
  };
  visit(0);
  return found;
}

/** Every path and what is there; folders end in '/'. Equal for equal disks. */
export function listing({ folders, files }: DiskContent, folder = 0, path = '/'): Map<string, string> {
  const rows = [...(folders.get(folder) ?? [])].flatMap(([name, id]): [string, string][] => {
    const at = join(path, name);
    const bytes = files.get(id);
    if (bytes !== undefined) return [[at, Buffer.from(bytes).toString('latin1')]];
    return [[`${at}/`, ''], ...listing({ folders, files }, id, at)];
  });
  return new Map(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
}
