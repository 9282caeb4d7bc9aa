import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultModelFolder, modelTarget } from './model-target.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
});
afterEach(() => rm(dir, { recursive: true }));

describe('the folder of a new model', () => {
  it('is named after the folder of the pictures', () => {
    expect([defaultModelFolder('parts/nuts/'), defaultModelFolder('/')]).toEqual([
      'nuts-model',
      'okapi-model',
    ]);
  });

  it('may be new, empty, or an older model', async () => {
    const parts = join(dir, 'parts');
    expect(await modelTarget(join(dir, 'a/b/model'), parts)).toMatchObject({
      replaces: false,
      unfinished: false,
    });
    await mkdir(join(dir, 'model'));
    await writeFile(join(dir, 'model/manifest.json'), '{}');
    expect(await modelTarget(join(dir, 'model'), parts)).toMatchObject({ replaces: true });
  });

  it('is never one with other files, nor a file', async () => {
    await writeFile(join(dir, 'thesis.txt'), 'dear');
    const parts = join(tmpdir(), 'parts');
    await expect(modelTarget(dir, parts)).rejects.toMatchObject({
      code: 'option.invalid',
      message: `expected an empty folder or an older model to replace, got ${dir}, which holds other files; name another with -o`,
    });
    const file = join(dir, 'thesis.txt');
    await expect(modelTarget(file, parts)).rejects.toThrow(
      `expected a folder for the model, got the file ${file}`,
    );
  });

  it('never lies over the pictures', async () => {
    for (const folder of [dir, join(dir, '..')])
      await expect(modelTarget(folder, dir)).rejects.toThrow(`got ${folder}, which holds the pictures`);
  });

  it('has the unfinished training beside it', async () => {
    await mkdir(join(dir, '.model.training'));
    await writeFile(join(dir, '.model.training/main.0.resume'), '');
    const target = await modelTarget(join(dir, 'model'), join(dir, 'parts'));
    expect(target).toMatchObject({ stateFolder: join(dir, '.model.training'), unfinished: true });
  });
});
