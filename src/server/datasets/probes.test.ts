import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { blake2b16 } from '../../vision/dataset/blake2b.ts';
import { encodePicture } from '../../vision/image/encode.ts';
import { sharp } from '../../vision/image/sharp.ts';
import {
  bmpFile,
  exifBlock,
  gradientPicture,
  tiffFile,
  withJpegExif,
} from '../../vision/image/testing/files.ts';
import { moduleBeside } from '../../vision/runtime/child.ts';
import type { Config } from '../platform/config.ts';
import { testConfig } from '../testing/context.ts';
import { acceptedTypes } from './accepted-types.ts';
import { openProbes, type Probes } from './probes.ts';
import { picture } from './testing/uploads.ts';

const folder = await mkdtemp(join(tmpdir(), 'okapi-'));
const open: Probes[] = [];
afterAll(async () => {
  await Promise.all(open.map((probes) => probes.close()));
  await rm(folder, { recursive: true });
});

function probesFor(uploads: Partial<Config['uploads']> = {}, module?: URL): Probes {
  const config = testConfig(folder);
  const probes = openProbes({ uploads: { ...config.uploads, ...uploads } }, module);
  open.push(probes);
  return probes;
}

let files = 0;
async function file(bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, `${++files}.txt`);
  await writeFile(path, bytes);
  return path;
}

const shared = probesFor();
const puppet = moduleBeside(import.meta.url, './testing/probe-puppet');
const pixels = gradientPicture(40, 30);
const jpeg = Buffer.from(await encodePicture(pixels, 'jpeg'));
const webp = await sharp(jpeg).webp().toBuffer();
const bmp = bmpFile({ bits: 24, width: 40, height: 30, pixel: (x) => x });

describe('a probe', () => {
  it('tells hash, extension, size in pixels and bytes', async () => {
    const bytes = await picture(1);
    expect(await shared.probe(await file(bytes))).toEqual({
      hash: blake2b16(bytes),
      extension: 'png',
      width: 40,
      height: 30,
      sizeBytes: bytes.length,
    });
    expect(await shared.probe(await file(jpeg))).toMatchObject({ extension: 'jpg' });
  });

  it('tells the size of the picture as seen', async () => {
    const turned = withJpegExif(jpeg, exifBlock(6));
    expect(await shared.probe(await file(turned))).toMatchObject({ width: 30, height: 40 });
  });

  it.each([
    ['webp', webp],
    ['bmp', bmp],
    ['tiff', tiffFile(pixels)],
  ])('accepts %s files only when the settings say so', async (type, bytes) => {
    const path = await file(bytes);
    const refused = await shared.probe(path);
    expect(refused).toMatchObject({ code: 'image.unsupported_type' });
    expect((refused as { detail: string }).detail).toMatch(
      /^expected JPEG or PNG, got a (WebP|BMP|TIFF) file$/,
    );
    const all = probesFor({ allowed_extensions: ['.png', '.WEBP', '.bmp', '.tif'] });
    expect(await all.probe(path)).toMatchObject({ extension: type });
    expect(await all.probe(await file(jpeg))).toEqual({
      code: 'image.unsupported_type',
      detail: 'expected PNG, WebP, BMP or TIFF, got a JPEG file',
    });
  });

  it('keeps to the limits of the settings', async () => {
    const small = probesFor({ max_megapixels: 0.001, max_file_size_mb: 0.001 });
    expect(await small.probe(await file(await picture(2)))).toMatchObject({ code: 'image.too_large' });
    const few = probesFor({ max_megapixels: 0.001 });
    expect(await few.probe(await file(await picture(2)))).toMatchObject({ code: 'image.too_many_pixels' });
  });

  it('gives up a picture that takes too long, and goes on', async () => {
    const probes = probesFor({ decode_timeout_seconds: 1.5 }, puppet);
    const answers = await Promise.all(
      ['hang!', await picture(3), 'hang!', await picture(4), await picture(5)].map(async (bytes) =>
        probes.probe(await file(bytes)),
      ),
    );
    expect(answers.map((answer) => ('code' in answer ? answer.code : answer.extension))).toEqual([
      'image.decode_timeout',
      'png',
      'image.decode_timeout',
      'png',
      'png',
    ]);
    expect(answers[0]).toMatchObject({
      detail: 'expected a picture that decodes within 1.5 s, this one did not',
    });
  });

  it('refuses a picture that makes its process crash or grow, and goes on', async () => {
    const probes = probesFor({ max_megapixels: 1 }, puppet);
    const codes = async (bytes: Uint8Array | string) => {
      const answer = await probes.probe(await file(bytes));
      return 'code' in answer ? answer.code : answer.extension;
    };
    expect(await Promise.all(['crash', await picture(6), 'grow!', await picture(7)].map(codes))).toEqual([
      'image.corrupt',
      'png',
      'image.corrupt',
      'png',
    ]);
  });

  it('says without a path that a file cannot be read', async () => {
    const error = await shared.probe(join(folder, 'no such file')).catch((reason: Error) => reason);
    expect(error).toMatchObject({
      code: 'disk.io_error',
      message: 'the uploaded file cannot be read (ENOENT)',
    });
  });

  it('can be aborted', async () => {
    await expect(shared.probe('x', { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
  });
});

describe('accepted types', () => {
  it('are those of the extensions, each once, whatever their case', () => {
    expect(acceptedTypes(['.jpg', '.JPEG', '.png'])).toEqual(['jpeg', 'png']);
    expect(acceptedTypes(['.gif', '.svg', '__proto__', 'constructor'])).toEqual([]);
  });
});
