// Pictures with labelled boxes, from what a command line names: a folder, a data.yaml or a ZIP archive.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DetectionHealth } from '../vision/dataset/detection/health.ts';
import { readDetectionArchive } from '../vision/dataset/detection/read-archive.ts';
import { labelledDataset, readDetectionFolder } from '../vision/dataset/detection/read-folder.ts';
import type { LabelledDataset } from '../vision/dataset/labelled.ts';
import { printable, type Terminal } from './terminal.ts';
import { count } from './wording.ts';

export interface LabelledPictures {
  readonly dataset: LabelledDataset;
  readonly health: DetectionHealth;
  /** Removes what an archive was unpacked into. */
  close(): Promise<void>;
}

/** Tells what was found and done. Throws as readDetectionFolder and readDetectionArchive do. */
export async function openLabelled(
  path: string,
  options: { readonly seed?: number; readonly valRatio?: number },
  terminal: Terminal,
): Promise<LabelledPictures> {
  const { notes, ...found } = /\.zip$/i.test(path)
    ? await openArchive(path, options)
    : { ...(await readDetectionFolder(path, options)), close: async () => {} };
  for (const note of notes) terminal.note(printable(note));
  const { classes, train, val } = found.dataset;
  const names = classes.map(printable).join(', ');
  terminal.note(
    `${count(train.length, 'picture')} to learn from, ${val.length} to judge by; ${count(classes.length, 'class', 'classes')}: ${names}`,
  );
  return found;
}

async function openArchive(path: string, options: { readonly seed?: number; readonly valRatio?: number }) {
  const folder = await mkdtemp(join(tmpdir(), 'okapi-zip-'));
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    const read = await readDetectionArchive(path, folder, { allowPartial: true, ...options });
    const { classes, pictures, health, notes } = read;
    return { dataset: labelledDataset(classes, pictures), health, notes, close };
  } catch (error) {
    await close();
    throw error;
  }
}
