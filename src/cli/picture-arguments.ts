// The picture files that command line arguments stand for.
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, relative } from 'node:path';
import { listPictures } from '../vision/dataset/folder.ts';
import { OkapiError } from '../vision/errors.ts';

export interface PictureArgument {
  readonly file: string;
  /** The path below the folder that was named, or the file's own name. */
  readonly name: string;
}

/**
 * A file stands for itself, whatever its name; a folder for the pictures in it and in the folders below, those of masks
 * (ground_truth) left out. Throws dataset.not_found when a folder has none.
 */
export async function pictureArguments(paths: readonly string[]): Promise<PictureArgument[]> {
  const found = new Map<string, PictureArgument>();
  for (const path of paths)
    for (const argument of await argumentsOf(path))
      if (!found.has(argument.file)) found.set(argument.file, argument);
  return [...found.values()];
}

async function argumentsOf(path: string): Promise<PictureArgument[]> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) return [{ file: path, name: basename(path) }];
  const files = await picturesBelow(path);
  if (files.length === 0) await listPictures(path); // Throws, saying what was looked for.
  return files.map((file) => ({ file, name: relative(path, file) }));
}

async function picturesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const isSearched = (name: string) => !name.startsWith('.') && name !== 'ground_truth';
  const folders = entries.filter((e) => e.isDirectory() && isSearched(e.name)).map(({ name }) => name);
  const files: string[] = await listPictures(dir).catch((error: unknown): string[] => {
    if (error instanceof OkapiError && error.code === 'dataset.not_found') return [];
    throw error;
  });
  for (const name of folders.sort()) files.push(...(await picturesBelow(join(dir, name))));
  return files;
}

/** For each file a path of its own in the folder of previews, without an extension; a name that is taken gets a number. */
export function previewNames(pictures: readonly PictureArgument[]): Map<string, string> {
  const taken = new Set<string>();
  const unique = ({ file, name }: PictureArgument): [string, string] => {
    const stem = name.slice(0, name.length - extname(name).length);
    let path = stem;
    // Some disks take a and A for the same.
    for (let n = 2; taken.has(path.toLowerCase()); n++) path = `${stem}-${n}`;
    taken.add(path.toLowerCase());
    return [file, path];
  };
  return new Map(pictures.map(unique));
}
