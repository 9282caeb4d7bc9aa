// Looks at folders as they lie on the disk. Nothing here writes.
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../platform/config.ts';
import type { Owner } from '../platform/queue/job.ts';

export interface Entries {
  /** Plain files; links and devices are `other`. Each sorted. */
  readonly files: readonly string[];
  readonly folders: readonly string[];
  readonly other: readonly string[];
}

/** What lies in a folder; nothing when there is no such folder. Files of writers that were cut short are passed over. */
export async function entriesOf(folder: string): Promise<Entries> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(unlessAbsent([]));
  const names = (wanted: (entry: (typeof entries)[number]) => boolean) =>
    entries
      .filter((entry) => wanted(entry) && !/^\..*\.new$/.test(entry.name))
      .map(({ name }) => name)
      .sort();
  return {
    files: names((entry) => entry.isFile()),
    folders: names((entry) => entry.isDirectory()),
    other: names((entry) => !entry.isFile() && !entry.isDirectory()),
  };
}

export interface FileTimes {
  readonly sizeBytes: number;
  readonly modifiedAt: string;
}

export async function fileTimes(path: string): Promise<FileTimes> {
  const { size, mtime } = await lstat(path);
  return { sizeBytes: size, modifiedAt: mtime.toISOString() };
}

/** The bytes, or null when there is no such file. */
export function bytesOf(path: string): Promise<Buffer | null> {
  return readFile(path).catch(unlessAbsent(null));
}

/** Calls back with each piece of a file. */
export async function eachPiece(path: string, use: (piece: Buffer) => void): Promise<void> {
  for await (const piece of createReadStream(path)) use(piece as Buffer);
}

export function ownerFolder(config: Config, { kind, id }: Owner): string {
  return join(kind === 'project' ? config.projects_dir : config.datasets_dir, id);
}

function unlessAbsent<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return instead;
    throw error;
  };
}
