// Folders of pictures, good and bad, in the layouts that people have.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodePicture, defaultLimits } from '../image/decode.ts';
import { encodePicture } from '../image/encode.ts';
import type { Picture } from '../image/picture.ts';
import { gradientPicture, pngFile, pngHeader } from '../image/testing/files.ts';
import { blake2b16 } from './blake2b.ts';
import { listDataset, listPictures, type PictureVerdict, readMask, readPictures } from './folder.ts';

const good = await encodePicture(gradientPicture(32, 24), 'png');
const other = await encodePicture(gradientPicture(24, 32), 'jpeg');

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

async function write(files: Record<string, Uint8Array | string>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), content);
  }
}

const named = (files: readonly string[]) => files.map((file) => relative(dir, file));

async function verdictsOf(files: readonly string[], options = {}): Promise<PictureVerdict[]> {
  const verdicts: PictureVerdict[] = [];
  for await (const verdict of readPictures(files, options)) verdicts.push(verdict);
  return verdicts;
}

describe('listPictures', () => {
  it('finds every accepted extension in any case, sorted, and nothing else', async () => {
    const names = ['b.JPG', 'a.jpeg', 'c.png', 'C.webp', 'd.bmp', 'e.tif', 'f.TIFF'];
    const others = ['.hidden.png', 'notes.txt', 'a.gif', 'png', 'sub.png/inside.png'];
    await write(Object.fromEntries([...names, ...others].map((name) => [name, good])));
    expect(named(await listPictures(dir))).toEqual([
      'C.webp',
      'a.jpeg',
      'b.JPG',
      'c.png',
      'd.bmp',
      'e.tif',
      'f.TIFF',
    ]);
  });

  it('says what it looked for when there is nothing', async () => {
    await write({ 'notes.txt': 'x' });
    await expect(listPictures(dir)).rejects.toMatchObject({
      code: 'dataset.not_found',
      message: /\.jpg .*found none/,
    });
    await expect(listPictures(join(dir, 'no'))).rejects.toMatchObject({
      message: `there is no folder ${dir}/no`,
    });
    await expect(listPictures(join(dir, 'notes.txt'))).rejects.toThrow(/expected a folder, got the file/);
  });
});

describe('listDataset', () => {
  it('takes pictures directly in the folder as good', async () => {
    await write({ 'b.png': good, 'a.jpg': other });
    const { train, test } = await listDataset(dir);
    expect(named(train)).toEqual(['a.jpg', 'b.png']);
    expect(test).toEqual([]);
  });

  it('knows train/good, test and the masks of ground_truth', async () => {
    await write({
      'train/good/1.png': good,
      'train/good/0.png': good,
      'test/good/0.png': good,
      'test/hole/0.png': good,
      'test/hole/1.png': good,
      'test/scratch/0.jpg': other,
      'ground_truth/hole/0_mask.png': good,
      'ground_truth/scratch/0.png': good,
      'readme.txt': 'not a picture',
    });
    const { train, test } = await listDataset(dir);
    expect(named(train)).toEqual(['train/good/0.png', 'train/good/1.png']);
    expect(
      test.map(({ file, defect, mask }) => [relative(dir, file), defect, mask && relative(dir, mask)]),
    ).toEqual([
      ['test/good/0.png', null, null],
      ['test/hole/0.png', 'hole', 'ground_truth/hole/0_mask.png'],
      ['test/hole/1.png', 'hole', null],
      ['test/scratch/0.jpg', 'scratch', 'ground_truth/scratch/0.png'],
    ]);
  });

  it('accepts either half alone', async () => {
    await write({ 'test/bad/0.png': good });
    expect((await listDataset(dir)).test.length).toBe(1);
    await write({ 'train/good/0.png': good });
    await rm(join(dir, 'test'), { recursive: true });
    expect((await listDataset(dir)).train.length).toBe(1);
  });

  it('refuses other layouts by what it found', async () => {
    await write({ 'images/0.png': good, 'labels/0.txt': 'x' });
    const text = /expected pictures .* or the folders train\/good .* found the folders images, labels/;
    await expect(listDataset(dir)).rejects.toMatchObject({ code: 'dataset.layout', message: text });
    await rm(join(dir, 'images'), { recursive: true });
    await rm(join(dir, 'labels'), { recursive: true });
    await expect(listDataset(dir)).rejects.toMatchObject({ code: 'dataset.not_found' });
    await expect(listDataset(join(dir, 'no'))).rejects.toMatchObject({ code: 'dataset.not_found' });
  });
});

