import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePicture } from '../image/decode.ts';
import { defectsOf, writeSampleParts } from './sample-parts.ts';

describe('a folder of sample parts', () => {
  let dir = '';
  let written = 0;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'okapi-'));
    written = await writeSampleParts(dir, {
      kind: 'screws',
      seed: 5,
      size: 64,
      good: 3,
      testGood: 2,
      perDefect: 1,
    });
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('has the layout train/good, test/good, test/DEFECT and a mask for each defective picture', async () => {
    expect(written).toBe(3 + 2 + defectsOf('screws').length);
    expect((await readdir(join(dir, 'train/good'))).sort()).toEqual(['000.png', '001.png', '002.png']);
    expect((await readdir(join(dir, 'test'))).sort()).toEqual([...defectsOf('screws'), 'good'].sort());
    expect((await readdir(join(dir, 'ground_truth'))).sort()).toEqual([...defectsOf('screws')].sort());
    expect(await readdir(join(dir, 'ground_truth/crack'))).toEqual(['000_mask.png']);
  });

  it('holds masks of 0 and 255 only, in the size of the picture', async () => {
    const mask = await decodePicture(await readFile(join(dir, 'ground_truth/crack/000_mask.png')));
    expect([mask.width, mask.height]).toEqual([64, 64]);
    expect(new Set(mask.data)).toEqual(new Set([0, 255]));
  });

  it('never repeats a picture', async () => {
    const seen = new Set<string>();
    for (const folder of ['train/good', 'test/good'])
      for (const file of await readdir(join(dir, folder)))
        seen.add((await readFile(join(dir, folder, file))).toString('base64'));
    expect(seen.size).toBe(5);
  });
});
