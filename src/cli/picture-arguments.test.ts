import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pictureArguments } from './picture-arguments.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  for (const name of [
    'b.png',
    'a.JPG',
    'notes.txt',
    'deep/er/c.webp',
    'ground_truth/m.png',
    '.hidden/h.png',
    'empty/x.txt',
  ]) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), '');
  }
});
afterEach(() => rm(dir, { recursive: true }));

describe('pictures on the command line', () => {
  it('are those in a folder and below, but no masks and nothing hidden', async () => {
    const found = await pictureArguments([dir]);
    expect(found.map(({ name }) => name)).toEqual(['a.JPG', 'b.png', 'deep/er/c.webp']);
    expect(found[2]!.file).toBe(join(dir, 'deep/er/c.webp'));
  });

  it('are files as they are named, each once, there or not', async () => {
    const [b, gone] = [join(dir, 'b.png'), join(dir, 'gone.png')];
    expect(await pictureArguments([b, join(dir, 'notes.txt'), gone, dir])).toMatchObject([
      { file: b, name: 'b.png' },
      { name: 'notes.txt' },
      { file: gone, name: 'gone.png' },
      { name: 'a.JPG' },
      { name: 'deep/er/c.webp' },
    ]);
  });

  it('are missed in a folder that has none', async () => {
    await expect(pictureArguments([join(dir, 'empty')])).rejects.toMatchObject({ code: 'dataset.not_found' });
  });
});