describe('readPictures', () => {
  it('gives every file its verdict and goes on after bad ones', async () => {
    await write({
      'a.png': good,
      'b-empty.png': '',
      'c-text.jpg': 'hello, this is text',
      'd-cut.png': good.subarray(0, good.length / 2),
      'e-bomb.png': pngHeader(50000, 50000),
      'f-small.png': pngFile({ width: 8, height: 8 }),
      'g-again.png': good,
      'h-misnamed.png': other,
      'i-again.jpg': other,
    });
    await symlink(join(dir, 'nowhere'), join(dir, 'j-gone.png'));
    const verdicts = await verdictsOf(await listPictures(dir));
    expect(verdicts.map((v) => [basename(v.file), v.status === 'rejected' ? v.code : v.status])).toEqual([
      ['a.png', 'ok'],
      ['b-empty.png', 'image.empty'],
      ['c-text.jpg', 'image.unsupported_type'],
      ['d-cut.png', 'image.truncated'],
      ['e-bomb.png', 'image.too_many_pixels'],
      ['f-small.png', 'image.too_small'],
      ['g-again.png', 'duplicate'],
      ['h-misnamed.png', 'ok'],
      ['i-again.jpg', 'duplicate'],
      ['j-gone.png', 'disk.io_error'],
    ]);
    expect(verdicts[6]).toMatchObject({
      of: join(dir, 'a.png'),
      hash: (verdicts[0] as { hash: string }).hash,
    });
  });

  it('gives good pictures the same levels among bad ones as alone', async () => {
    await write({ 'a.png': good, 'b.png': '', 'c.jpg': other });
    const pictures = (await verdictsOf(await listPictures(dir))).filter((v) => v.status === 'ok');
    expect(pictures.map((v) => v.picture)).toEqual([await decodePicture(good), await decodePicture(other)]);
  });

  it('hashes the bytes of the file, not its levels', async () => {
    const withTail = Buffer.concat([good, Buffer.from('tail')]);
    await write({ 'a.png': good, 'b.png': withTail });
    const verdicts = await verdictsOf(await listPictures(dir));
    expect(verdicts).toMatchObject([
      { status: 'ok', hash: blake2b16(good) },
      { status: 'ok', hash: blake2b16(withTail) },
    ]);
  });

  it('refuses a file over the limit without reading it, and keeps to the limits it is given', async () => {
    await write({ 'a.png': good });
    const files = await listPictures(dir);
    const [tooLarge] = await verdictsOf(files, { limits: { ...defaultLimits, maxBytes: 10 } });
    expect(tooLarge).toMatchObject({ status: 'rejected', code: 'image.too_large' });
    const [tooSmall] = await verdictsOf(files, { limits: { ...defaultLimits, minSide: 30 } });
    expect(tooSmall).toMatchObject({ status: 'rejected', code: 'image.too_small' });
  });

  it('stops when it is aborted', async () => {
    await write({ 'a.png': good, 'b.jpg': other });
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(verdictsOf(await listPictures(dir), { signal })).rejects.toThrow('stop');
  });
});

describe('readMask', () => {
  const dots: Picture = { width: 20, height: 16, data: new Uint8Array(960) };
  dots.data.set([0, 1, 0], 3 * 7);
  dots.data.set([255, 255, 255], 3 * 45);
  const marked = (data: Uint8Array) => [...data.keys()].filter((i) => data[i] === 1);

  it('marks every pixel of a PNG that is not black', async () => {
    await write({ 'x_mask.png': await encodePicture(dots, 'png') });
    const mask = await readMask(join(dir, 'x_mask.png'));
    expect([mask.width, mask.height, mask.data.length]).toEqual([20, 16, 320]);
    expect(marked(mask.data)).toEqual([7, 45]);
  });

  it('marks what is bright in a JPEG, not the ringing around it', async () => {
    const square: Picture = { width: 32, height: 32, data: new Uint8Array(3072) };
    for (let y = 8; y < 24; y++) square.data.fill(255, (y * 32 + 10) * 3, (y * 32 + 21) * 3);
    await write({ 'x.jpg': await encodePicture(square, 'jpeg', { quality: 60 }) });
    expect(marked((await readMask(join(dir, 'x.jpg'))).data).length).toBe(16 * 11);
  });

  it('names the file that is no mask', async () => {
    await write({ 'x.png': 'text' });
    await expect(readMask(join(dir, 'x.png'))).rejects.toMatchObject({
      code: 'image.unsupported_type',
      message: expect.stringContaining('x.png'),
    });
  });
});

describe('real pictures', () => {
  const root = process.env.OKAPI_TEST_DATA ?? '../shared/data';
  it('of a defect data set are all read, with masks of the same size', async () => {
    if (!existsSync(join(root, 'hazelnut_toy'))) {
      console.log(`no hazelnut_toy in ${root}: the generated folders above stand in for it`);
      return;
    }
    const { train, test } = await listDataset(join(root, 'hazelnut_toy'));
    expect(train.length).toBeGreaterThan(10);
    const defects = test.filter(({ mask }) => mask !== null);
    expect(defects.length).toBeGreaterThan(10);
    const sizes = new Map<string, string>();
    for await (const verdict of readPictures([...train, ...test.map(({ file }) => file)])) {
      expect(verdict.status).not.toBe('rejected');
      if (verdict.status === 'ok')
        sizes.set(verdict.file, `${verdict.picture.width}x${verdict.picture.height}`);
    }
    for (const { file, mask } of defects) {
      const { width, height, data } = await readMask(mask!);
      expect(`${width}x${height}`).toBe(sizes.get(file));
      expect(data).toContain(1);
    }
  });
});
