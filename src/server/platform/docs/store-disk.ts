// The operations on files that the stores need: those of durable writing, and reading. Tests put a failing disk in its place.
import { constants, type Dirent } from 'node:fs';
import { lstat, open, readdir, realpath } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type Disk, type DiskFile, nodeDisk } from '../../../vision/checkpoint/disk.ts';

/** A link, a device or the like is `other`: the stores never follow or read them. */
export type FileKind = 'file' | 'folder' | 'other';

export interface Entry {
  readonly name: string;
  readonly kind: FileKind;
}

export interface FileStat {
  readonly kind: FileKind;
  readonly sizeBytes: number;
  /** Changes with each writing; with the size and the file's number it tells whether a file was changed. */
  readonly modifiedMs: number;
  readonly fileNumber: number;
}

export interface ByteRange {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export interface StoreDisk extends Disk {
  entries(folder: string): Promise<Entry[]>;
  /** Of what lies at the path itself, links not followed; null when nothing does. */
  stat(path: string): Promise<FileStat | null>;
  read(path: string): Promise<Uint8Array>;
  stream(path: string, range?: ByteRange): Promise<Readable>;
  /** Opens a file to write at its end; makes it when it is not there. */
  append(path: string): Promise<DiskFile>;
  /** What was written to the file, by whomever, survives a power cut once this returns. */
  syncFile(path: string): Promise<void>;
  /** The path with all links resolved. */
  realPath(path: string): Promise<string>;
}

// Windows has no such flag, and no links without special rights.
const noFollow = constants.O_NOFOLLOW ?? 0;

/** The real disk. */
export const nodeStoreDisk: StoreDisk = {
  ...nodeDisk,
  entries: async (folder) =>
    (await readdir(folder, { withFileTypes: true })).map((entry) => ({
      name: entry.name,
      kind: kindOf(entry),
    })),
  stat,
  read,
  stream,
  append,
  syncFile,
  realPath: realpath,
};

function kindOf(entry: Pick<Dirent, 'isFile' | 'isDirectory'>): FileKind {
  return entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other';
}

async function stat(path: string): Promise<FileStat | null> {
  try {
    const found = await lstat(path);
    return {
      kind: kindOf(found),
      sizeBytes: found.size,
      modifiedMs: found.mtimeMs,
      fileNumber: found.ino,
    };
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

async function read(path: string): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | noFollow);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function stream(path: string, range?: ByteRange): Promise<Readable> {
  const file = await open(path, constants.O_RDONLY | noFollow);
  if (range === undefined) return file.createReadStream();
  return file.createReadStream({ start: range.start, end: range.end - 1 });
}

async function append(path: string): Promise<DiskFile> {
  const file = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | noFollow);
  return {
    write: (bytes) => file.appendFile(bytes),
    sync: () => file.sync(),
    close: () => file.close(),
  };
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, constants.O_RDWR | noFollow);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Whether an error says that nothing lies at a path, or only a link, which counts as nothing. */
export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG';
}
