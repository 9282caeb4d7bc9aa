// Every kind of file through the one rule of decode.ts, and every bad file with the error a user reads.
import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import { OkapiError } from '../errors.ts';
import { decodePicture, defaultLimits, probePicture } from './decode.ts';
import { encodePicture } from './encode.ts';
import type { Picture } from './picture.ts';
import { sharp } from './sharp.ts';
import {
  bmpFile,
  exifBlock,
  frameMarker,
  gradientPicture,
  patched,
  pngChunk,
  pngFile,
  pngHeader,
  pngRows,
  tiffFile,
  webpExtension,
  webpFile,
  withJpegExif,
  withJpegSegment,
  withScans,
} from './testing/files.ts';

const picture = gradientPicture(40, 30);
const png = Buffer.from(await encodePicture(picture, 'png'));
const jpeg = Buffer.from(await encodePicture(picture, 'jpeg'));
const webp = await sharp(picture.data, { raw: { width: 40, height: 30, channels: 3 } })
  .webp({ lossless: true })
  .toBuffer();
const tiff = tiffFile(picture);
const bmp = bmpFile({
  bits: 24,
  width: 40,
  height: 30,
  pixel: (x, row) => bgrNumber(picture, x, 29 - row),
});
const progressiveJpeg = await sharp(jpeg).jpeg({ progressive: true }).toBuffer();
const files: Record<string, Buffer> = { jpeg, progressiveJpeg, png, webp, bmp, tiff };

const fixture: { width: number; height: number; cases: { name: string; file: string; rgb: string }[] } =
  JSON.parse(readFileSync(new URL('./fixtures/decode.json', import.meta.url), 'utf8'));
const fixtureFile = (name: string) => Buffer.from(fixture.cases.find((c) => c.name === name)!.file, 'base64');

describe('files of other programs', () => {
  it.each(fixture.cases)('have the levels that Pillow reads: $name', async ({ file, rgb }) => {
    const ours = await decodePicture(Buffer.from(file, 'base64'));
    expect([ours.width, ours.height]).toEqual([fixture.width, fixture.height]);
    expect(Buffer.from(ours.data).equals(Buffer.from(rgb, 'base64'))).toBe(true);
  });
});

