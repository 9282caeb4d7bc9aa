import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ByteCache } from './byte-cache.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'okapi-'));
});
afterAll(() => rm(folder, { recursive: true }));

const bytes = (value: number, length = 10) => new Uint8Array(length).fill(value);

describe('ByteCache', () => {
  it('fills memory, then the disk, then keeps no more', async () => {
    const cache = new ByteCache({ memoryBytes: 25, diskBytes: 20, path: join(folder, 'a', 'cache') });
    for (let i = 0; i < 6; i++) await cache.put(`k${i}`, bytes(i));
    const found = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => cache.get(`k${i}`)));
    expect(found).toEqual([bytes(0), bytes(1), bytes(2), bytes(3), null, null]);
    await cache.put('small', bytes(9, 5));
    expect(await cache.get('small')).toEqual(bytes(9, 5));
    await cache.close();
    expect(await readdir(join(folder, 'a'))).toEqual([]);
  });

  it('does without the disk when it cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    const cache = new ByteCache({ memoryBytes: 0, diskBytes: 100, path: join(folder, 'file', 'cache') });
    await cache.put('k', bytes(1));
    expect(await cache.get('k')).toBeNull();
    await cache.close();
  });
});
