// The loader: what it reads and refuses, and that samples depend on seed, epoch and index alone.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listPictures } from '../dataset/folder.ts';
import type { LabelledBox, LabelledPicture } from '../dataset/labelled.ts';
import { decodePicture } from '../image/decode.ts';
import { encodePicture } from '../image/encode.ts';
import type { Picture } from '../image/picture.ts';
import { gradientPicture, pngFile } from '../image/testing/files.ts';
import { defaultDetectionAugmentation } from './augment-settings.ts';
import { fromLetterbox, letterbox } from './letterbox.ts';
import { SampleLoader, type SampleLoaderOptions } from './sample-loader.ts';
import { depthIn, levelsAt, markedPicture } from './testing/marked-picture.ts';

const SIZE = 64;
const colours = [
  [250, 0, 0],
  [0, 250, 0],
  [0, 0, 250],
  [250, 250, 0],
  [0, 250, 250],
] as const;
const marked = [
  markedPicture(64, 48, [10, 8, 40, 30], colours[0], 0),
  markedPicture(40, 80, [5, 20, 33, 60], colours[1], 1),
  markedPicture(64, 64, [30, 2, 62, 40], colours[2], 2),
  markedPicture(96, 32, [8, 3, 70, 27], colours[3], 3),
  markedPicture(20, 20, [2, 2, 15, 18], colours[4], 4),
];
let dir: string;
let pictures: LabelledPicture[];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-loader-'));
  pictures = await Promise.all(marked.map(({ picture, boxes }, i) => write(`${i}.png`, picture, boxes)));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function write(name: string, picture: Picture, boxes: readonly LabelledBox[]) {
  const file = join(dir, name);
  await writeFile(file, await encodePicture(picture, 'png'));
  return { file, boxes };
}

const open = (options: Partial<SampleLoaderOptions> = {}) =>
  SampleLoader.open({ pictures, size: SIZE, seed: 5, cacheBytes: 2 ** 20, ...options });

describe('a plain sample', () => {
  it('is the letterbox of the picture with all its boxes', async () => {
    const loader = await open();
    for (const [i, { picture, boxes }] of marked.entries()) {
      const { pixels, ...placement } = letterbox(picture, SIZE);
      const sample = await loader.plain(i);
      expect(sample.pixels).toEqual(pixels.data);
      expect(sample.placement).toEqual(placement);
      const { width, height } = picture;
      expect(loader.pictures[i]).toMatchObject({ width, height });
      const back = fromLetterbox(sample.boxes[0]!.box, sample.placement, picture);
      const [x1, y1, x2, y2] = boxes[0]!.box;
      for (const [at, expected] of [x1 * width, y1 * height, x2 * width, y2 * height].entries()) {
        expect(back[at]).toBeCloseTo(expected, 9);
      }
    }
    await loader.close();
  });

  it('keeps boxes of less than a pixel', async () => {
    const boxes = [{ classId: 0, box: [0.5, 0.5, 0.501, 0.501] as const }];
    const loader = await open({ pictures: [{ ...pictures[0]!, boxes }] });
    expect((await loader.plain(0)).boxes).toHaveLength(1);
    await loader.close();
  });
});

