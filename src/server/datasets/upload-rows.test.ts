// The bad pictures of the reliability list, rows A1 to A34, through an upload: the verdict, the neighbours, nothing left over.
import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import { decodePicture } from '../../vision/image/decode.ts';
import { encodePicture } from '../../vision/image/encode.ts';
import { sharp } from '../../vision/image/sharp.ts';
import {
  exifBlock,
  gradientPicture,
  patched,
  pngChunk,
  pngFile,
  pngHeader,
  pngRows,
  withJpegExif,
  withJpegSegment,
} from '../../vision/image/testing/files.ts';
import { moduleBeside } from '../../vision/runtime/child.ts';
import { blobKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { deleteProject } from '../projects/delete-project.ts';
import { type TestContext, testActor, testConfig, testContext } from '../testing/context.ts';
import type { UploadVerdict } from './image-record.ts';
import { listImages } from './list-images.ts';
import { openProbes } from './probes.ts';
import { badPictures } from './testing/bad-pictures.ts';
import { newProject, picture, type SentFile, stagedNow, storedNow, upload } from './testing/uploads.ts';

const accepted = ['.jpg', '.jpeg', '.png', '.webp'];
const config = testConfig('/');
const probes = openProbes({ uploads: { ...config.uploads, allowed_extensions: accepted } });
afterAll(() => probes.close());

let test: TestContext;
let owner: Owner;
beforeEach(async () => {
  test = await testContext();
  owner = await newProject(test.context);
});
afterEach(async () => {
  expect(stagedNow(test.context)).toEqual([]);
  await test.close();
});

const pixels = gradientPicture(40, 30);
const png = Buffer.from(await encodePicture(pixels, 'png'));
const jpeg = Buffer.from(await encodePicture(pixels, 'jpeg'));
const raw = { raw: { width: 40, height: 30, channels: 3 as const } };
const webp = await sharp(pixels.data, raw).webp({ lossless: true }).toBuffer();
const progressive = await sharp(jpeg).jpeg({ progressive: true }).toBuffer();
const interlaced = await sharp(png).png({ progressive: true }).toBuffer();
const palette = await sharp(png).png({ palette: true }).toBuffer();
const tall = await encodePicture(gradientPicture(20, 30000), 'png');
const wide = await encodePicture(gradientPicture(30000, 20), 'png');
const neighbours = [await picture(1), await picture(2)] as const;

const fixture: { cases: { name: string; file: string; rgb: string }[] } = JSON.parse(
  readFileSync(new URL('../../vision/image/fixtures/decode.json', import.meta.url), 'utf8'),
);
const fixtureFile = (name: string) =>
  Buffer.from(fixture.cases.find((one) => one.name === name)!.file, 'base64');

/** Sends a file between two good ones, checks that these are stored, and gives the verdict of the middle one. */
async function verdictOf(bytes: Uint8Array, name = 'file.jpg'): Promise<UploadVerdict> {
  const [before, after] = neighbours;
  const sent = [
    { name: 'before.png', bytes: before },
    { name, bytes },
    { name: 'after.png', bytes: after },
  ];
  const { saved, items } = await upload(test.context, probes, owner, sent);
  expect([items[0]!.status, items[2]!.status]).toEqual(['stored', 'stored']);
  expect(items).toHaveLength(3);
  const images = await listImages(test.context, owner);
  expect(images).toHaveLength(saved);
  expect(storedNow(test.context, owner).sort()).toEqual(images.map(({ filename }) => filename).sort());
  return items[1]!;
}

/** The picture that training and serving see of a stored verdict. */
async function storedPicture({ filename }: UploadVerdict) {
  return decodePicture(readFileSync(await test.context.blobs.localPath(blobKeys.image(owner, filename!))));
}

const rejected = (code: string | RegExp) => ({
  status: 'rejected',
  code: typeof code === 'string' ? code : expect.stringMatching(code),
});

describe('refused files leave their neighbours stored', () => {
  it.each(badPictures)('%s', async (_, bytes, code) => {
    expect(await verdictOf(bytes)).toMatchObject(rejected(code));
  });

  it('A7 pixels that inflate to 1 GB', async () => {
    const bytes = pngFile({ width: 100, height: 100, rows: Buffer.alloc(1e9) });
    expect(await verdictOf(bytes)).toMatchObject(rejected('image.corrupt'));
  });

  it('A8 names the limit, A11 the accepted types, A18 the minimum', async () => {
    const details = await Promise.all(
      [
        pngFile({ width: 8000, height: 8000, bits: 1, colour: 0 }),
        Buffer.from('8BPS\0\x01\0\0\0\0'),
        pngFile({ width: 8, height: 8 }),
      ].map(
        async (bytes) => (await upload(test.context, probes, owner, [{ name: 'x', bytes }])).items[0]!.detail,
      ),
    );
    expect(details).toEqual([
      'expected at most 50.0 megapixels, got 8000x8000 (64.0 megapixels)',
      'expected JPEG, PNG or WebP, got a Photoshop file',
      'expected sides of at least 16 px, got 8x8',
    ]);
  });

  it('A17 a picture that takes too long', async () => {
    const uploads = { ...config.uploads, decode_timeout_seconds: 1.5 };
    const puppets = openProbes({ uploads }, moduleBeside(import.meta.url, './testing/probe-puppet'));
    try {
      const bytes = [neighbours[0], Buffer.from('hang!'), neighbours[1]];
      const sent = bytes.map((one) => ({ name: 'x', bytes: one }));
      const { items } = await upload(test.context, puppets, owner, sent);
      expect(items.map(({ status, code }) => code ?? status)).toEqual([
        'stored',
        'image.decode_timeout',
        'stored',
      ]);
    } finally {
      await puppets.close();
    }
  });

  it('A29 a poison batch: good, bomb, bad check sum, good', async () => {
    const bytes = [neighbours[0], pngHeader(50000, 50000), patched(png, 29, 0), neighbours[1]];
    const sent = bytes.map((one, i) => ({ name: `${i}.png`, bytes: one }));
    const { saved, items } = await upload(test.context, probes, owner, sent);
    expect(saved).toBe(2);
    expect(items.map(({ status }) => status)).toEqual(['stored', 'rejected', 'rejected', 'stored']);
    expect(await listImages(test.context, owner)).toHaveLength(2);
  });
});

describe('unusual files are stored', () => {
  const badText = pngChunk('tEXt', Buffer.from('a\0b'));
  badText[badText.length - 1]! ^= 1;
  const bombs = [
    pngChunk('zTXt', Buffer.concat([Buffer.from('a\0\0'), deflateSync(Buffer.alloc(5e7))])),
    pngChunk('iCCP', Buffer.concat([Buffer.from('a\0\0'), deflateSync(Buffer.alloc(1e7))])),
  ];
  const within = (...chunks: Uint8Array[]) =>
    Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)]);
  const largeProfile = Array.from({ length: 160 }).reduce<Buffer>(
    (file) =>
      withJpegSegment(file, 0xe2, Buffer.concat([Buffer.from('ICC_PROFILE\0\x01\x01'), Buffer.alloc(65000)])),
    jpeg,
  );
  it.each<[string, Uint8Array, string]>([
    ['A3 a wrong check sum in tEXt', within(badText), 'png'],
    ['A16 an EXIF loop', withJpegExif(jpeg, exifBlock(1, 8)), 'jpg'],
    ['A16 a profile of 10 MB', largeProfile, 'jpg'],
    ['A16 bombs in zTXt and iCCP', within(...bombs), 'png'],
    ['A19 30000 x 20', wide, 'png'],
    ['A19 20 x 30000', tall, 'png'],
    ['A20 an interlaced PNG', interlaced, 'png'],
    ['A20 a progressive JPEG', progressive, 'jpg'],
    ['A22 a JPEG with a ZIP behind it', Buffer.concat([jpeg, Buffer.from('PK\x03\x04')]), 'jpg'],
    ['A22 a JPEG with HTML behind it', Buffer.concat([jpeg, Buffer.from('<script>')]), 'jpg'],
    ['A22 a script in a comment', withJpegSegment(jpeg, 0xfe, Buffer.from('<script>alert(1)')), 'jpg'],
  ])('%s', async (_, bytes, extension) => {
    const verdict = await verdictOf(bytes, 'x.gif');
    expect(verdict).toMatchObject({ status: 'stored', filename: `${verdict.id}.${extension}` });
  });

  it.each(['x.jpg', 'x', 'x.JPEG', 'x.exe'])('A4 a PNG named %s, by its bytes', async (name) => {
    expect((await verdictOf(png, name)).filename).toMatch(/\.png$/);
  });

  it('A31 of a single colour', async () => {
    for (const level of [0, 255]) {
      const rows = pngRows(32, 32, () => [level, level, level]);
      const bytes = pngFile({ width: 32, height: 32, rows });
      const { items } = await upload(test.context, probes, owner, [{ name: 'plain', bytes }]);
      expect(items[0]).toMatchObject({ status: 'stored' });
    }
  });
});

