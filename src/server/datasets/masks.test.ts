// Masks of defects: of the size of their picture, replaced and removed whole, and swept when nobody names them.
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodePicture } from '../../vision/image/encode.ts';
import { gradientPicture } from '../../vision/image/testing/files.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { deleteProject } from '../projects/delete-project.ts';
import { type TestAudit, type TestContext, testActor, testContext } from '../testing/context.ts';
import { deleteImage } from './delete-image.ts';
import { getImage } from './get-image.ts';
import { changeIndex } from './image-index.ts';
import { deleteMask, openMask, putMask } from './masks.ts';
import { openProbes, type Probes } from './probes.ts';
import { sweepMasks } from './sweep-masks.ts';
import { newProject, picture, staged, upload } from './testing/uploads.ts';

let opened: TestContext;
let context: Context;
let probes: Probes;
let owner: Owner;
let stored: string;
beforeEach(async () => {
  opened = await testContext();
  context = opened.context;
  probes = openProbes(context.config);
  owner = await newProject(context);
  const { items } = await upload(context, probes, owner, [
    { name: 'a.png', bytes: await picture(1, 40, 30) },
  ]);
  stored = items[0]!.filename!;
});
afterEach(async () => {
  await probes.close();
  await opened.close();
});

async function put(bytes: Uint8Array, name = stored, services = { context, probes }) {
  for await (const file of staged(context, [{ name: 'mask.png', bytes }])) {
    try {
      return await putMask(services, owner, name, file, testActor);
    } finally {
      if ('release' in file) await file.release?.();
    }
  }
  throw new Error('nothing was sent');
}
const read = async () => buffer((await openMask(context, owner, stored)).stream);
const masks = () => context.blobs.list(blobKeys.masks(owner));

describe('a mask', () => {
  it('is kept byte for byte, replaced and taken away again', async () => {
    const [one, two] = [await picture(2, 40, 30), await picture(3, 40, 30)];
    expect((await put(one)).mask).toMatchObject({ size: one.length });
    expect(await read()).toEqual(one);
    await put(one);
    await put(two);
    expect(await read()).toEqual(two);
    await deleteMask(context, owner, stored, testActor);
    expect(await getImage(context, owner, stored)).not.toHaveProperty('mask');
    await expect(read()).rejects.toMatchObject({ code: 'mask.not_found' });
    await expect(deleteMask(context, owner, stored, testActor)).rejects.toMatchObject({
      code: 'mask.not_found',
    });
    const actions = (context.audit as TestAudit).entries.map(({ action }) => action);
    expect(actions.slice(-4)).toEqual(['mask.put', 'mask.put', 'mask.put', 'mask.delete']);
  });

  it('of another size than its picture is refused with both sizes', async () => {
    await expect(put(await picture(2, 30, 40))).rejects.toMatchObject({
      code: 'mask.wrong_size',
      message: 'expected a mask of 40x30 as its picture is, got 30x40',
    });
    expect(await masks()).toEqual([]);
  });

  it('is held against the picture itself where the record does not say its size', async () => {
    await changeIndex(context, owner, (index) => {
      const { width: _, height: __, ...record } = index.files[stored]!;
      return { ...index, files: { [stored]: record } };
    });
    await expect(put(await picture(2, 30, 40))).rejects.toMatchObject({ code: 'mask.wrong_size' });
    expect((await put(await picture(2, 40, 30))).mask).toBeDefined();
  });

  it('must be a PNG, also where no PNG pictures are taken', async () => {
    const jpeg = await encodePicture(gradientPicture(40, 30), 'jpeg');
    await expect(put(jpeg)).rejects.toMatchObject({ code: 'image.unsupported_type' });
    await expect(put(Buffer.from('no picture'))).rejects.toMatchObject({ code: 'image.unsupported_type' });
    await expect(put(Buffer.alloc(0))).rejects.toMatchObject({ code: 'image.empty' });
    await expect(put((await picture(2, 40, 30)).subarray(0, 60))).rejects.toMatchObject({
      code: expect.stringMatching(/^image\.(truncated|corrupt)$/),
    });
    const uploads = { ...context.config.uploads, allowed_extensions: ['.jpg'] };
    const strict = openProbes({ uploads });
    try {
      expect((await put(await picture(2, 40, 30), stored, { context, probes: strict })).mask).toBeDefined();
    } finally {
      await strict.close();
    }
  });

  it.each(['nothing.png', '__proto__', ''])(
    'of the image %j, which there is not, is refused',
    async (name) => {
      await expect(put(await picture(2, 40, 30), name)).rejects.toMatchObject({ code: 'image.not_found' });
    },
  );
});

describe('the sweep', () => {
  it('removes masks that no image names, and leaves those that one does', async () => {
    await put(await picture(2, 40, 30));
    await put(await picture(3, 40, 30));
    expect(await masks()).toHaveLength(2);
    expect(await sweepMasks(context)).toBe(1);
    expect((await read()).length).toBeGreaterThan(50);
    await deleteImage(context, owner, stored, testActor);
    expect(await sweepMasks(context)).toBe(1);
    expect(await masks()).toEqual([]);
  });

  it('waits for jobs, which may need them', async () => {
    await put(await picture(2, 40, 30));
    await deleteMask(context, owner, stored, testActor);
    const job = {
      kind: 'evaluate',
      owner,
      model_id: 'm',
      request: {},
      created_by: 'x',
      needs_approval: false,
    };
    await context.queue.add(job);
    expect(await sweepMasks(context)).toBe(0);
  });

  it('has nothing to do for a deleted project: its masks went with it', async () => {
    await put(await picture(2, 40, 30));
    await deleteProject(context, owner.id, { confirm: 'parts' }, testActor);
    expect(await masks()).toEqual([]);
  });
});
