// What every BlobStore must do: each implementation runs this suite.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { badKeys } from '../testing/bad-keys.ts';
import type { BlobStore } from './blob-store.ts';

export interface OpenedBlobs {
  readonly blobs: BlobStore;
  close(): Promise<void>;
}

export function describeBlobStore(name: string, open: () => Promise<OpenedBlobs>): void {
  describe(`the files of ${name}`, () => {
    let opened: OpenedBlobs;
    let blobs: BlobStore;
    let local: string;
    beforeEach(async () => {
      opened = await open();
      blobs = opened.blobs;
      local = await mkdtemp(join(tmpdir(), 'okapi-'));
    });
    afterEach(async () => {
      await opened.close();
      await rm(local, { recursive: true });
    });

    const put = (key: string, content: string) => blobs.put(key, Buffer.from(content));
    const read = async (key: string, range?: { start: number; end: number }) =>
      text(await blobs.open(key, range));
    const notFound = { code: 'blob.not_found' };

    it('are read as they were put, whole, in part and by their local path', async () => {
      expect(await put('p/raw/a.png', 'hello')).toEqual({ sizeBytes: 5 });
      expect(await blobs.stat('p/raw/a.png')).toMatchObject({ sizeBytes: 5 });
      expect(await read('p/raw/a.png')).toBe('hello');
      expect(await read('p/raw/a.png', { start: 1, end: 3 })).toBe('el');
      expect(await read('p/raw/a.png', { start: 3, end: 99 })).toBe('lo');
      expect(Buffer.from((await blobs.read('p/raw/a.png'))!).toString()).toBe('hello');
      expect(await readFile(await blobs.localPath('p/raw/a.png'), 'utf8')).toBe('hello');
    });

    it('can be empty', async () => {
      await put('empty', '');
      expect(await blobs.stat('empty')).toMatchObject({ sizeBytes: 0 });
      expect(await read('empty')).toBe('');
    });

    it('are put from a stream of any size', async () => {
      const piece = Buffer.alloc(70_000, 'x');
      const pieces = Readable.from(Array.from({ length: 20 }, () => piece));
      expect(await blobs.put('big', pieces)).toEqual({ sizeBytes: 1_400_000 });
      expect(await read('big')).toBe('x'.repeat(1_400_000));
    });

    it('are not there when their stream breaks off, and the one before stays', async () => {
      const broken = () =>
        Readable.from(
          (async function* () {
            yield Buffer.from('half');
            throw new Error('the client is gone');
          })(),
        );
      await expect(blobs.put('p/new', broken())).rejects.toThrow('the client is gone');
      expect(await blobs.stat('p/new')).toBeNull();
      expect(await blobs.list('p')).toEqual([]);
      await put('p/old', 'whole');
      await expect(blobs.put('p/old', broken())).rejects.toThrow('the client is gone');
      expect(await read('p/old')).toBe('whole');
    });

    it('that are not there are said to be so', async () => {
      await put('p/a', '1');
      for (const key of ['p/b', 'p', 'p/a/b', 'q/a', ...badKeys]) {
        expect(await blobs.stat(key)).toBeNull();
        expect(await blobs.read(key)).toBeNull();
        await expect(blobs.open(key)).rejects.toMatchObject(notFound);
        await expect(blobs.localPath(key)).rejects.toMatchObject(notFound);
        expect(await blobs.delete(key)).toBe(false);
      }
    });

    it('under keys that cannot exist are refused', async () => {
      const from = join(local, 'file');
      await writeFile(from, 'x');
      for (const key of badKeys) {
        await expect(put(key, 'x')).rejects.toThrow('internal');
        await expect(blobs.adopt(new Map([[key, from]]))).rejects.toThrow('internal');
        expect(await blobs.list(key)).toEqual([]);
        await blobs.deleteAll(key);
      }
      expect(await readdir(local)).toEqual(['file']);
    });

    it('are taken over from local files, which are then gone', async () => {
      const files = new Map<string, string>();
      for (const part of ['a', 'b', 'c']) {
        await writeFile(join(local, part), `content of ${part}`);
        files.set(`m/1/${part}.bin`, join(local, part));
      }
      await blobs.adopt(files);
      expect(await blobs.list('m')).toEqual(['m/1/a.bin', 'm/1/b.bin', 'm/1/c.bin']);
      expect(await read('m/1/b.bin')).toBe('content of b');
      expect(await readdir(local)).toEqual([]);
    });

    it('are taken over without waiting for the disk, when they may be missed', async () => {
      await writeFile(join(local, 'a'), 'content');
      await blobs.adopt(new Map([['m/1/a.bin', join(local, 'a')]]), { durable: false });
      expect(await read('m/1/a.bin')).toBe('content');
      expect(await readdir(local)).toEqual([]);
    });

    it('are taken over a second time without harm, as after a cut between two files', async () => {
      const files = new Map([
        ['m/a', join(local, 'a')],
        ['m/b', join(local, 'b')],
      ]);
      await writeFile(join(local, 'a'), '1');
      await writeFile(join(local, 'b'), '2');
      await blobs.adopt(new Map([...files].slice(0, 1)));
      await blobs.adopt(files);
      await blobs.adopt(files);
      expect([await read('m/a'), await read('m/b')]).toEqual(['1', '2']);
    });

    it('that are not there cannot be taken over', async () => {
      await expect(blobs.adopt(new Map([['m/a', join(local, 'nothing')]]))).rejects.toMatchObject({
        code: 'disk.io_error',
      });
      expect(await blobs.list('m')).toEqual([]);
    });

    it('are listed at any depth, sorted', async () => {
      for (const key of ['p/b', 'p/a/z', 'p/a/b/c', 'pq/x']) await put(key, '1');
      expect(await blobs.list('p')).toEqual(['p/a/b/c', 'p/a/z', 'p/b']);
      expect(await blobs.list('nowhere')).toEqual([]);
    });

    it('are deleted one by one and all below a prefix', async () => {
      for (const key of ['p/a', 'p/b', 'p/c/d', 'pq/x']) await put(key, '1');
      expect(await blobs.delete('p/a')).toBe(true);
      expect(await blobs.delete('p/a')).toBe(false);
      expect(await blobs.list('p')).toEqual(['p/b', 'p/c/d']);
      await blobs.deleteAll('p');
      await blobs.deleteAll('p');
      expect(await blobs.list('p')).toEqual([]);
      expect(await blobs.list('pq')).toEqual(['pq/x']);
      await put('p/a', 'again');
      expect(await read('p/a')).toBe('again');
    });

    it('are whole when many put the same one at once', async () => {
      await Promise.all(Array.from({ length: 20 }, () => put('p/same', 'same bytes')));
      expect(await read('p/same')).toBe('same bytes');
      expect(await blobs.list('p')).toEqual(['p/same']);
    });
  });
}
