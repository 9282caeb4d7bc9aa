import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeUnfinished } from './remove-unfinished.ts';
import { unfinishedPath } from './store-folders.ts';

it('removes what writers left, wherever the stores lie, and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'okapi-'));
  try {
    const kept = ['root/.hidden', 'root/a.new', 'root/projects/p/.okapi.new', 'far/d/meta.json'];
    const gone = ['root/x.json', 'root/projects/p/y.png', 'far/d/z'].map((path) => unfinishedPath(path, 7));
    for (const path of [...kept, ...gone]) {
      await mkdir(join(folder, path, '..'), { recursive: true });
      await writeFile(join(folder, path), 'x');
    }
    const roots = {
      root: join(folder, 'root'),
      mounts: {
        projects: join(folder, 'root/projects'),
        datasets: join(folder, 'far'),
        models: join(folder, 'no'),
      },
    };
    expect(await removeUnfinished(roots)).toBe(3);
    expect(await removeUnfinished(roots)).toBe(0);
    const left = await readdir(folder, { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile())).toHaveLength(kept.length);
  } finally {
    await rm(folder, { recursive: true });
  }
});
