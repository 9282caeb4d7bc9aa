// Removes what writers that were cut short have left in the stores. Called at the start, before anything is written.
import { dirname, join } from 'node:path';
import { withDiskErrors } from './disk-errors.ts';
import { isAbsent, nodeStoreDisk, type StoreDisk } from './store-disk.ts';
import { finishedName, StoreFolders, type StoreRoots } from './store-folders.ts';

/** How many files it removed. */
export async function removeUnfinished(
  roots: string | StoreRoots,
  disk: StoreDisk = nodeStoreDisk,
): Promise<number> {
  const folders = new StoreFolders(roots, disk);
  let removed = 0;
  await withDiskErrors('remove unfinished files', async () => {
    for await (const path of unfinishedFiles(roots, disk)) {
      await disk.unlink(path);
      // Made for this file alone, perhaps.
      await folders.prune(dirname(path));
      removed++;
    }
  });
  return removed;
}

/** Their paths. */
export async function* unfinishedFiles(
  roots: string | StoreRoots,
  disk: StoreDisk = nodeStoreDisk,
): AsyncGenerator<string> {
  for (const top of new StoreFolders(roots, disk).tops()) yield* unfinishedBelow(top, disk);
}

async function* unfinishedBelow(folder: string, disk: StoreDisk): AsyncGenerator<string> {
  const entries = await disk.entries(folder).catch((error) => {
    if (isAbsent(error)) return [];
    throw error;
  });
  for (const { name, kind } of entries) {
    const path = join(folder, name);
    if (kind === 'folder') yield* unfinishedBelow(path, disk);
    if (kind === 'file' && finishedName(name) !== null) yield path;
  }
}
