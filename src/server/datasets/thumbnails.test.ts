import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePicture } from '../../vision/image/decode.ts';
import { blobKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { type TestContext, testActor, testContext } from '../testing/context.ts';
import { deleteImage } from './delete-image.ts';
import { openProbes, type Probes } from './probes.ts';
import { readThumbnail } from './read-thumbnail.ts';
import { sweepImages } from './sweep-images.ts';
import { newProject, picture, stagedNow, upload } from './testing/uploads.ts';
import { openThumbnails, type Thumbnails } from './thumbnails.ts';

let test: TestContext;
let probes: Probes;
let thumbnails: Thumbnails;
let owner: Owner;
beforeAll(async () => {
  test = await testContext();
  probes = openProbes(test.context.config);
  thumbnails = openThumbnails(test.context.config);
  owner = await newProject(test.context);
});
afterAll(async () => {
  await thumbnails.close();
  await probes.close();
  await test.close();
});

async function stored(seed: number, width = 640, height = 480): Promise<string> {
  const sent = [{ name: 'a.png', bytes: await picture(seed, width, height) }];
  const { items } = await upload(test.context, probes, owner, sent);
  return items[0]!.filename!;
}

/** Counts what is drawn; `meanwhile` happens before a preview is stored. */
function counting(meanwhile: () => Promise<unknown> = async () => {}) {
  let drawn = 0;
  const counted: Thumbnails = {
    async draw(path, to) {
      drawn++;
      await thumbnails.draw(path, to);
      await meanwhile();
    },
    async close() {},
  };
  return { counted, drawn: () => drawn };
}

const statOf = (name: string) => test.context.blobs.stat(blobKeys.thumbnail(owner, name));

describe('the thumbnail of a picture', () => {
  it('is a WebP of 320 pixels at most, drawn once however many ask for it', async () => {
    const name = await stored(1);
    const { counted, drawn } = counting();
    const ask = async () => {
      const { bytes } = await readThumbnail({ context: test.context, thumbnails: counted }, owner, name);
      return Buffer.from(bytes);
    };
    const [first, second] = await Promise.all([ask(), ask()]);
    expect(await ask()).toEqual(first);
    expect(second).toEqual(first);
    expect(drawn()).toBe(1);
    expect(first.toString('latin1', 8, 12)).toBe('WEBP');
    const { width, height } = await decodePicture(first);
    expect([width, height]).toEqual([320, 240]);
    const original = await readFile(await test.context.blobs.localPath(blobKeys.image(owner, name)));
    expect(first.length).toBeLessThan(original.length);
    expect(stagedNow(test.context)).toEqual([]);
  });

  it('goes with its picture', async () => {
    const name = await stored(2);
    await readThumbnail({ context: test.context, thumbnails }, owner, name);
    expect(await statOf(name)).not.toBeNull();
    await deleteImage(test.context, owner, name, testActor);
    await expect(readThumbnail({ context: test.context, thumbnails }, owner, name)).rejects.toMatchObject({
      code: 'image.not_found',
    });
    await sweepImages(test.context);
    expect(await statOf(name)).toBeNull();
  });

  it('of a picture that is deleted and swept while it is drawn is not stored', async () => {
    const name = await stored(3);
    const { counted } = counting(async () => {
      await deleteImage(test.context, owner, name, testActor);
      await sweepImages(test.context);
    });
    await expect(
      readThumbnail({ context: test.context, thumbnails: counted }, owner, name),
    ).rejects.toMatchObject({ code: 'image.not_found' });
    expect(await statOf(name)).toBeNull();
  });

  it('says what is wrong with a file that is damaged, or gone, and tries again the next time', async () => {
    const name = await stored(4);
    const key = blobKeys.image(owner, name);
    const whole = await readFile(await test.context.blobs.localPath(key));
    const ask = () => readThumbnail({ context: test.context, thumbnails }, owner, name);
    await test.context.blobs.delete(key);
    await expect(ask()).rejects.toMatchObject({ code: 'blob.not_found' });
    await test.context.blobs.put(key, whole.subarray(0, 200));
    await expect(ask()).rejects.toMatchObject({ code: 'image.truncated' });
    await test.context.blobs.delete(key);
    await test.context.blobs.put(key, whole);
    await ask();
    expect(stagedNow(test.context)).toEqual([]);
  });
});
