// Folders of pictures with boxes in the layouts that people have, and how sound they are.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodePicture } from '../../image/encode.ts';
import { resize } from '../../image/resize.ts';
import { pngHeader } from '../../image/testing/files.ts';
import { readDetectionFolder } from './read-folder.ts';
import {
  blocksFile,
  blocksPicture,
  type FileContents,
  plainDataset,
  smallDataset,
} from './testing/dataset-files.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

async function write(files: FileContents): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), content);
  }
  return dir;
}

const names = (pictures: readonly { readonly file: string }[]) =>
  pictures.map(({ file }) => relative(dir, file).replaceAll('\\', '/'));

const box = (classId: number) => ({ classId, box: [0.25, 0.25, 0.75, 0.75] });

async function expectRefused(files: FileContents, expected: object): Promise<void> {
  await expect(readDetectionFolder(await write(files))).rejects.toMatchObject(expected);
}

describe('readDetectionFolder', () => {
  it('reads train/images and train/labels with val beside it', async () => {
    const { dataset, health, notes } = await readDetectionFolder(await write(await plainDataset()));
    expect(dataset.classes).toEqual(['cat', 'dog']);
    expect(names(dataset.train)).toEqual([0, 1, 2, 3].map((i) => `train/images/a${i}.png`));
    expect(names(dataset.val)).toEqual([4, 5].map((i) => `val/images/a${i}.png`));
    expect(dataset.train[1]!.boxes).toEqual([box(1)]);
    expect(notes).toEqual([]);
    expect(health.classes).toEqual([
      { name: 'cat', trainBoxes: 2, valBoxes: 1, trainImages: 2, valImages: 1 },
      { name: 'dog', trainBoxes: 2, valBoxes: 1, trainImages: 2, valImages: 1 },
    ]);
    expect(health).toMatchObject({ split: { by: 'dataset' }, balance: 1, unusedClasses: [] });
    expect(JSON.parse(JSON.stringify(health))).toEqual(health);
  });

  it.each<[string, (i: number) => string, (i: number) => string]>([
    ['images/train and labels/train', () => 'images/train', () => 'labels/train'],
    ['images and labels', () => 'images', () => 'labels'],
    ['one folder around', () => 'parts/train/images', () => 'parts/train/labels'],
    ['two folders around', () => 'export/parts/train/images', () => 'export/parts/train/labels'],
    ['other spellings', () => 'Train/Images', () => 'Train/Labels'],
    ['folders below', (i) => `train/images/${i % 2}`, (i) => `train/labels/${i % 2}`],
  ])('C20 reads %s, and draws a val that is not there', async (_, images, labels) => {
    await write({ ...(await smallDataset(images, labels)), 'classes.txt': 'cat\ndog\n' });
    const first = await readDetectionFolder(dir);
    expect([first.dataset.train.length, first.dataset.val.length]).toEqual([5, 1]);
    expect(first.health.split).toEqual({ by: 'seed', seed: 42, ratio: 0.2 });
    expect(first.notes).toContain('there was no val: 1 pictures were drawn for it (seed 42)');
    const again = await readDetectionFolder(dir);
    expect(again.dataset).toEqual(first.dataset);
  });

  it.each(['val', 'valid', 'validation', 'test', 'val2017'])('C20 takes %s for judging', async (folder) => {
    const split = (i: number) => (i < 3 ? 'train' : folder);
    await write(
      await smallDataset(
        (i) => `images/${split(i)}`,
        (i) => `labels/${split(i)}`,
      ),
    );
    const { dataset, notes } = await readDetectionFolder(dir);
    expect([dataset.train.length, dataset.val.length]).toEqual([3, 3]);
    if (folder === 'test') expect(notes).toContain('there is no val: test is used in its place');
    expect(notes).toContain('the classes have no names: they are called by their numbers');
    expect(dataset.classes).toEqual(['0', '1']);
  });

  it('leaves test out where there is val', async () => {
    const split = (i: number) => ['train', 'train', 'val', 'val', 'test', 'test'][i]!;
    await write(
      await smallDataset(
        (i) => `${split(i)}/images`,
        (i) => `${split(i)}/labels`,
      ),
    );
    const { dataset, notes } = await readDetectionFolder(dir);
    expect([dataset.train.length, dataset.val.length]).toEqual([2, 2]);
    expect(notes).toContain('test has 2 pictures and was left out: train and val are used');
  });

  it('follows the folders of data.yaml where they lie inside, and of a data.yaml that is given', async () => {
    const folder = (i: number) => (i < 4 ? 'first' : 'second');
    await write({
      ...(await smallDataset(
        (i) => `set/pics/${folder(i)}/images`,
        (i) => `set/pics/${folder(i)}/labels`,
      )),
      'set/mine.yaml': 'path: ./pics\ntrain: first/images\nval: second/images\nnames: {0: a, 1: b}\n',
    });
    const { dataset } = await readDetectionFolder(dir);
    expect([dataset.train.length, dataset.val.length, dataset.classes]).toEqual([4, 2, ['a', 'b']]);
    const given = await readDetectionFolder(join(dir, 'set/mine.yaml'));
    expect(given.dataset).toEqual(dataset);
  });

  it('C27 ignores folders of data.yaml that lie outside, and every other key', async () => {
    const files = await plainDataset();
    for (const outside of ['../train/images', '/etc', 'C:\\data', '~/data', '../../../etc']) {
      files['data.yaml'] =
        `train: ${outside}\nval: ${outside}\nnames: [cat, dog]\ndownload: http://127.0.0.1:9\n`;
      const { dataset, notes } = await readDetectionFolder(await write(files));
      expect([dataset.train.length, dataset.val.length]).toEqual([4, 2]);
      expect(notes).toContain('data.yaml: ignored: download');
      expect(notes.filter((note) => note.includes('inside the dataset and was ignored'))).toHaveLength(2);
    }
  });

  it('splits where data.yaml names one folder twice, as small examples do', async () => {
    await write({
      ...(await smallDataset(
        () => 'images/train2017',
        () => 'labels/train2017',
      )),
      'data.yaml': 'train: images/train2017\nval: images/train2017\nnames: [a, b]\n',
    });
    const { dataset } = await readDetectionFolder(dir);
    expect([dataset.train.length, dataset.val.length]).toEqual([5, 1]);
  });

  it('C17 passes over what systems leave behind, and counts it', async () => {
    await write({
      ...(await plainDataset()),
      '.DS_Store': 'x',
      '__MACOSX/train/images/._a0.png': 'x',
      'train/images/Thumbs.db': 'x',
      'train/images/._a0.png': 'x',
      '.git/config': 'x',
    });
    const { health, notes } = await readDetectionFolder(dir);
    expect(health.ignoredFiles).toBe(5);
    expect(notes).toContain('5: files of systems and programs were ignored');
  });

  it.each<[string, FileContents, RegExp]>([
    ['nothing', {}, /expected train\/images and train\/labels.*found nothing/],
    ['other files', { 'a/b.txt': 'x', 'c.csv': 'x' }, /found 2 files in "\.\/", "a"/],
    ['pictures without labels', { 'train/images/a.png': 'x' }, /found 1 pictures and no label file/],
    ['only val', { 'val/images/a.png': 'x', 'val/labels/a.txt': '' }, /found only val/],
    [
      'two datasets',
      { 'a/train/images/x.png': 'x', 'b/train/images/y.png': 'x', 'a/train/labels/x.txt': '' },
      /one dataset, found 2, in "a", "b"/,
    ],
    ['too deep', { 'a/b/c/train/images/x.png': 'x', 'a/b/c/train/labels/x.txt': '' }, /found 2 files/],
  ])('C20 says of %s what was found and what was expected', async (_, files, message) => {
    await expectRefused(files, { code: 'dataset.layout', message });
  });

  it('C20 counts images without labels, labels without images and pictures without objects', async () => {
    const files = await plainDataset();
    delete files['train/labels/a0.txt'];
    files['train/labels/a1.txt'] = '';
    files['train/labels/other.txt'] = '0 0.5 0.5 0.5 0.5';
    files['train/images/B.JPG'] = await blocksFile(77);
    files['train/labels/b.txt'] = '0 0.5 0.5 0.5 0.5';
    const { health, dataset, notes } = await readDetectionFolder(await write(files));
    expect(health.imagesWithoutLabels).toEqual({ count: 1, examples: ['train/images/a0.png'] });
    expect(health.labelsWithoutImages).toEqual({ count: 1, examples: ['train/labels/other.txt'] });
    expect(health.train).toEqual({ images: 5, boxes: 3, imagesWithoutBoxes: 2 });
    expect(dataset.train[0]).toMatchObject({ file: join(dir, 'train/images/B.JPG'), boxes: [box(0)] });
    expect(notes).toContain('1: pictures have no label file and count as pictures without objects');
  });

  it('C21 names the first 20 mistakes as file:line', async () => {
    const files = await plainDataset();
    files['train/labels/a0.txt'] = '0 0.5 0.5 0.5 0.5\n5 0.5 0.5 0.5 0.5\n'.repeat(15);
    files['val/labels/a4.txt'] = 'x\n'.repeat(15);
    const error = await readDetectionFolder(await write(files)).catch((thrown) => thrown);
    expect(error.code).toBe('dataset.labels');
    const lines = error.message.split('\n');
    expect(lines[0]).toBe('expected boxes in the label files, found 30 mistakes:');
    expect(lines[1]).toBe('train/labels/a0.txt:2: expected a class below 2, got 5');
    expect(lines.slice(1, -1)).toHaveLength(20);
    expect(lines.at(-2)).toMatch(/^val\/labels\/a4.txt:5: /);
    expect(lines.at(-1)).toBe('and 10 more');
  });

  it('C25 refuses a label file of more than 1 MiB unread', async () => {
    const files = await plainDataset();
    files['train/labels/a0.txt'] = '0 0.5 0.5 0.5 0.5\n'.repeat(60_000);
    await expectRefused(files, {
      code: 'dataset.too_large',
      message: 'train/labels/a0.txt: expected at most 1048576 bytes',
    });
  });

  it('C26 wants names for classes with gaps, and takes them', async () => {
    const files = await plainDataset();
    delete files['data.yaml'];
    files['train/labels/a0.txt'] = '7 0.5 0.5 0.5 0.5';
    await expectRefused(files, {
      code: 'dataset.class_gap',
      message: /0, 1, 7 are used and 2 is not/,
    });
    files['names.txt'] = 'a b c d e f g h'.replaceAll(' ', '\n');
    const { health } = await readDetectionFolder(await write(files));
    expect(health.unusedClasses).toEqual(['c', 'd', 'e', 'f', 'g']);
  });

  it('C27 wants as many names as nc says', async () => {
    const files = { ...(await plainDataset()), 'data.yaml': 'nc: 3\nnames: [a, b]' };
    await expectRefused(files, { code: 'dataset.names', message: /nc 3 and 2 names/ });
  });

  it('C23, C26 counts polygons, doubled and tiny boxes', async () => {
    const files = await plainDataset();
    files['train/labels/a0.txt'] =
      '0 0.2 0.2 0.8 0.2 0.5 0.8\n1 0.5 0.5 0.5 0.5\n1 0.5 0.5 0.5 0.5\n0 0.5 0.5 0.004 0.5';
    const { health } = await readDetectionFolder(await write(files));
    expect(health).toMatchObject({ polygons: 1, duplicateBoxes: 1, clampedBoxes: 0 });
    expect(health.tinyBoxes).toEqual({ underPx: 4, atPx: 640, count: 1, examples: ['train/images/a0.png'] });
  });

  it('C28 finds pictures of val that train has too: the same bytes, scaled, or saved again', async () => {
    const files = await plainDataset();
    files['val/images/copy.png'] = await blocksFile(0);
    const large = blocksPicture(1, 480, 400);
    files['train/images/large.png'] = await encodePicture(large, 'png');
    files['val/images/small.png'] = await encodePicture(resize(large, 200, 160, 'area'), 'png');
    files['val/images/saved.jpg'] = await encodePicture(blocksPicture(2, 480, 400), 'jpeg');
    files['train/images/a2.png'] = await encodePicture(blocksPicture(2, 480, 400), 'png');
    const { health } = await readDetectionFolder(await write(files));
    const { count, examples, complete } = health.sameInTrainAndVal;
    expect([count, complete]).toEqual([3, true]);
    expect(examples[0]).toEqual({ train: 'train/images/a0.png', val: 'val/images/copy.png', bits: null });
    const nearly = examples.slice(1).map(({ val }) => val);
    expect(nearly).toEqual(['val/images/saved.jpg', 'val/images/small.png']);
  });

  it('keeps copies of a picture on one side when it draws val', async () => {
    const files = await smallDataset(
      () => 'images',
      () => 'labels',
      10,
    );
    for (let i = 0; i < 10; i++) files[`images/copy${i}.png`] = await blocksFile(i);
    const { health, dataset } = await readDetectionFolder(await write(files));
    expect([dataset.train.length, dataset.val.length]).toEqual([16, 4]);
    expect(health.sameInTrainAndVal.count).toBe(0);
  });

  it('C29 leaves out pictures that cannot be read and says so, or refuses them all', async () => {
    const files = await plainDataset();
    files['train/images/a0.png'] = 'no picture';
    files['val/images/a4.png'] = pngHeader(50_000, 50_000);
    const { health, dataset, notes } = await readDetectionFolder(await write(files));
    expect([dataset.train.length, dataset.val.length]).toEqual([3, 1]);
    expect(health.corruptImages).toMatchObject({
      count: 2,
      examples: [
        { file: 'train/images/a0.png', code: 'image.unsupported_type' },
        { file: 'val/images/a4.png', code: 'image.too_many_pixels' },
      ],
    });
    expect(notes).toContain('2: pictures cannot be read and were left out');
    await expect(readDetectionFolder(dir, { allowPartial: false })).rejects.toMatchObject({
      code: 'dataset.pictures',
      message:
        /found 2 that cannot:\ntrain\/images\/a0.png: .*\(image.unsupported_type\)\nval\/images\/a4.png: /,
    });
  });

  it('refuses one picture alone, and a train without boxes; a val without boxes is noted', async () => {
    const one = await smallDataset(
      () => 'images',
      () => 'labels',
      1,
    );
    await expectRefused(one, { code: 'dataset.too_few_images' });
    const files = await plainDataset();
    for (const i of [4, 5]) files[`val/labels/a${i}.txt`] = '';
    const { notes } = await readDetectionFolder(await write(files));
    expect(notes).toContain('val has no boxes: nothing can be judged by it');
    for (const i of [0, 1, 2, 3]) files[`train/labels/a${i}.txt`] = '';
    await expectRefused(files, { code: 'dataset.labels', message: /one box in train/ });
  });

  it("follows links, for the folder is the user's own, and refuses what is no folder", async () => {
    await write(
      await smallDataset(
        () => 'real/images',
        () => 'real/labels',
      ),
    );
    await symlink(join(dir, 'real'), join(dir, 'train'));
    const { dataset } = await readDetectionFolder(join(dir, 'train'));
    expect(dataset.train).toHaveLength(5);
    await expect(readDetectionFolder(join(dir, 'nothing'))).rejects.toMatchObject({
      code: 'dataset.not_found',
    });
    await expect(readDetectionFolder(join(dir, 'real/labels/a0.txt'))).rejects.toMatchObject({
      code: 'dataset.not_found',
    });
  });

  it('stops when the signal says so', async () => {
    await write(await plainDataset());
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(readDetectionFolder(dir, { signal })).rejects.toThrow('enough');
  });
});

const real = join(process.env.OKAPI_TEST_DATA ?? '../shared/data', 'bccd-yolo');

describe('a real dataset', () => {
  it('is read with its figures', async () => {
    if (!existsSync(real)) {
      console.log(`no real dataset in ${real}: the generated ones above stand in`);
      return;
    }
    const { dataset, health, notes } = await readDetectionFolder(real);
    expect(dataset.classes).toEqual(['RBC', 'WBC', 'Platelets']);
    expect([dataset.train.length, dataset.val.length]).toEqual([292, 72]);
    expect([health.train.boxes, health.val.boxes]).toEqual([3941, 945]);
    expect(health.sameInTrainAndVal).toEqual({ count: 0, examples: [], complete: true });
    expect(health.pictureSizes).toMatchObject({ median: [640, 480], distinct: 1 });
    expect(notes).toEqual([]);
  }, 30_000);
});