describe('stored pictures have one look for all that read them', () => {
  it.each([['jpeg cmyk'], ['jpeg ycck']])('A12 %s has the colours of the reference', async (name) => {
    const { file, rgb } = fixture.cases.find((one) => one.name === name)!;
    const picture = await storedPicture(await verdictOf(Buffer.from(file, 'base64')));
    expect(Buffer.from(picture.data).equals(Buffer.from(rgb, 'base64'))).toBe(true);
  });

  it.each(['png 16 bit', 'png 16 bit grey'])('A13 %s has the high bytes', async (name) => {
    const { file, rgb } = fixture.cases.find((one) => one.name === name)!;
    const picture = await storedPicture(await verdictOf(Buffer.from(file, 'base64')));
    expect(Buffer.from(picture.data).equals(Buffer.from(rgb, 'base64'))).toBe(true);
  });

  it('A14 grey, transparent and palette pictures have three channels', async () => {
    const files = [
      await sharp(png).grayscale().png().toBuffer(),
      await sharp(png).grayscale().ensureAlpha(0.5).png().toBuffer(),
      palette,
      await sharp(png).ensureAlpha(0.5).png().toBuffer(),
    ];
    const sent = files.map((bytes, i) => ({ name: `${i}`, bytes }));
    const { items } = await upload(test.context, probes, owner, sent);
    for (const item of items) {
      expect((await storedPicture(item)).data).toHaveLength(40 * 30 * 3);
    }
  });

  it('A15 turned pictures are stored with the size that people see', async () => {
    const sent = [1, 2, 3, 4, 5, 6, 7, 8].map((turn) => ({
      name: `${turn}`,
      bytes: withJpegExif(jpeg, exifBlock(turn)),
    }));
    await upload(test.context, probes, owner, sent);
    const sizes = (await listImages(test.context, owner)).map(({ width, height }) => `${width}x${height}`);
    expect(sizes).toEqual([...Array(4).fill('40x30'), ...Array(4).fill('30x40')]);
  });
});

