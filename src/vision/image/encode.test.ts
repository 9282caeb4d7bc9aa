// Files that we write: what they hold and what they must not hold.
import { expect, it } from 'vitest';
import { decodePicture, probePicture } from './decode.ts';
import { encodePicture } from './encode.ts';
import { sharp } from './sharp.ts';
import { gradientPicture } from './testing/files.ts';

const picture = gradientPicture(64, 48);

it.each(['png', 'jpeg', 'webp'] as const)('%s is of its type and size, without metadata', async (type) => {
  const bytes = await encodePicture(picture, type);
  expect(probePicture(bytes)).toEqual({ type, width: 64, height: 48 });
  const { exif, icc, xmp, iptc } = await sharp(bytes).metadata();
  expect([exif, icc, xmp, iptc]).toEqual([undefined, undefined, undefined, undefined]);
});

it('PNG gives every level back', async () => {
  expect(await decodePicture(await encodePicture(picture, 'png'))).toEqual(picture);
});

it.each(['jpeg', 'webp'] as const)('%s is smaller at a lower quality', async (type) => {
  const fine = await encodePicture(picture, type, { quality: 95 });
  const coarse = await encodePicture(picture, type, { quality: 30 });
  expect(coarse.length).toBeLessThan(0.7 * fine.length);
});

it('writes a picture beyond the limit of what is read, since we made it', async () => {
  const wide = { width: 70, height: 2, data: new Uint8Array(420) };
  expect((await encodePicture(wide, 'png')).length).toBeGreaterThan(0);
});
