// The demo's own folder: made anew each time, and never one that the demo did not make.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OkapiError } from '../vision/errors.ts';

const marker = '.okapi-demo';

export interface DemoFolder {
  readonly parts: string;
  readonly model: string;
  /** The unfinished training. */
  readonly training: string;
  readonly report: string;
}

/** An empty demo folder. What an earlier demo left in it is removed; throws option.invalid for a folder with other files. */
export async function demoFolder(dir: string): Promise<DemoFolder> {
  const names = await namesIn(dir);
  if (names.length > 0 && !names.includes(marker))
    throw new OkapiError(
      'option.invalid',
      `expected a new folder or one of an earlier demo, got ${dir}, which holds other files; name another with --dir`,
    );
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, marker), 'Made by okapi demo, which may remove what it made here.\n');
  const folder = {
    parts: join(dir, 'parts'),
    model: join(dir, 'model'),
    training: join(dir, '.model.training'),
    report: join(dir, 'report.html'),
  };
  for (const path of Object.values(folder)) await rm(path, { recursive: true, force: true });
  return folder;
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new OkapiError('option.invalid', `expected a folder for the demo, got ${dir}: ${message}`, {
      cause: error,
    });
  }
}