describe('names are text', () => {
  it.each([
    ['../../x.png', 'x.png'],
    ['..\\x.png', 'x.png'],
    ['/abs.png', 'abs.png'],
    ['C:\\x.png', 'x.png'],
    ['.png', '.png'],
    ['con', 'con'],
    ['x.', 'x.'],
    ['n'.repeat(300), 'n'.repeat(255)],
    ['n'.repeat(10_000), 'n'.repeat(255)],
    ['\u{1f600}'.repeat(255), '\u{1f600}'.repeat(63)],
    ['\u202egnp.x', 'gnp.x'],
    ['cafe\u0301', 'caf\u00e9'],
    ['a\0b\r\nc', 'abc'],
    ['lone\ud800', 'lone'],
    ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ])('A23, A24 %j', async (name, shown) => {
    const { items } = await upload(test.context, probes, owner, [{ name, bytes: png }]);
    expect(items[0]).toMatchObject({ name: shown, filename: `${items[0]!.id}.png` });
    expect(await listImages(test.context, owner)).toMatchObject([{ display_name: shown }]);
  });

  it('A25 two pictures of one name are two images', async () => {
    const sent = neighbours.map((bytes) => ({ name: 'same.png', bytes }));
    const { saved, items } = await upload(test.context, probes, owner, sent);
    expect(saved).toBe(2);
    expect(items[0]!.id).not.toBe(items[1]!.id);
  });
});

