import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeDocStore } from './doc-store.contract.ts';
import { FileDocs } from './file-docs.ts';
import { nodeStoreDisk, type StoreDisk } from './store-disk.ts';

describeDocStore('a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'okapi-'));
  return {
    docs: new FileDocs(folder),
    reopen: async () => new FileDocs(folder),
    close: () => rm(folder, { recursive: true }),
  };
});

let folder: string;
let docs: FileDocs;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'okapi-'));
  docs = new FileDocs(folder);
});
afterEach(() => rm(folder, { recursive: true }));

const lines = (...values: string[]) => values.map((value) => `${value}\n`).join('');

describe('records in files', () => {
  it('lie where the original has them, readable, with nothing beside them', async () => {
    await docs.put('projects/p/meta', { name: 'é' });
    await docs.append('projects/p/log', ['a'], { durable: true });
    expect(await readdir(folder, { recursive: true })).toEqual([
      'projects',
      'projects/p',
      'projects/p/log.jsonl',
      'projects/p/meta.json',
    ]);
    expect(await readFile(join(folder, 'projects/p/meta.json'), 'utf8')).toBe('{\n  "name": "é"\n}\n');
    expect(await readFile(join(folder, 'projects/p/log.jsonl'), 'utf8')).toBe('{"seq":1,"value":"a"}\n');
  });

  it('lie in folders of their own where the configuration says so', async () => {
    const mounted = new FileDocs({
      root: join(folder, 'root'),
      mounts: { projects: join(folder, 'far/off') },
    });
    await mounted.put('projects/p/meta', 1);
    await mounted.put('datasets/d/meta', 2);
    expect(await readFile(join(folder, 'far/off/p/meta.json'), 'utf8')).toBe('1\n');
    expect(await readFile(join(folder, 'root/datasets/d/meta.json'), 'utf8')).toBe('2\n');
    expect((await mounted.list('projects')).folders).toEqual(['p']);
    await mounted.delete('projects/p/meta');
    expect(await readdir(join(folder, 'far/off'))).toEqual([]);
  });

  it('of another program have a revision too', async () => {
    await writeFile(join(folder, 'a.json'), '{"by": "hand"}');
    const { value, revision } = (await docs.get('a'))!;
    expect(value).toEqual({ by: 'hand' });
    await docs.put('a', { by: 'us' }, { ifRevision: revision });
    await writeFile(join(folder, 'a.json'), '{"by":"hand"}');
    await expect(docs.put('a', 1, { ifRevision: revision })).rejects.toMatchObject({
      code: 'revision.conflict',
    });
    expect((await docs.get('a'))!.value).toEqual({ by: 'hand' });
  });

  it.each(['', '{"a": 1', '\0\0\0\0', 'nonsense', '{"a": "\xff'])(
    'that are broken (%j) are said to be, by name',
    async (text) => {
      await writeFile(join(folder, 'a.json'), text, 'latin1');
      await expect(docs.get('a')).rejects.toMatchObject({
        code: 'doc.corrupt',
        message: expect.stringContaining('record a '),
      });
      await expect(docs.put('a', 1, { ifRevision: null })).rejects.toMatchObject({
        code: 'revision.conflict',
      });
      expect((await docs.list('')).docs).toEqual(['a']);
      await docs.put('a', 'mended');
      expect((await docs.get('a'))!.value).toBe('mended');
    },
  );

  it('are never read or written through a link that leads out', async () => {
    const outside = join(folder, 'outside');
    const root = join(folder, 'root');
    await mkdir(outside);
    await mkdir(root);
    await writeFile(join(outside, 'secret.json'), '"secret"');
    await symlink(outside, join(root, 'way'));
    await symlink(join(outside, 'secret.json'), join(root, 'file.json'));
    await symlink(join(outside, 'secret.json'), join(root, 'log.jsonl'));
    const linked = new FileDocs(root);
    for (const key of ['way/secret', 'file']) {
      expect(await linked.get(key)).toBeNull();
      await linked.delete(key);
    }
    expect(await linked.read('log')).toEqual([]);
    expect(await linked.list('')).toEqual({ docs: [], journals: [], folders: [] });
    expect(await linked.list('way')).toEqual({ docs: [], journals: [], folders: [] });
    await linked.deleteAll('way');
    await expect(linked.put('way/secret', 1)).rejects.toMatchObject({ code: 'disk.io_error' });
    await expect(linked.append('way/log', [1])).rejects.toMatchObject({ code: 'disk.io_error' });
    await expect(linked.append('log', [1])).rejects.toMatchObject({ code: 'disk.io_error' });
    expect(await readFile(join(outside, 'secret.json'), 'utf8')).toBe('"secret"');
    expect(await readdir(outside)).toEqual(['secret.json']);
  });

  it('may lie behind a link to the whole folder', async () => {
    await mkdir(join(folder, 'real'));
    await symlink(join(folder, 'real'), join(folder, 'link'));
    const linked = new FileDocs(join(folder, 'link'));
    await linked.put('p/a', 1);
    expect((await linked.get('p/a'))!.value).toBe(1);
  });

  it('tell of no path of the server in their errors', async () => {
    await writeFile(join(folder, 'p'), 'a file in the way');
    const error = await docs.put('p/a', 1).catch((found) => found);
    expect(error.code).toBe('disk.io_error');
    expect(error.message).not.toContain(folder);
    expect(error.message).toContain('p/a');
  });
});