describe('the type', () => {
  it.each(['jpeg', 'png', 'webp', 'bmp', 'tiff'])('is read from the bytes: %s', async (type) => {
    expect(probePicture(files[type]!)).toEqual({ type, width: 40, height: 30 });
    if (type !== 'jpeg') expect((await decodePicture(files[type]!)).data).toEqual(picture.data);
  });

  it.each([
    ['a GIF', Buffer.from('GIF89a\x10\0\x10\0\x80\0\0', 'latin1')],
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>')],
    ['HTML', Buffer.from('<!doctype html><title>x</title>')],
    ['PDF', Buffer.from('%PDF-1.7\n1 0 obj')],
    ['ZIP', Buffer.from('PK\x03\x04\x14\0\0\0\0\0', 'latin1')],
    ['program', Buffer.from('\x7fELF\x02\x01\x01\0\0\0', 'latin1')],
    ['HEIC', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0', 'latin1')],
    ['AVIF', Buffer.from('\0\0\0\x1cftypavif\0\0\0\0', 'latin1')],
    ['JPEG XL', Buffer.from('\0\0\0\x0cJXL \r\n\x87\n', 'latin1')],
    ['icon', Buffer.from('\0\0\x01\0\x01\0\x10\x10\0\0', 'latin1')],
    ['Photoshop', Buffer.from('8BPS\0\x01\0\0\0\0', 'latin1')],
    ['BigTIFF', Buffer.from('II\x2b\0\x08\0\0\0\0\0', 'latin1')],
    ['another type', Buffer.from('BMW is not a bitmap, whatever its letters say')],
    ['another type', Buffer.from('just some text')],
    ['another type', Buffer.from([0xff])],
    ['lossless, hierarchical or arithmetic', patched(jpeg, frameMarker(jpeg) + 1, 0xc9)],
    ['lossless, hierarchical or arithmetic', patched(jpeg, frameMarker(jpeg) + 1, 0xc3)],
    ['a JPEG of 12 bits', patched(jpeg, frameMarker(jpeg) + 4, 12)],
    ['a JPEG of 2 channels', patched(jpeg, frameMarker(jpeg) + 9, 2)],
    ['floating-point', tiffFile(picture, { tags: { 339: [3, 3, 3] } })],
    ['32, 32, 32 bits', tiffFile(picture, { tags: { 258: [32, 32, 32] } })],
    ['colour kind 8', tiffFile(picture, { tags: { 262: [8] } })],
    ['compression 34712', tiffFile(picture, { tags: { 259: [34712] } })],
    ['camera raw', tiffFile(picture, { tags: { 254: [1] } })],
    ['premultiplied', tiffFile(picture, { tags: { 338: [1] } })],
    [
      'RLE8',
      bmpFile({ bits: 8, width: 20, height: 20, compression: 1, palette: [[0, 0, 0]], pixel: () => 0 }),
    ],
    ['a BMP of 2 bits', bmpFile({ bits: 2, width: 20, height: 20, pixel: () => 0 })],
  ])('is refused by its name, with the accepted types: %s', async (words, bytes) => {
    const error = await refusalOf(bytes);
    expect(error.code).toBe('image.unsupported_type');
    expect(error.message).toContain(words);
    expect(error.message).toContain('expected JPEG, PNG, WebP, BMP or TIFF');
  });
});

describe('short files', () => {
  it('are refused when they have no bytes', async () => {
    expect(await refusalOf(new Uint8Array(0))).toMatchObject({ code: 'image.empty' });
  });

  for (const [name, bytes] of Object.entries(files)) {
    const ends = {
      '1 %': 0.01,
      '33 %': 0.33,
      '90 %': 0.9,
      'the last byte but one': (bytes.length - 1) / bytes.length,
    };
    for (const [share, ratio] of Object.entries(ends)) {
      it(`are refused as truncated: ${name} cut at ${share}`, async () => {
        const cut = bytes.subarray(0, Math.max(2, Math.floor(bytes.length * ratio)));
        expect(await refusalOf(cut)).toMatchObject({ code: 'image.truncated' });
      });
    }
  }

  it('are refused even if someone closed the JPEG again', async () => {
    const cut = Buffer.concat([jpeg.subarray(0, jpeg.length * 0.7), Buffer.from([0xff, 0xd9])]);
    expect((await refusalOf(cut)).code).toMatch(/truncated|corrupt/);
  });
});

describe('damaged files', () => {
  const restarts = fixtureFile('jpeg with restarts');
  const secondRestart = restarts.indexOf(Buffer.from([0xff, 0xd1]));
  it.each([
    ['a wrong check sum in the PNG header', patched(png, 29, png[29]! ^ 1)],
    ['a wrong check sum in PNG pixels', patched(png, png.length - 13, png[png.length - 13]! ^ 1)],
    [
      'a PNG that inflates far beyond its size',
      pngFile({ width: 100, height: 100, rows: Buffer.alloc(3e8) }),
    ],
    ['a PNG with one row too many', pngFile({ width: 100, height: 100, rows: Buffer.alloc(301 * 101) })],
    ['a PNG with one byte too many', pngFile({ width: 20, height: 20, rows: Buffer.alloc(61 * 20 + 1) })],
    ['a PNG with too few rows', pngFile({ width: 100, height: 100, rows: Buffer.alloc(301 * 50) })],
    ['a PNG without pixels', Buffer.concat([pngHeader(20, 20), pngChunk('IEND', Buffer.alloc(0))])],
    ['a PNG of no size', pngHeader(0, 20)],
    ['a PNG with an unknown row filter', pngFile({ width: 20, height: 20, rows: Buffer.alloc(20 * 61, 9) })],
    ['a JPEG with a damaged restart segment', patched(restarts, secondRestart + 1, 0xd5)],
    ['a JPEG without a frame header', Buffer.from([0xff, 0xd8, 0xff, 0xd9])],
    ['a JPEG of thousands of scans', withScans(progressiveJpeg, 5000)],
    ['a WebP whose chunk is too long', patched(webp, 17, 0xff)],
    [
      'a WebP whose pixels are noise',
      webpFile([['VP8L', Buffer.concat([webp.subarray(20, 25), noise(500)])]]),
    ],
    [
      'a WebP of two sizes',
      webpFile([
        ['VP8X', webpExtension(90, 90, 0)],
        ['VP8L', webp.subarray(20)],
      ]),
    ],
    ['a BMP whose pixels start in the header', patched(bmp, 10, 20)],
    [
      'a BMP whose pixel is not in its palette',
      bmpFile({ bits: 8, width: 20, height: 20, palette: [[0, 0, 0]], pixel: () => 3 }),
    ],
    ['a BMP of negative width', patched(bmp, 21, 0x80)],
    ['a TIFF without pixels', tiffFile(picture, { tags: { 273: [], 279: [] } })],
    ['a TIFF whose compressed pixels are noise', tiffFile(picture, { tags: { 259: [8] } })],
  ])('are refused as corrupt: %s', async (_, bytes) => {
    const started = performance.now();
    expect((await refusalOf(bytes)).code).toMatch(/^image\.(corrupt|truncated)$/);
    expect(performance.now() - started).toBeLessThan(500);
  });

  it('are refused with a code of their own or decoded, whatever bytes change', {
    timeout: 30_000,
  }, async () => {
    const random = new Random(11);
    const outcomes = new Map<string, number>();
    for (let i = 0; i < 1500; i++) {
      const outcome = await decodePicture(mutated(random.pick(Object.values(files)), random)).then(
        () => 'decoded',
        (error: unknown) => (error instanceof OkapiError ? error.code : String(error)),
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    for (const outcome of outcomes.keys()) expect(outcome).toMatch(/^(decoded|image\.[a-z_]+)$/);
    expect(outcomes.size).toBeGreaterThan(4);
  });
});

describe('files of several frames', () => {
  const frames = Buffer.from([0, 0, 0x27, 0x10, 0, 0, 0, 0]);
  const webpAnimation = webpFile([
    ['VP8X', webpExtension(40, 30, 2)],
    ['ANIM', Buffer.alloc(6)],
  ]);
  it.each([
    ['PNG of 10000 frames', pngFile({ width: 20, height: 20, extra: [pngChunk('acTL', frames)] })],
    ['WebP of several frames', webpAnimation],
    ['TIFF of several pages', tiffFile(picture, { secondPage: {} })],
  ])('are refused: %s', async (words, bytes) => {
    const error = await refusalOf(bytes);
    expect(error.code).toBe('image.animated');
    expect(error.message).toContain(words);
  });

  it('may hold smaller versions of the first page', async () => {
    const withPreview = tiffFile(picture, { secondPage: { 254: [1] } });
    expect((await decodePicture(withPreview)).data).toEqual(picture.data);
  });
});

describe('limits', () => {
  it('refuse a picture by its header, quickly and without its pixels', async () => {
    const started = performance.now();
    const error = await refusalOf(pngHeader(50000, 50000));
    expect(error.code).toBe('image.too_many_pixels');
    expect(error.message).toBe('expected at most 50.0 megapixels, got 50000x50000 (2500.0 megapixels)');
    expect(performance.now() - started).toBeLessThan(50);
  });

  it('refuse a small file of many pixels', async () => {
    const bytes = pngFile({ width: 8000, height: 8000, bits: 1, colour: 0 });
    expect(bytes.length).toBeLessThan(20_000);
    expect(await refusalOf(bytes)).toMatchObject({ code: 'image.too_many_pixels' });
  });

  it('refuse sides that are too long or too short', async () => {
    expect((await refusalOf(pngFile({ width: 32769, height: 16, bits: 1, colour: 0 }))).message).toBe(
      'expected sides of at most 32768 px, got 32769x16',
    );
    for (const [width, height] of [
      [1, 1],
      [8, 8],
      [1000, 15],
    ] as const) {
      const error = await refusalOf(pngFile({ width, height }));
      expect(error.code).toBe('image.too_small');
      expect(error.message).toBe(`expected sides of at least 16 px, got ${width}x${height}`);
    }
  });

  it('refuse a file of too many bytes', async () => {
    const error = await refusalOf(new Uint8Array(defaultLimits.maxBytes + 1));
    expect(error).toMatchObject({
      code: 'image.too_large',
      message: 'expected at most 32.0 MiB, got 32.0 MiB',
    });
  });

  it('are those that the caller states', async () => {
    const limits = { ...defaultLimits, minSide: 64 };
    expect(await refusalOf(png, limits)).toMatchObject({ code: 'image.too_small' });
    expect(await refusalOf(png, { ...defaultLimits, maxPixels: 1199 })).toMatchObject({
      code: 'image.too_many_pixels',
    });
    expect(() => probePicture(png, limits)).toThrow(/at least 64 px/);
  });

  it('let the long pictures of line-scan cameras through', async () => {
    for (const [width, height] of [
      [30000, 20],
      [20, 30000],
    ] as const) {
      const decoded = await decodePicture(await encodePicture(gradientPicture(width, height), 'png'));
      expect([decoded.width, decoded.height]).toEqual([width, height]);
    }
  });
});

describe('orientation', () => {
  const vp8x = ['VP8X', webpExtension(40, 30, 8)] as const;
  const kinds: Record<string, (orientation: number) => Buffer> = {
    jpeg: (orientation) => withJpegExif(jpeg, exifBlock(orientation)),
    png: (orientation) =>
      Buffer.concat([png.subarray(0, 33), pngChunk('eXIf', exifBlock(orientation)), png.subarray(33)]),
    webp: (orientation) => webpFile([vp8x, ['VP8L', webp.subarray(20)], ['EXIF', exifBlock(orientation)]]),
    tiff: (orientation) => tiffFile(picture, { orientation }),
  };
  for (const [kind, fileOf] of Object.entries(kinds)) {
    it.each([1, 2, 3, 4, 5, 6, 7, 8])(`is applied: ${kind} %i`, async (orientation) => {
      const file = fileOf(orientation);
      const ours = await decodePicture(file);
      const theirs = await sharp(file).autoOrient().raw().toBuffer({ resolveWithObject: true });
      expect([ours.width, ours.height]).toEqual([theirs.info.width, theirs.info.height]);
      expect(Buffer.from(ours.data).equals(theirs.data)).toBe(true);
      expect(probePicture(file)).toEqual({ type: kind, width: ours.width, height: ours.height });
    });
  }

  it('is 1 when the metadata is damaged', async () => {
    const clean = await decodePicture(jpeg);
    for (const exif of [
      exifBlock(9),
      exifBlock(6).subarray(0, 20),
      Buffer.from('nonsense'),
      Buffer.alloc(0),
    ]) {
      expect(await decodePicture(withJpegExif(jpeg, exif))).toEqual(clean);
    }
  });
});

describe('metadata', () => {
  it('does not change a level, however large or damaged it is', async () => {
    const clean = await decodePicture(jpeg);
    const profiles = Array.from({ length: 160 }).reduce<Buffer>(
      (file) =>
        withJpegSegment(file, 0xe2, Buffer.concat([Buffer.from('ICC_PROFILE\0\x01\x01'), noise(65000)])),
      jpeg,
    );
    const variants = {
      profiles,
      loop: withJpegExif(jpeg, exifBlock(1, 8)),
      comment: withJpegSegment(jpeg, 0xfe, Buffer.from('<script>alert(1)</script>')),
      tail: Buffer.concat([jpeg, Buffer.from('PK\x03\x04 and more')]),
    };
    for (const file of Object.values(variants)) expect(await decodePicture(file)).toEqual(clean);
  });

  it('of PNG is passed over with its check sums, profiles and gamma', async () => {
    const extra = [
      patched(pngChunk('tEXt', Buffer.from('a\0b')), 0, 0),
      pngChunk('zTXt', Buffer.concat([Buffer.from('a\0\0'), deflateSync(Buffer.alloc(5e7))])),
      pngChunk('iCCP', Buffer.concat([Buffer.from('a\0\0'), deflateSync(noise(5000))])),
      pngChunk('gAMA', Buffer.from([0, 0, 0x10, 0])),
    ];
    extra[0]![extra[0]!.length - 1]! ^= 1;
    const file = Buffer.concat([png.subarray(0, 33), ...extra, png.subarray(33)]);
    expect((await decodePicture(file)).data).toEqual(picture.data);
  });
});

describe('channels', () => {
  const [width, height] = [20, 16];
  const alphaOf = (x: number) => Math.min(255, x * 14);
  const onBlack = (level: number, x: number) => Math.round((level * alphaOf(x)) / 255);

  it('of transparent pictures are composited on black', async () => {
    const rgba = pngFile({
      width,
      height,
      colour: 6,
      rows: pngRows(width, height, (x, y) => [200, y, 77, alphaOf(x)]),
    });
    const grey = pngFile({
      width,
      height,
      colour: 4,
      rows: pngRows(width, height, (x, y) => [y * 9, alphaOf(x)]),
    });
    expect((await decodePicture(rgba)).data).toEqual(
      rgbOf(width, height, (x, y) => [onBlack(200, x), onBlack(y, x), onBlack(77, x)]),
    );
    expect((await decodePicture(grey)).data).toEqual(
      rgbOf(width, height, (x, y) => [onBlack(y * 9, x), onBlack(y * 9, x), onBlack(y * 9, x)]),
    );
  });

  it('of a palette with transparency are composited on black', async () => {
    const extra = [
      pngChunk('PLTE', Buffer.from([9, 99, 199, 250, 150, 50])),
      pngChunk('tRNS', Buffer.from([255, 51])),
    ];
    const rows = pngRows(width, height, (x) => [x % 2]);
    const decoded = await decodePicture(pngFile({ width, height, colour: 3, rows, extra }));
    expect(decoded.data).toEqual(rgbOf(width, height, (x) => (x % 2 === 0 ? [9, 99, 199] : [50, 30, 10])));
  });

  it('of an interlaced PNG are those of a plain one', async () => {
    const interlaced = await sharp(png).png({ progressive: true }).toBuffer();
    expect(interlaced[28]).toBe(1);
    expect((await decodePicture(interlaced)).data).toEqual(picture.data);
  });
});

describe('BMP', () => {
  const [width, height] = [19, 16];
  const palette = [
    [0, 0, 0],
    [255, 0, 0],
    [1, 2, 3],
    [4, 5, 6],
  ] as const;
  const colourful = (x: number, y: number) => palette[(x + y) % 4]!;
  it.each([12, 40, 124])('reads 4 and 8 bits of a palette under a header of %i bytes', async (headerSize) => {
    for (const bits of [4, 8]) {
      const pixel = (x: number, row: number) => (x + (height - 1 - row)) % 4;
      const file = bmpFile({ bits, width, height, headerSize, palette: padded(palette, bits), pixel });
      expect((await decodePicture(file)).data).toEqual(rgbOf(width, height, colourful));
    }
  });

  it('reads rows from the top when the height is negative', async () => {
    const pixel = (x: number, row: number) => (row << 16) | x;
    const file = bmpFile({ bits: 24, width, height, isTopDown: true, pixel });
    expect((await decodePicture(file)).data).toEqual(rgbOf(width, height, (x, y) => [y, 0, x]));
  });

  it('reads 16 bits, plain and under masks', async () => {
    const stretch = (v: number, max: number) => Math.round((v * 255) / max);
    const plain = bmpFile({
      bits: 16,
      width,
      height,
      isTopDown: true,
      pixel: (x, y) => (y << 10) | (7 << 5) | x,
    });
    expect((await decodePicture(plain)).data).toEqual(
      rgbOf(width, height, (x, y) => [stretch(y, 31), stretch(7, 31), stretch(x, 31)]),
    );
    const masks = [0xf800, 0x07e0, 0x001f];
    const pixel = (x: number, y: number) => (y << 11) | (40 << 5) | x;
    const masked = bmpFile({ bits: 16, width, height, isTopDown: true, compression: 3, masks, pixel });
    expect((await decodePicture(masked)).data).toEqual(
      rgbOf(width, height, (x, y) => [stretch(y, 31), stretch(40, 63), stretch(x, 31)]),
    );
  });

  it('reads 32 bits under masks in any order', async () => {
    const masks = [0x000000ff, 0x0000ff00, 0xff000000];
    const pixel = (x: number, y: number) => x * 2 ** 24 + y * 256 + 200;
    const file = bmpFile({
      bits: 32,
      width,
      height,
      isTopDown: true,
      compression: 3,
      headerSize: 108,
      masks,
      pixel,
    });
    expect((await decodePicture(file)).data).toEqual(rgbOf(width, height, (x, y) => [200, y, x]));
  });
});

async function refusalOf(bytes: Uint8Array, limits = defaultLimits): Promise<OkapiError> {
  const error = await decodePicture(bytes, limits).then(
    () => new Error('was decoded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof OkapiError)) throw error;
  return error;
}

function noise(length: number): Buffer {
  const random = new Random(5);
  return Buffer.from(Uint8Array.from({ length }, () => random.int(256)));
}

/** One to four changed bytes, a part left out or a part twice. */
function mutated(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const [a, b] = [random.int(copy.length), random.int(copy.length)].sort((x, y) => x - y) as [number, number];
  if (random.chance(0.1)) return Buffer.concat([copy.subarray(0, a), copy.subarray(b)]);
  if (random.chance(0.1)) return Buffer.concat([copy.subarray(0, b), copy.subarray(a)]);
  const reach = random.chance(0.5) ? 64 : copy.length;
  for (let i = 0; i <= random.int(4); i++) copy[random.int(Math.min(reach, copy.length))] = random.int(256);
  return copy;
}

function rgbOf(
  width: number,
  height: number,
  pixel: (x: number, y: number) => readonly number[],
): Uint8Array {
  return new Uint8Array(
    Array.from({ length: width * height }, (_, i) => pixel(i % width, Math.floor(i / width))).flat(),
  );
}

function bgrNumber({ width, data }: Picture, x: number, y: number): number {
  const at = (y * width + x) * 3;
  return (data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!;
}

function padded(palette: readonly (readonly number[])[], bits: number): (readonly number[])[] {
  return Array.from({ length: 2 ** bits }, (_, i) => palette[i] ?? [0, 0, 0]);
}
