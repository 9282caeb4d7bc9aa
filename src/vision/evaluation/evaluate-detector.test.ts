import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listDataset } from '../dataset/folder.ts';
import { encodePicture } from '../image/encode.ts';
import type { Picture } from '../image/picture.ts';
import { evaluateDetector } from './evaluate-detector.ts';
import { brightnessDetector, spotPicture } from './testing/brightness-detector.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
});
afterEach(() => rm(dir, { recursive: true }));

async function write(files: Record<string, Picture | string>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(
      join(dir, name),
      typeof content === 'string' ? content : await encodePicture(content, 'png'),
    );
  }
}

const mask = spotPicture(255, { ground: 0 });
const evaluated = async () => evaluateDetector(brightnessDetector(), (await listDataset(dir)).test);

describe('evaluateDetector', () => {
  it('measures pictures, pixels and each kind of defect', async () => {
    await write({
      'test/good/a.png': spotPicture(40),
      'test/good/b.png': spotPicture(60),
      'test/good/loud.png': spotPicture(180),
      'test/burn/a.png': spotPicture(250),
      'test/burn/b.png': spotPicture(200),
      'test/stain/faint.png': spotPicture(90),
      'ground_truth/burn/a_mask.png': mask,
      'ground_truth/burn/b_mask.png': mask,
      'ground_truth/stain/faint_mask.png': mask,
    });
    const e = await evaluated();
    expect(e.confusion).toEqual({ truePositives: 2, falsePositives: 1, trueNegatives: 2, falseNegatives: 1 });
    expect(e.imageAuroc.value).toBeCloseTo(8 / 9);
    expect(e.falseAlarmRate.value).toBeCloseTo(1 / 3);
    expect(e.missed.map(({ file }) => basename(file))).toEqual(['faint.png']);
    expect(e.falseAlarms.map(({ file }) => basename(file))).toEqual(['loud.png']);
    expect(e.defects).toEqual([
      { defect: 'burn', pictures: 2, found: 2, auroc: { value: 1 }, meanScore: expect.closeTo(225 / 255) },
      {
        defect: 'stain',
        pictures: 1,
        found: 0,
        auroc: { value: 2 / 3 },
        meanScore: expect.closeTo(90 / 255),
      },
    ]);
    expect(e.pixelAuroc.value).toBeGreaterThan(0.98);
    expect(e.aupro.value).toBeGreaterThan(0.95);
    expect(e.masks).toEqual({ used: 3, missing: 0, refused: [] });
    expect(e.worst.map(({ file }) => basename(file))).toEqual(['loud.png', 'faint.png']);
    expect(e.falseAlarmInterval!.low).toBeCloseTo(0.0084, 4);
    expect(e.falseAlarmInterval!.high).toBeCloseTo(0.9057, 4);
    expect(e.histogram.good.reduce((a, b) => a + b)).toBe(3);
    expect(e.histogram.anomalous.reduce((a, b) => a + b)).toBe(3);
    expect(e.roc.at(-1)).toMatchObject({ falsePositiveRate: 1, truePositiveRate: 1 });
    expect(e.precisionRecall.at(-1)).toMatchObject({ precision: 0.5, recall: 1 });
  });

  it('says why there are no pixel measures when masks are absent', async () => {
    await write({ 'test/good/a.png': spotPicture(40), 'test/bad/a.png': spotPicture(250) });
    const e = await evaluated();
    expect(e.imageAuroc).toEqual({ value: 1 });
    expect(e.aupro).toEqual({ value: null, reason: 'there are no usable masks of the defects' });
    expect(e.masks.missing).toBe(1);
  });

  it('says why there is no AUROC when all pictures are good', async () => {
    await write({ 'test/good/a.png': spotPicture(40) });
    const e = await evaluated();
    expect(e.imageAuroc).toEqual({ value: null, reason: 'there is no anomalous picture among them' });
    expect(e.imageAurocInterval).toBeNull();
    expect(e.falseAlarmRate).toEqual({ value: 0 });
  });

  it('names pictures and masks that it cannot use, and goes on', async () => {
    await write({
      'test/good/a.png': spotPicture(40),
      'test/good/broken.png': 'no picture',
      'test/burn/a.png': spotPicture(250),
      'test/burn/b.png': spotPicture(250),
      'test/burn/c.png': spotPicture(250),
      'ground_truth/burn/a.png': mask,
      'ground_truth/burn/c.png': spotPicture(0, { ground: 0 }),
      'ground_truth/burn/b.png': spotPicture(255, { side: 16, ground: 0 }),
    });
    const e = await evaluated();
    expect(e.untested).toMatchObject([
      { file: join(dir, 'test/good/broken.png'), code: 'image.unsupported_type' },
    ]);
    expect(e.masks).toMatchObject({ used: 1, missing: 0 });
    expect(e.masks.refused).toMatchObject([
      { code: 'dataset.layout', picture: join(dir, 'test/burn/b.png') },
      { code: 'dataset.layout', picture: join(dir, 'test/burn/c.png') },
    ]);
    expect(e.masks.refused[0]!.message).toContain('expected a mask of 32x32');
    expect(e.masks.refused[1]!.message).toContain('all black');
    expect(e.pictures).toHaveLength(4);
  });
});
