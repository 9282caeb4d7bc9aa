// The picture files that command line arguments stand for.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { listPictures } from '../vision/dataset/folder.ts';
import { OkapiError } from '../vision/errors.ts';

/**
 * A file stands for itself, whatever its name; a folder for the pictures in it and in the folders below, those of masks
 * (ground_truth) left out. Throws dataset.not_found when a folder has none.
 */
export async function pictureFiles(paths: readonly string[]): Promise<string[]> {
  const lists: string[][] = [];
  for (const path of paths) {
    const found = await stat(path).catch(() => null);
    lists.push(found?.isDirectory() ? await picturesBelow(path) : [path]);
  }
  return [...new Set(lists.flat())];
}

async function picturesBelow(dir: string): Promise<string[]> {
  const files = await walk(dir);
  if (files.length === 0) return listPictures(dir); // Says what was looked for.
  return files;
}

async function walk(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const folders = entries.filter(
    (e) => e.isDirectory() && !e.name.startsWith('.') && e.name !== 'ground_truth',
  );
  const files: string[] = await listPictures(dir).catch((error: unknown): string[] => {
    if (error instanceof OkapiError && error.code === 'dataset.not_found') return [];
    throw error;
  });
  for (const name of folders.map((e) => e.name).sort()) files.push(...(await walk(join(dir, name))));
  return files;
}
