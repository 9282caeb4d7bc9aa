import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeParts } from '../vision/detectors/testing/tiny-training.ts';
import { planAnomaly } from './plan-anomaly.ts';
import { checkTask, type TrainOptions } from './training-plan.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  await writeParts(join(dir, 'good'), 1);
});
afterAll(() => rm(dir, { recursive: true }));

const options = { task: 'anomaly', encoder: 'none', device: 'cpu' } as const;

async function planWith(text: string, more: Partial<TrainOptions> = {}) {
  const regions = join(dir, 'regions.json');
  await writeFile(regions, text);
  return planAnomaly(join(dir, 'good'), { ...options, ...more, regions });
}

describe('--tiles', () => {
  const tilesOf = async (tiles: string) =>
    (await planAnomaly(join(dir, 'good'), { ...options, tiles })).request.tiles;

  it('is off, auto, or a size with its overlap', async () => {
    expect(await tilesOf('off')).toBe('off');
    expect(await tilesOf('auto')).toBe('auto');
    expect(await tilesOf('512')).toEqual({ size: 512, overlap: 128 });
    expect(await tilesOf('512:0')).toEqual({ size: 512, overlap: 0 });
    const { request } = await planAnomaly(join(dir, 'good'), { ...options, defectSize: 12 });
    expect(request).toMatchObject({ defectSize: 12 });
    expect(request).not.toHaveProperty('tiles');
  });

  it.each(['on', '512x512', '16', '512:300', '512:'])(
    'is refused as %s, saying what it may be',
    async (tiles) => {
      await expect(tilesOf(tiles)).rejects.toMatchObject({
        code: 'option.invalid',
        message: expect.stringMatching(/^--tiles: expected off, auto or SIZE/),
      });
    },
  );
});

describe('--regions', () => {
  it('is a file of polygons that the training is given', async () => {
    const include = [
      [
        [0, 0],
        [1, 0],
        [0, 1],
      ],
    ];
    const { request } = await planWith(JSON.stringify({ include }));
    expect(request.regions).toEqual({ include, ignore: [] });
    const byPatches = await planWith(JSON.stringify({ include }), { encoder: 'auto' });
    expect(byPatches.request).toMatchObject({ kind: 'auto', regions: { include, ignore: [] } });
    expect((await planAnomaly(join(dir, 'good'), options)).request).not.toHaveProperty('regions');
  });

  it.each([
    ['{"include": [[[0, 0], [1, 0]]]}', 'regions.include[0]: expected from 3 to 1000 points'],
    ['{"ignore": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}', 'regions.ignore[0] leaves nothing'],
    ['{', 'regions.json'],
  ])('is refused when it holds %s, naming the file and the fault', async (text, fault) => {
    await expect(planWith(text)).rejects.toMatchObject({
      code: 'option.invalid',
      message: expect.stringMatching(/^--regions: .*regions\.json: /),
    });
    await expect(planWith(text)).rejects.toThrow(fault);
  });

  it('is refused when the file is not there, and for detectors of objects', async () => {
    const missing = { ...options, regions: join(dir, 'nowhere.json') };
    await expect(planAnomaly(dir, missing)).rejects.toThrow('--regions: ');
    expect(() => checkTask({ ...missing, encoder: 'auto', task: 'detect' })).toThrow(
      '--regions is an option of --task anomaly, not of detect',
    );
  });
});
