import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileDocs } from '../docs/file-docs.ts';
import { nodeStoreDisk } from '../docs/store-disk.ts';
import { blobKeys, docKeys, journalKeys } from '../layout.ts';
import { describeBlobStore } from './blob-store.contract.ts';
import { FileBlobs } from './file-blobs.ts';

describeBlobStore('a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'okapi-'));
  return { blobs: new FileBlobs(folder), close: () => rm(folder, { recursive: true }) };
});

let folder: string;
let blobs: FileBlobs;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'okapi-'));
  blobs = new FileBlobs(join(folder, 'data'));
  await mkdir(join(folder, 'data'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('blobs in files', () => {
  it('and records share the folders without seeing each other', async () => {
    const docs = new FileDocs(join(folder, 'data'));
    const owner = { kind: 'project', id: 'p' } as const;
    const keys = [
      docKeys.project('p'),
      docKeys.images(owner),
      docKeys.label('p', 'a.png'),
      docKeys.labelClasses('p'),
    ];
    const scene = { kind: 'scene', id: 's' } as const;
    const others = [docKeys.images(scene), docKeys.model('m'), docKeys.job('j'), docKeys.apiKey('k')];
    for (const key of [...keys, ...others]) await docs.put(key, { key });
    await docs.append(journalKeys.results(owner), [1], { durable: true });
    const mine = [blobKeys.image(owner, 'a.png'), `${blobKeys.model(owner, 'm')}/threshold.json`];
    for (const key of mine) await blobs.put(key, Buffer.from('x'));
    expect(await blobs.list('projects')).toEqual([...mine].sort());
    for (const top of ['projects', 'datasets', '.okapi']) await blobs.deleteAll(top);
    expect(await blobs.list('projects')).toEqual([]);
    for (const key of [...keys, ...others]) expect((await docs.get(key))?.value).toEqual({ key });
    expect(await docs.read(journalKeys.results(owner))).toHaveLength(1);
    await expect(blobs.put(`${docKeys.project('p')}.json`, Buffer.from('x'))).rejects.toThrow('internal');
    expect(await blobs.stat(`${docKeys.project('p')}.json`)).toBeNull();
  });

  it('are never reached through a link that leads out', async () => {
    const outside = join(folder, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'secret'), 'secret');
    await symlink(outside, join(folder, 'data/way'));
    await symlink(join(outside, 'secret'), join(folder, 'data/link'));
    for (const key of ['way/secret', 'link']) {
      expect(await blobs.stat(key)).toBeNull();
      await expect(blobs.open(key)).rejects.toMatchObject({ code: 'blob.not_found' });
      await expect(blobs.localPath(key)).rejects.toMatchObject({ code: 'blob.not_found' });
      expect(await blobs.delete(key)).toBe(false);
    }
    expect(await blobs.list('way')).toEqual([]);
    await blobs.deleteAll('way');
    await expect(blobs.put('way/new', Buffer.from('x'))).rejects.toMatchObject({ code: 'disk.io_error' });
    await writeFile(join(folder, 'mine'), 'x');
    await expect(blobs.adopt(new Map([['way/new', join(folder, 'mine')]]))).rejects.toMatchObject({
      code: 'disk.io_error',
    });
    await expect(blobs.adopt(new Map([['new', join(folder, 'data/link')]]))).rejects.toMatchObject({
      code: 'disk.io_error',
    });
    expect(await readdir(outside)).toEqual(['secret']);
  });

  it('are copied when a rename cannot move them, as between file systems', async () => {
    const far = new FileBlobs(join(folder, 'data'), {
      ...nodeStoreDisk,
      rename: async (from, to) => {
        if (!from.startsWith(join(folder, 'data')))
          throw Object.assign(new Error('EXDEV'), { code: 'EXDEV', syscall: 'rename' });
        await nodeStoreDisk.rename(from, to);
      },
    });
    await writeFile(join(folder, 'far'), 'from afar');
    await far.adopt(new Map([['m/a', join(folder, 'far')]]));
    expect(await text(await far.open('m/a'))).toBe('from afar');
    expect(await readdir(folder)).toEqual(['data']);
    expect(await readdir(join(folder, 'data/m'))).toEqual(['a']);
  });

  it('are given up when their sync fails, so that nobody syncs them again as if all were well', async () => {
    const failing = new FileBlobs(join(folder, 'data'), {
      ...nodeStoreDisk,
      syncFile: () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fsync' })),
    });
    await writeFile(join(folder, 'mine'), 'x');
    await expect(failing.adopt(new Map([['m/a', join(folder, 'mine')]]))).rejects.toMatchObject({
      code: 'disk.io_error',
    });
    expect(await readdir(folder)).toEqual(['data']);
    expect(await blobs.list('m')).toEqual([]);
  });

  it('that are put anew replace the old ones whole', async () => {
    await blobs.put('a', Buffer.from('old and long'));
    await blobs.put('a', Buffer.from('new'));
    expect(await readFile(join(folder, 'data/a'), 'utf8')).toBe('new');
  });

  it('take what a writer left unfinished with them when all is deleted, but nothing of a record', async () => {
    await mkdir(join(folder, 'data/projects/p/raw'), { recursive: true });
    for (const name of ['.meta.json.0.new', 'raw/.a.png.3.new', 'raw/._index.json.0.new'])
      await writeFile(join(folder, 'data/projects/p', name), 'half');
    await blobs.deleteAll('projects/p');
    const left = await readdir(join(folder, 'data/projects/p'), { recursive: true });
    expect(left).toEqual(['.meta.json.0.new', 'raw', 'raw/._index.json.0.new']);
    expect(await blobs.list('projects/p')).toEqual([]);
  });
});