describe('records kept in memory', () => {
  function counting(): { disk: StoreDisk; reads: () => number } {
    let reads = 0;
    const disk: StoreDisk = {
      ...nodeStoreDisk,
      read: (path) => {
        reads++;
        return nodeStoreDisk.read(path);
      },
    };
    return { disk, reads: () => reads };
  }

  it('are parsed once as long as the file is the same', async () => {
    const { disk, reads } = counting();
    const counted = new FileDocs(folder, disk);
    await counted.put('a', 1);
    await Promise.all(Array.from({ length: 5 }, () => counted.get('a')));
    for (let i = 0; i < 5; i++) expect((await counted.get('a'))!.value).toBe(1);
    expect(reads()).toBe(1);
    await utimes(join(folder, 'a.json'), 1, 1);
    await counted.get('a');
    expect(reads()).toBe(2);
    await counted.put('a', 2);
    expect((await counted.get('a'))!.value).toBe(2);
  });

  it('are read a few at a time, however many are asked for at once', async () => {
    let open = 0;
    let most = 0;
    const counted = new FileDocs(folder, {
      ...nodeStoreDisk,
      read: async (path) => {
        most = Math.max(most, ++open);
        const bytes = await nodeStoreDisk.read(path);
        open--;
        return bytes;
      },
    });
    const keys = Array.from({ length: 500 }, (_, i) => `many/${i}`);
    await mkdir(join(folder, 'many'));
    for (const key of keys) await writeFile(join(folder, `${key}.json`), `"${key}"`);
    expect((await Promise.all(keys.map((key) => counted.get(key)))).map((doc) => doc?.value)).toEqual(keys);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(64);
  });

  it('are not kept beyond a limit', async () => {
    const { disk, reads } = counting();
    const counted = new FileDocs(folder, disk);
    const half = 'x'.repeat(20 * 2 ** 20);
    await counted.put('a', half);
    await counted.put('b', half);
    for (const key of ['a', 'a', 'b', 'b', 'a']) await counted.get(key);
    expect(reads()).toBe(3);
  });
});

describe('journals in files', () => {
  const path = () => join(folder, 'j.jsonl');
  const whole = lines('{"seq":1,"value":"a"}', '{"seq":2,"value":"b"}');

  it.each(['{"seq":3,"val', '{', '\0\0\0\0\0', '{"seq":3,"value":"no line break"}'])(
    'lose a torn last line %j, and only that',
    async (torn) => {
      await writeFile(path(), whole + torn);
      expect((await docs.read('j')).map(({ value }) => value)).toEqual(['a', 'b']);
      expect(await docs.append('j', ['c'])).toBe(3);
      expect(await readFile(path(), 'utf8')).toBe(whole + lines('{"seq":3,"value":"c"}'));
    },
  );

  it.each([
    ['a broken line', lines('{"seq":1,"value":"a"}', '{"seq":2,', '{"seq":3,"value":"c"}')],
    ['a missing line', lines('{"seq":1,"value":"a"}', '{"seq":3,"value":"c"}')],
  ])('with %s inside are said to be damaged', async (_, text) => {
    await writeFile(path(), text);
    const corrupt = { code: 'doc.corrupt', message: expect.stringContaining('line 2') };
    await expect(docs.read('j')).rejects.toMatchObject(corrupt);
    expect(await docs.read('j', { limit: 1 })).toHaveLength(1);
  });

  it('show nothing of an append that failed, and begin anew after it', async () => {
    let fail: 'write' | 'sync' | null = null;
    const disk: StoreDisk = {
      ...nodeStoreDisk,
      append: async (name) => {
        const file = await nodeStoreDisk.append(name);
        const eio = () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fsync' }));
        return {
          write: async (bytes) => {
            await file.write(fail === 'write' ? bytes.subarray(0, bytes.length / 2) : bytes);
            if (fail === 'write') await eio();
          },
          sync: () => (fail === 'sync' ? eio() : file.sync()),
          close: () => file.close(),
        };
      },
    };
    const failing = new FileDocs(folder, disk);
    await failing.append('j', ['a', 'b'], { durable: true });
    for (const step of ['write', 'sync'] as const) {
      fail = step;
      await expect(failing.append('j', ['lost', 'lost', 'lost'], { durable: true })).rejects.toMatchObject({
        code: 'disk.io_error',
      });
      expect(await failing.read('j')).toHaveLength(2);
    }
    fail = null;
    expect(await failing.append('j', ['c'], { durable: true })).toBe(3);
    expect(await readFile(path(), 'utf8')).toBe(whole + lines('{"seq":3,"value":"c"}'));
    expect(await readdir(folder)).toEqual(['j.jsonl']);
  });

  it('are counted right when more are in use than are remembered', async () => {
    for (let round = 1; round <= 2; round++)
      for (let i = 0; i < 300; i++) expect(await docs.append(`j${i}`, [round])).toBe(round);
  });
});
