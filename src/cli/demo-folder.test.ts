import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoFolder } from './demo-folder.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
});
afterEach(() => rm(dir, { recursive: true }));

describe('the folder of the demo', () => {
  it('is made anew, but files that others put there stay', async () => {
    const folder = await demoFolder(join(dir, 'demo'));
    await mkdir(folder.model);
    await writeFile(folder.report, 'old');
    await writeFile(join(dir, 'demo/notes.txt'), 'mine');
    await demoFolder(join(dir, 'demo'));
    expect((await readdir(join(dir, 'demo'))).sort()).toEqual(['.okapi-demo', 'notes.txt']);
  });

  it('is never one that the demo did not make', async () => {
    await mkdir(join(dir, 'parts'));
    await expect(demoFolder(dir)).rejects.toMatchObject({
      code: 'option.invalid',
      message: `expected a new folder or one of an earlier demo, got ${dir}, which holds other files; name another with --dir`,
    });
    expect(existsSync(join(dir, 'parts'))).toBe(true);
  });

  it('cannot be a file', async () => {
    await writeFile(join(dir, 'x'), '');
    await expect(demoFolder(join(dir, 'x'))).rejects.toThrow('expected a folder for the demo');
  });
});