describe('a training sample', () => {
  const still = {
    ...defaultDetectionAugmentation,
    ...{ scale: 0, translate: 0, flipHorizontal: 0, hue: 0, saturation: 0, value: 0 },
  };

  it('without any change and without mosaic is the plain one', async () => {
    const loader = await open({ augmentation: still });
    for (const i of pictures.keys()) {
      const { pixels, boxes } = await loader.plain(i);
      const sample = await loader.train(i, 1, { mosaic: false });
      expect(sample.pixels).toEqual(pixels);
      for (const [at, value] of boxes[0]!.box.entries()) {
        expect(sample.boxes[0]!.box[at]).toBeCloseTo(value, 9);
      }
    }
    await loader.close();
  });

  it.each([true, false])('has every object in its box, mosaic %s', async (mosaic) => {
    const coloursStill = { hue: 0, saturation: 0, value: 0 };
    const loader = await open({ augmentation: { ...defaultDetectionAugmentation, ...coloursStill } });
    let checked = 0;
    for (let epoch = 0; epoch < 12; epoch++) {
      for (const index of pictures.keys()) {
        const { pixels, boxes } = await loader.train(index, epoch, { mosaic });
        const square = { width: SIZE, height: SIZE, data: pixels };
        for (const { classId, box } of boxes) {
          for (let y = 0; y < SIZE; y++) {
            for (let x = 0; x < SIZE; x++) {
              // The smallest picture grows 3.2 times, so that its edges are blurred over some pixels.
              if (depthIn(box, x, y) <= (classId === 4 ? 4 : 2)) continue;
              expect(levelsAt(square, x, y)).toEqual(colours[classId]);
              checked++;
            }
          }
        }
      }
    }
    expect(checked).toBeGreaterThan(2000);
    await loader.close();
  });

  it('shows its own picture and others in a mosaic', async () => {
    const loader = await open();
    const seen = new Set<number>();
    for (let epoch = 0; epoch < 30; epoch++) {
      for (const { classId } of (await loader.train(0, epoch, { mosaic: true })).boxes) seen.add(classId);
      for (const { classId } of (await loader.train(0, epoch, { mosaic: false })).boxes)
        expect(classId).toBe(0);
    }
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
    await loader.close();
  });

  it('keeps the border grey whatever the colours do', async () => {
    const augmentation = { ...defaultDetectionAugmentation, value: 0.9, translate: 0 };
    const loader = await open({ augmentation });
    for (let epoch = 0; epoch < 10; epoch++) {
      const { pixels } = await loader.train(3, epoch, { mosaic: false }); // 96 x 32: grey above and below
      expect([...pixels.subarray(0, 3), ...pixels.subarray(-3)]).toEqual([114, 114, 114, 114, 114, 114]);
    }
    await loader.close();
  });

  it('depends on seed, epoch and index alone, in whatever order it is asked for', async () => {
    const asked = [0, 1, 2].flatMap((epoch) => [...pictures.keys()].map((index) => ({ epoch, index })));
    const [first, second, other] = [await open(), await open({ cacheBytes: 0 }), await open({ seed: 6 })];
    const take = ({ epoch, index }: (typeof asked)[number], loader: SampleLoader) =>
      loader.train(index, epoch, { mosaic: epoch !== 1 });
    const inOrder = [];
    for (const each of asked) inOrder.push(await take(each, first));
    const reversed = await Promise.all(asked.toReversed().map((each) => take(each, second)));
    expect(reversed.toReversed()).toEqual(inOrder);
    expect(await take(asked[0]!, other)).not.toEqual(inOrder[0]);
    const distinct = new Set(inOrder.map(({ pixels }) => pixels.join()));
    expect(distinct.size).toBe(asked.length);
    await Promise.all([first.close(), second.close(), other.close()]);
  });
});

