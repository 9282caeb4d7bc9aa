import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../errors.ts';
import { type Disk, nodeDisk } from './disk.ts';
import { openModelFolder, writeModelFolder } from './model-folder.ts';

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'okapi-'));
  folder = join(parent, 'model');
  await writeModelFolder(
    folder,
    new Map([
      ['weights', [Uint8Array.of(1, 2), Uint8Array.of(3)]],
      ['notes', [Uint8Array.of(9)]],
    ]),
  );
});
afterEach(() => rm(parent, { recursive: true }));

const refused = (code: ErrorCode, text: string) =>
  expect(openModelFolder(folder, ['weights'])).rejects.toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(text) }),
  );

describe('a model folder', () => {
  it('gives back what was written', async () => {
    const opened = await openModelFolder(folder, ['weights']);
    expect([...opened.file('weights')]).toEqual([1, 2, 3]);
    expect(() => opened.file('notes')).toThrow('internal');
  });

  it('takes the place of an older one', async () => {
    await writeModelFolder(folder, new Map([['weights', [Uint8Array.of(7)]]]));
    expect([...(await openModelFolder(folder, ['weights'])).file('weights')]).toEqual([7]);
    await expect(readFile(join(folder, 'notes'))).rejects.toThrow('ENOENT');
  });

  it('stays as it is when the disk is full while another is written over it', async () => {
    for (const size of [0, 3, 6, 9, 12]) {
      let room = size;
      const create: Disk['create'] = async (path) => {
        const file = await nodeDisk.create(path);
        const write = async (bytes: Uint8Array) => {
          room -= bytes.length;
          if (room < 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC', syscall: 'write' });
          await file.write(bytes);
        };
        return { ...file, write };
      };
      const files = new Map([['weights', [new Uint8Array(5), new Uint8Array(5)]]]);
      await expect(writeModelFolder(folder, files, { ...nodeDisk, create })).rejects.toThrow(
        expect.objectContaining({ code: 'disk.full' }),
      );
      expect([...(await openModelFolder(folder, ['weights'])).file('weights')]).toEqual([1, 2, 3]);
    }
    expect(await readdir(parent)).toEqual(['model']);
  });

  it('is refused when one bit of any file changed', async () => {
    for (const name of ['weights', 'notes']) {
      const path = join(folder, name);
      const bytes = await readFile(path);
      await writeFile(
        path,
        bytes.map((byte, i) => (i === 0 ? byte ^ 4 : byte)),
      );
      await refused('checkpoint.corrupt', `${name} is not what was written`);
      await writeFile(path, bytes);
    }
    await openModelFolder(folder, ['weights']);
  });

  it('is refused when a file is cut or gone', async () => {
    await truncate(join(folder, 'weights'), 2);
    await refused('checkpoint.corrupt', 'weights has 2 bytes, expected 3');
    await rm(join(folder, 'notes'));
    await rm(join(folder, 'weights'));
    await refused('checkpoint.not_found', 'weights is not there');
    await rm(folder, { recursive: true });
    await refused('checkpoint.not_found', 'manifest.json is not there');
  });

  it.each([
    ['no JSON', '{', 'not valid JSON'],
    ['another format', '{"format":"other"}', 'not that of a model'],
    ['a later version', '{"format":"okapi-model","version":2}', 'version 2'],
    ['no files', '{"format":"okapi-model","version":1,"files":{}}', 'does not list files'],
    [
      'a path',
      '{"format":"okapi-model","version":1,"files":{"../x":{"bytes":1,"sha256":"a"}}}',
      'does not list',
    ],
    ['null', 'null', 'not that of a model'],
  ])('is refused when its manifest holds %s', async (_, text, reason) => {
    await writeFile(join(folder, 'manifest.json'), text);
    await refused('checkpoint.malformed', reason);
  });

  it('is refused when the manifest misses a file that is needed', async () => {
    const opened = await openModelFolder(folder, ['model.onnx']);
    expect(() => opened.file('model.onnx')).toThrow('does not list model.onnx');
  });
});
