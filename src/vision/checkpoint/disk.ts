// The few operations on files that durable writing needs, so that tests can fail each of them in turn.
import { lstat, mkdir, open, readdir, rename, rmdir, unlink } from 'node:fs/promises';

export interface DiskFile {
  write(bytes: Uint8Array): Promise<void>;
  /** What was written survives a power cut once this returns. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Disk {
  /** A new, empty file for writing; one that is there is emptied. */
  create(path: string): Promise<DiskFile>;
  mkdir(path: string): Promise<void>;
  /** The names in a folder. */
  list(path: string): Promise<string[]>;
  /** What lies at a path. */
  kind(path: string): Promise<'file' | 'folder' | null>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Removes an empty folder. */
  rmdir(path: string): Promise<void>;
  /** The folder's entries (what was created, renamed, removed in it) survive a power cut once this returns. */
  syncFolder(path: string): Promise<void>;
}

/** The real disk. */
export const nodeDisk: Disk = {
  create,
  mkdir: async (path) => void (await mkdir(path)),
  list: (path) => readdir(path),
  kind,
  rename,
  unlink,
  rmdir,
  syncFolder,
};

async function create(path: string): Promise<DiskFile> {
  const file = await open(path, 'w');
  return {
    write: (bytes) => writeAll(file, bytes),
    sync: () => file.sync(),
    close: () => file.close(),
  };
}

// In pieces: one write call takes at most 2 GiB, and may take less than it was given.
async function writeAll(file: Awaited<ReturnType<typeof open>>, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, Math.min(bytes.length - at, 2 ** 26));
    at += bytesWritten;
  }
}

async function kind(path: string): Promise<'file' | 'folder' | null> {
  const stat = await lstat(path).catch(nullWhenAbsent);
  return stat === null ? null : stat.isDirectory() ? 'folder' : 'file';
}

async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders; NTFS journals its entries by itself.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function nullWhenAbsent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