describe('opening', () => {
  it('refuses a corrupt file by name and goes on with the others', async () => {
    const corrupt = join(dir, 'corrupt.png');
    await writeFile(corrupt, (await encodePicture(gradientPicture(64, 64), 'png')).subarray(0, 900));
    const missing = join(dir, 'missing.png');
    const tiny = join(dir, 'tiny.png');
    await writeFile(tiny, pngFile({ width: 1, height: 1 }));
    const bad = [corrupt, missing, tiny].map((file) => ({ file, boxes: [] }));
    const loader = await open({ pictures: [pictures[0]!, ...bad, pictures[1]!] });
    expect(loader.pictures.map(({ file }) => file)).toEqual([pictures[0]!.file, pictures[1]!.file]);
    expect(loader.refused).toEqual([
      { file: corrupt, code: 'image.truncated', message: expect.any(String) },
      { file: missing, code: 'disk.io_error', message: expect.stringContaining('ENOENT') },
      { file: tiny, code: 'image.too_small', message: expect.stringContaining('1x1') },
    ]);
    expect((await loader.plain(1)).boxes[0]!.classId).toBe(1);
    await loader.close();
  });

  it('uses a picture each time that it is listed', async () => {
    const loader = await open({ pictures: [pictures[0]!, pictures[0]!] });
    expect(loader.pictures).toHaveLength(2);
    await loader.close();
  });

  it('of nothing usable gives an empty loader', async () => {
    const loader = await open({ pictures: [{ file: join(dir, 'missing.png'), boxes: [] }] });
    expect([loader.pictures.length, loader.refused.length]).toEqual([0, 1]);
    await expect(loader.plain(0)).rejects.toThrow('no picture 0 among 0');
    await loader.close();
  });

  it('takes pictures without boxes, very long ones, and 10,000 boxes', async () => {
    const boxes = Array.from({ length: 10_000 }, (_, i) => {
      const [x, y] = [(i % 100) / 100, Math.floor(i / 100) / 100];
      return { classId: i % 3, box: [x, y, x + 0.01, y + 0.01] as const };
    });
    const loader = await open({
      size: 320,
      pictures: [
        { ...pictures[0]!, boxes: [] },
        await write('wide.png', gradientPicture(900, 16), [{ classId: 0, box: [0, 0, 1, 1] }]),
        await write('tall.png', gradientPicture(16, 900), []),
        await write('many.png', gradientPicture(300, 300), boxes),
      ],
    });
    expect((await loader.plain(0)).boxes).toEqual([]);
    expect((await loader.plain(1)).placement).toMatchObject({ left: 0, width: 320, height: 6, top: 157 });
    expect((await loader.plain(2)).placement).toMatchObject({ top: 0, width: 6, height: 320 });
    expect((await loader.plain(3)).boxes).toHaveLength(10_000);
    for (let epoch = 0; epoch < 4; epoch++) {
      const { boxes } = await loader.train(3, epoch, { mosaic: true });
      for (const { box } of boxes) {
        expect(Math.min(...box)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...box)).toBeLessThanOrEqual(320);
      }
    }
    await loader.close();
  });

  it('stops when the signal aborts', async () => {
    const reason = new Error('enough');
    await expect(open({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const opening = open({ signal: controller.signal });
    controller.abort(reason);
    await expect(opening).rejects.toBe(reason);
  });

  it('has a digest of pixels and boxes', async () => {
    const [same, again] = [await open(), await open({ cacheBytes: 0, seed: 9 })];
    expect(again.digest).toBe(same.digest);
    const otherBoxes = await open({ pictures: pictures.with(2, { ...pictures[2]!, boxes: [] }) });
    const otherPixels = await open({
      pictures: pictures.with(2, { ...pictures[2]!, file: pictures[0]!.file }),
    });
    expect(new Set([same, otherBoxes, otherPixels].map(({ digest }) => digest)).size).toBe(3);
  });
});

describe('without room in memory', () => {
  it('samples are the same, from a scratch file or decoded again', async () => {
    const scratch = { path: join(dir, 'scratch', 'pictures'), bytes: 2 ** 20 };
    const loaders = [await open(), await open({ cacheBytes: 0 }), await open({ cacheBytes: 0, scratch })];
    const samples = await Promise.all(loaders.map((loader) => loader.train(2, 3, { mosaic: true })));
    expect(samples[1]).toEqual(samples[0]);
    expect(samples[2]).toEqual(samples[0]);
    await Promise.all(loaders.map((loader) => loader.close()));
    expect(existsSync(scratch.path)).toBe(false);
  });

  it('a picture that changed on disk is noticed, and later samples still come', async () => {
    const changing = await write('changing.png', gradientPicture(40, 40), []);
    const loader = await open({ pictures: [changing, pictures[0]!], cacheBytes: 0 });
    await write('changing.png', gradientPicture(41, 40), []);
    await expect(loader.plain(0)).rejects.toMatchObject({
      code: 'dataset.changed',
      message: expect.stringContaining('changing.png'),
    });
    expect((await loader.plain(1)).boxes).toHaveLength(1);
    expect((await loader.plain(1)).boxes).toHaveLength(1);
    await loader.close();
  });
});

describe('real pictures', () => {
  it('give the pixels that serving gives', async () => {
    const folder = join(process.env.OKAPI_TEST_DATA ?? '../shared/data', 'bccd-yolo', 'val', 'images');
    if (!existsSync(folder)) {
      console.log(`no bccd-yolo: the generated pictures above stand in for it`);
      return;
    }
    const files = (await listPictures(folder)).slice(0, 3);
    const loader = await open({ size: 160, pictures: files.map((file) => ({ file, boxes: [] })) });
    for (const [i, file] of files.entries()) {
      const served = letterbox(await decodePicture(await readFile(file)), 160);
      expect(Buffer.compare((await loader.plain(i)).pixels, served.pixels.data)).toBe(0);
    }
    await loader.close();
  });
});