describe('the same bytes', () => {
  it('A26 twice in an upload and again later are one image', async () => {
    const sent = ['a', 'b'].map((name) => ({ name, bytes: png }));
    const first = (await upload(test.context, probes, owner, sent)).items;
    const later = (await upload(test.context, probes, owner, sent)).items;
    expect([...first, ...later].map(({ status }) => status)).toEqual([
      'stored',
      'duplicate',
      'duplicate',
      'duplicate',
    ]);
    expect(new Set([...first, ...later].map(({ id }) => id)).size).toBe(1);
  });

  it('A27 in two projects outlive the deletion of one', async () => {
    const other = await newProject(test.context, 'other');
    await upload(test.context, probes, owner, [{ name: 'a', bytes: png }]);
    const { items } = await upload(test.context, probes, other, [{ name: 'a', bytes: png }]);
    await deleteProject(test.context, owner.id, { confirm: 'parts' }, testActor);
    const path = await test.context.blobs.localPath(blobKeys.image(other, items[0]!.filename!));
    expect(readFileSync(path).equals(png)).toBe(true);
  });
});

describe('limits', () => {
  it('A28 a file over the limit and 500 others each have a verdict', async () => {
    const small = openProbes({ uploads: { ...config.uploads, max_file_size_mb: 0.01 } });
    try {
      const sent: SentFile[] = Array.from({ length: 500 }, (_, i) => ({
        name: `${i}`,
        bytes: Buffer.concat([png, Buffer.from(`${i % 250}`)]),
      }));
      sent.push({ name: 'large', bytes: Buffer.concat([png, Buffer.alloc(20_000)]) });
      const { saved, items } = await upload(test.context, small, owner, sent);
      const count = (status: string) => items.filter((item) => item.status === status).length;
      expect([saved, count('stored'), count('duplicate'), count('rejected')]).toEqual([250, 250, 250, 1]);
      expect(items.at(-1)).toMatchObject(rejected('image.too_large'));
      expect(storedNow(test.context, owner)).toHaveLength(250);
    } finally {
      await small.close();
    }
  });
});

describe('mutated files', () => {
  it('A34 2,000 of them: each has a verdict, no child is lost, what is stored can be decoded', async () => {
    const random = new Random(34);
    const seeds = [jpeg, progressive, png, webp, fixtureFile('jpeg with restarts'), palette];
    expect(childCount()).toBeLessThanOrEqual(2);
    for (let batch = 0; batch < 10; batch++) {
      const sent = Array.from({ length: 200 }, (_, i) => ({
        name: `${i}`,
        bytes: mutated(random.pick(seeds), random),
      }));
      const { items } = await upload(test.context, probes, owner, sent);
      expect(items).toHaveLength(200);
      for (const { status, code = '' } of items) {
        if (status === 'rejected') expect(code).toMatch(/^image\.[a-z_]+$/);
        expect(code).not.toBe('image.decode_timeout');
      }
    }
    const images = await listImages(test.context, owner);
    expect(storedNow(test.context, owner)).toHaveLength(images.length);
    for (const { filename } of images.slice(0, 50))
      await storedPicture({ name: '', status: 'stored', filename });
    expect(childCount()).toBe(2);
  });
});

/** How many child processes run. */
function childCount(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'ProcessWrap').length;
}

/** One to four changed bytes, a part left out or twice, or two parts exchanged. */
function mutated(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const cuts = [random.int(copy.length), random.int(copy.length), random.int(copy.length)];
  const [a, b, c] = cuts.sort((x, y) => x - y) as [number, number, number];
  const part = (from: number, to?: number) => copy.subarray(from, to);
  if (random.chance(0.1)) return Buffer.concat([part(0, a), part(b)]);
  if (random.chance(0.1)) return Buffer.concat([part(0, b), part(a)]);
  if (random.chance(0.1)) return Buffer.concat([part(0, a), part(b, c), part(a, b), part(c)]);
  const reach = random.chance(0.5) ? 64 : copy.length;
  for (let i = 0; i <= random.int(4); i++) copy[random.int(Math.min(reach, copy.length))] = random.int(256);
  return copy;
}
