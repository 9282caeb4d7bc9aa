// A dataset of boxes from a folder, or from the data.yaml in it.
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OkapiError } from '../../errors.ts';
import type { LabelledDataset } from '../labelled.ts';
import type { DetectionHealth, ReadPicture } from './health.ts';
import { isClutter, type NamedFile } from './layout.ts';
import { type ReadDetectionOptions, readDetectionFiles } from './read-files.ts';

export interface DetectionFolder {
  readonly dataset: LabelledDataset;
  readonly health: DetectionHealth;
  /** What was done beyond plain reading, in sentences. */
  readonly notes: readonly string[];
}

const DEEPEST_FOLDER = 16;

/**
 * The dataset in a folder, or beside a data.yaml. Known are train/images with train/labels, images/train with labels/train, and
 * images with labels; val, valid or test beside train; one or two folders around it all. Every picture is decoded. Unless
 * `allowPartial` is false, pictures that cannot be read are left out and reported. Throws dataset.not_found, and as
 * readDetectionFiles.
 */
export async function readDetectionFolder(
  path: string,
  options: Partial<ReadDetectionOptions> = {},
): Promise<DetectionFolder> {
  const at = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw new OkapiError('dataset.not_found', `there is no folder or data.yaml ${path}`);
    throw new OkapiError('disk.io_error', `cannot read ${path}: ${error.message}`, { cause: error });
  });
  const isYaml = at.isFile() && /\.ya?ml$/i.test(path);
  if (!isYaml && !at.isDirectory())
    throw new OkapiError('dataset.not_found', `expected a folder or a data.yaml, got the file ${path}`);
  const files = await filesBelow(isYaml ? dirname(path) : path, '', 0);
  const { classes, pictures, health, notes } = await readDetectionFiles(files, {
    allowPartial: true,
    ...options,
    ...(isYaml && { yaml: basename(path) }),
  });
  return { dataset: labelledDataset(classes, pictures), health, notes };
}

export function labelledDataset(
  classes: readonly string[],
  pictures: readonly ReadPicture[],
): LabelledDataset {
  const of = (split: ReadPicture['split']) =>
    pictures.filter((picture) => picture.split === split).map(({ file, boxes }) => ({ file, boxes }));
  return { classes, train: of('train'), val: of('val') };
}

/** Links are followed: the folder is the user's own. */
async function filesBelow(folder: string, prefix: string, depth: number): Promise<NamedFile[]> {
  if (depth > DEEPEST_FOLDER)
    throw new OkapiError(
      'dataset.layout',
      `expected at most ${DEEPEST_FOLDER} folders in each other: ${folder}`,
    );
  try {
    const files: NamedFile[] = [];
    for (const entry of await readdir(folder)) {
      const [path, name] = [join(folder, entry), prefix + entry];
      const at = await stat(path);
      if (at.isFile()) files.push({ name, path, sizeBytes: at.size });
      // What lies in clutter is one ignored file.
      else if (at.isDirectory() && isClutter(entry)) files.push({ name, path, sizeBytes: 0 });
      else if (at.isDirectory()) files.push(...(await filesBelow(path, `${name}/`, depth + 1)));
    }
    return files;
  } catch (error) {
    if (error instanceof OkapiError) throw error;
    throw new OkapiError('disk.io_error', `cannot read the folder ${folder}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
