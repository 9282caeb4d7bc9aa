// The check of a project's good pictures: in a child, once for each set, forgotten when nothing needs it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { samplePart } from '../../vision/dataset/sample-parts.ts';
import { encodePicture } from '../../vision/image/encode.ts';
import { deleteImage } from '../datasets/delete-image.ts';
import { markImage } from '../datasets/mark-image.ts';
import { openProbes, type Probes } from '../datasets/probes.ts';
import { newProject, upload } from '../datasets/testing/uploads.ts';
import { storeFake } from '../models/testing/fake-model.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { notingSandbox } from '../platform/testing/noting-sandbox.ts';
import { TestClock, type TestContext, testActor, testContext } from '../testing/context.ts';
import { getHygiene } from './get-hygiene.ts';
import { openPictureChecks, type PictureChecks } from './picture-checks.ts';
import { sweepHygiene } from './sweep-hygiene.ts';

let opened: TestContext;
let probes: Probes;
let real: PictureChecks;
let owner: Owner;
let names: string[];
let asked: number;
const clock = new TestClock();

beforeEach(async () => {
  opened = await testContext({ clock });
  probes = openProbes(opened.context.config);
  real = openPictureChecks(opened.context.config);
  owner = await newProject(opened.context);
  asked = 0;
  const part = (seed: number) => samplePart('boards', seed, undefined, 80).picture;
  const files = [
    { name: 'first.png', bytes: await encodePicture(part(1), 'png') },
    { name: 'second.png', bytes: await encodePicture(part(2), 'png') },
    { name: 'copy.jpg', bytes: await encodePicture(part(1), 'jpeg', { quality: 95 }) },
  ];
  const { items } = await upload(opened.context, probes, owner, files);
  names = items.map(({ filename }) => filename!);
});
afterEach(async () => {
  await Promise.all([probes.close(), real.close()]);
  await opened.close();
});

const checks: PictureChecks = {
  check(set) {
    asked++;
    return real.check(set);
  },
  async close() {},
};
const hygiene = () => getHygiene({ context: opened.context, checks }, owner);

describe('the hygiene of a project', () => {
  it('is made behind the sandbox command', async () => {
    const sandbox = notingSandbox(opened.folder);
    const training = { ...opened.context.config.training, sandbox_command: sandbox.command };
    const wrapped = openPictureChecks({ training });
    const { checked } = await getHygiene({ context: opened.context, checks: wrapped }, owner);
    await wrapped.close();
    expect(checked).toBe(3);
    expect(await sandbox.started()).toEqual(['picture-check-child']);
  });

  it('names pictures as people know them, with addresses, and is checked once for the same pictures', async () => {
    const [found, again] = await Promise.all([hygiene(), hygiene()]);
    expect(again).toEqual(found);
    expect(await hygiene()).toEqual(found);
    expect(asked).toBe(1);
    expect(found).toMatchObject({ checked: 3, left_out: 0, unread: [] });
    const [flag, ...others] = found.flags;
    expect(others).toEqual([]);
    expect(flag).toMatchObject({
      kind: 'near_duplicate',
      url: `/static/projects/${owner.id}/raw/${flag!.filename}`,
    });
    const pair = [flag!.display_name, /the same as (\S+?):/.exec(flag!.sentence)![1]];
    expect(pair.sort()).toEqual(['copy.jpg', 'first.png']);
    expect(found.notes[0]).toContain('too few');
    expect(JSON.stringify(found)).not.toContain(opened.folder);
  });

  it('is checked anew when the good pictures change: one is deleted, or marked as bad', async () => {
    const before = await hygiene();
    await markImage(opened.context, owner, names[2]!, 'ng', testActor);
    const after = await hygiene();
    expect(after.dataset_sha256).not.toBe(before.dataset_sha256);
    expect(after).toMatchObject({ checked: 2, flags: [] });
    await deleteImage(opened.context, owner, names[0]!, testActor);
    expect(await hygiene()).toMatchObject({ checked: 1 });
    expect(asked).toBe(3);
  });

  it('goes on without files that are gone, and has nothing to say of an empty project', async () => {
    await opened.context.blobs.delete(blobKeys.image(owner, names[0]!));
    expect(await hygiene()).toMatchObject({ checked: 2 });
    const empty = await newProject(opened.context, 'empty');
    expect(await getHygiene({ context: opened.context, checks }, empty)).toMatchObject({
      checked: 0,
      flags: [],
    });
    await expect(
      getHygiene({ context: opened.context, checks }, { kind: 'project', id: 'nobody' }),
    ).rejects.toMatchObject({ code: 'project.not_found' });
  });

  it('is swept after some days, but not while a model has learnt from the pictures', async () => {
    const { dataset_sha256 } = await hygiene();
    expect(await sweepHygiene(opened.context)).toBe(0);
    clock.advance(8 * 86_400_000);
    await storeFake(opened.context, opened.folder, 'm-1', { owner, dataset_sha256 });
    expect(await sweepHygiene(opened.context)).toBe(0);
    await opened.context.docs.delete(docKeys.model('m-1'));
    expect(await sweepHygiene(opened.context)).toBe(1);
  });
});
