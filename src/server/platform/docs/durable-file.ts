// Writes one file of a store so that it is there whole or not at all, and survives a power cut once that is said.
import { dirname } from 'node:path';
import type { DiskFile } from '../../../vision/checkpoint/disk.ts';
import { isAbsent, type StoreDisk } from './store-disk.ts';
import { type StoreFolders, unfinishedPath } from './store-folders.ts';

export type Bytes = Uint8Array | AsyncIterable<Uint8Array>;

/** Returns the size. When it fails, the file is as before, or new and whole when only the folder's sync failed. */
export async function writeDurableFile(
  disk: StoreDisk,
  folders: StoreFolders,
  path: string,
  bytes: Bytes,
  serial: number,
): Promise<number> {
  const temporary = unfinishedPath(path, serial);
  const folder = dirname(path);
  const file = await inFolder(folders, folder, () => disk.create(temporary));
  let sizeBytes: number;
  try {
    sizeBytes = await fill(file, bytes);
    await disk.rename(temporary, path);
  } catch (error) {
    // Never synced a second time: a file whose sync failed is given up.
    await disk.unlink(temporary).catch(() => {});
    throw error;
  }
  await disk.syncFolder(folder);
  return sizeBytes;
}

async function fill(file: DiskFile, bytes: Bytes): Promise<number> {
  let sizeBytes = 0;
  try {
    for await (const piece of bytes instanceof Uint8Array ? [bytes] : bytes) {
      await file.write(piece);
      sizeBytes += piece.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return sizeBytes;
}

/** Runs an action that makes an entry in a folder, and once more when the folder was pruned meanwhile. */
export async function inFolder<T>(
  folders: StoreFolders,
  folder: string,
  action: () => Promise<T>,
): Promise<T> {
  await folders.ensure(folder);
  try {
    return await action();
  } catch (error) {
    if (!isAbsent(error)) throw error;
    folders.forget(folder);
    await folders.ensure(folder);
    return action();
  }
}
