import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobState } from '../contract/job-states.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import {
  type TestAudit,
  type TestClock,
  type TestContext,
  testActor,
  testContext,
} from '../testing/context.ts';
import type { IdleQueue } from '../testing/idle-queue.ts';
import { deleteImage } from './delete-image.ts';
import { getImage } from './get-image.ts';
import type { ImageRecord } from './image-record.ts';
import { imageUrl } from './image-url.ts';
import { listImages } from './list-images.ts';
import { markImage } from './mark-image.ts';
import { snapshot } from './snapshot.ts';
import { sweepImages } from './sweep-images.ts';
import { newProject, storedNow } from './testing/uploads.ts';

let test: TestContext;
let owner: Owner;
beforeEach(async () => {
  test = await testContext();
  owner = await newProject(test.context);
});
afterEach(() => test.close());

const idOf = (n: number) => createHash('md5').update(String(n)).digest('hex');

function record(n: number, more: Partial<ImageRecord> = {}): ImageRecord {
  const id = idOf(n);
  return {
    id,
    filename: `${id}.png`,
    display_name: `part ${n}.png`,
    original_name: `part ${n}.png`,
    uploaded_at: '2026-01-01T00:00:00.000Z',
    hash: id,
    size: 5,
    ...more,
  };
}

async function put(records: readonly ImageRecord[], of: Owner = owner): Promise<void> {
  const files = Object.fromEntries(records.map((one) => [one.filename, one]));
  await test.context.docs.put(docKeys.images(of), { files });
  for (const { filename } of records.slice(0, 10))
    await test.context.blobs.put(blobKeys.image(of, filename), Buffer.from('bytes'));
}

describe('images', () => {
  it('are listed by upload, then by name', async () => {
    await put([
      record(1, { display_name: 'b' }),
      record(2, { uploaded_at: '2026-01-02T00:00:00.000Z', display_name: 'a' }),
      record(3, { display_name: 'a' }),
    ]);
    const ids = (await listImages(test.context, owner)).map(({ id }) => id);
    expect(ids).toEqual([idOf(3), idOf(1), idOf(2)]);
  });

  it('of a scene are listed, and none for a scene that is not there', async () => {
    const scene: Owner = { kind: 'scene', id: 's-1' };
    await put([record(1)], scene);
    expect(await listImages(test.context, scene)).toHaveLength(1);
    expect(await listImages(test.context, { kind: 'scene', id: 's-2' })).toEqual([]);
    expect(imageUrl(scene, 'a b?.png')).toBe('/static/datasets/s-1/raw/a%20b%3F.png');
  });

  it('of 5,000 are listed in well under 100 ms', async () => {
    await put(Array.from({ length: 5000 }, (_, n) => record(n)));
    await listImages(test.context, owner);
    const started = performance.now();
    expect(await listImages(test.context, owner)).toHaveLength(5000);
    expect(performance.now() - started).toBeLessThan(100);
  });

  it('are found by their stored name only', async () => {
    await put([record(1)]);
    expect(await getImage(test.context, owner, record(1).filename)).toEqual(record(1));
    for (const name of ['part 1.png', '__proto__', 'constructor', '../meta.json', '', 'x'.repeat(10_000)])
      await expect(getImage(test.context, owner, name)).rejects.toMatchObject({ code: 'image.not_found' });
  });

  it('of an unknown project or another one are not found', async () => {
    await put([record(1)]);
    const { filename } = record(1);
    const other = await newProject(test.context, 'other');
    await expect(getImage(test.context, other, filename)).rejects.toMatchObject({ code: 'image.not_found' });
    for (const id of ['nobody', '..', '%2e%2e', 'x'.repeat(10_000), '__proto__']) {
      const unknown: Owner = { kind: 'project', id };
      const missing = { code: 'project.not_found' };
      await expect(listImages(test.context, unknown)).rejects.toMatchObject(missing);
      await expect(getImage(test.context, unknown, filename)).rejects.toMatchObject(missing);
      await expect(snapshot(test.context, unknown)).rejects.toMatchObject(missing);
      await expect(markImage(test.context, unknown, filename, 'ok', testActor)).rejects.toMatchObject(
        missing,
      );
      await expect(deleteImage(test.context, unknown, filename, testActor)).rejects.toMatchObject(missing);
    }
  });
});

describe('a mark', () => {
  it('is set, changed and taken away, and kept in the audit log', async () => {
    await put([record(1), record(2)]);
    const { filename } = record(1);
    expect(await markImage(test.context, owner, filename, 'ng', testActor)).toEqual(
      record(1, { mark: 'ng' }),
    );
    expect(await markImage(test.context, owner, filename, 'ok', testActor)).toMatchObject({ mark: 'ok' });
    expect(await getImage(test.context, owner, filename)).toEqual(record(1, { mark: 'ok' }));
    expect(await markImage(test.context, owner, filename, null, testActor)).toEqual(record(1));
    expect(await listImages(test.context, owner)).toEqual([record(1), record(2)]);
    const entries = (test.context.audit as TestAudit).entries.filter(({ action }) => action === 'image.mark');
    expect(entries.map(({ details }) => details)).toEqual([{ mark: 'ng' }, { mark: 'ok' }, { mark: null }]);
  });

  it('is not lost when many are set at once', async () => {
    const records = Array.from({ length: 20 }, (_, n) => record(n));
    await put(records);
    await Promise.all(
      records.map(({ filename }) => markImage(test.context, owner, filename, 'ok', testActor)),
    );
    expect((await listImages(test.context, owner)).every(({ mark }) => mark === 'ok')).toBe(true);
  });
});

describe('a snapshot', () => {
  it('holds the images that are not marked bad, by id, and a hash that names them', async () => {
    const records = [1, 2, 3, 4].map((n) =>
      record(n, n === 2 ? { mark: 'ng' } : n === 3 ? { mark: 'ok' } : {}),
    );
    await put(records);
    const { images, sha256 } = await snapshot(test.context, owner);
    const ids = [1, 3, 4].map(idOf).sort();
    expect(images.map(({ id }) => id)).toEqual(ids);
    expect(sha256).toBe(
      createHash('sha256')
        .update(ids.map((id) => `${id}\n`).join(''))
        .digest('hex'),
    );
  });

  it('has another hash when an image comes, goes or is marked bad, and only then', async () => {
    await put([record(1), record(2)]);
    const { sha256 } = await snapshot(test.context, owner);
    await markImage(test.context, owner, record(1).filename, 'ok', testActor);
    expect((await snapshot(test.context, owner)).sha256).toBe(sha256);
    await markImage(test.context, owner, record(1).filename, 'ng', testActor);
    const fewer = (await snapshot(test.context, owner)).sha256;
    expect(fewer).not.toBe(sha256);
    await deleteImage(test.context, owner, record(1).filename, testActor);
    expect((await snapshot(test.context, owner)).sha256).toBe(fewer);
  });
});

describe('a deleted image', () => {
  const { filename } = record(1);
  const hasFile = async () => (await test.context.blobs.stat(blobKeys.image(owner, filename))) !== null;

  it('is gone at once with its label, its file with the next sweep', async () => {
    await put([record(1), record(2)]);
    await test.context.docs.put(docKeys.label(owner.id, filename), { boxes: [] });
    await deleteImage(test.context, owner, filename, testActor);
    expect(await listImages(test.context, owner)).toEqual([record(2)]);
    await expect(getImage(test.context, owner, filename)).rejects.toMatchObject({ code: 'image.not_found' });
    await expect(deleteImage(test.context, owner, filename, testActor)).rejects.toMatchObject({
      code: 'image.not_found',
    });
    expect(await test.context.docs.get(docKeys.label(owner.id, filename))).toBeNull();
    expect(await hasFile()).toBe(true);
    expect(await sweepImages(test.context)).toBe(1);
    expect(storedNow(test.context, owner)).toEqual([record(2).filename]);
    expect(await sweepImages(test.context)).toBe(0);
    expect((await test.context.docs.get(docKeys.images(owner)))!.value).toEqual({
      files: { [record(2).filename]: record(2) },
    });
  });

  it.each<[JobState, boolean]>([
    ['waiting_approval', true],
    ['queued', true],
    ['running', true],
    ['finalising', true],
    ['finished', false],
    ['failed', false],
    ['canceled', false],
  ])('keeps its file while a job of the project is %s: %s', async (state, kept) => {
    await put([record(1)]);
    const queue = test.context.queue as IdleQueue;
    const request = { kind: 'train', model_id: 'm', request: {}, created_by: 'x', needs_approval: false };
    await queue.set({ ...(await queue.add({ ...request, owner })), state });
    await deleteImage(test.context, owner, filename, testActor);
    await sweepImages(test.context);
    expect(await hasFile()).toBe(kept);
  });

  it('of another owner is swept while a job runs, and of a scene too', async () => {
    const scene: Owner = { kind: 'scene', id: owner.id };
    await put([record(1)], scene);
    const job = { kind: 'train', model_id: 'm', request: {}, created_by: 'x', needs_approval: false };
    await test.context.queue.add({ ...job, owner });
    await deleteImage(test.context, scene, filename, testActor);
    expect(await sweepImages(test.context)).toBe(1);
    expect(storedNow(test.context, scene)).toEqual([]);
  });

  it('is swept after a restart when the sweep was cut short', async () => {
    await put([record(1)]);
    await deleteImage(test.context, owner, filename, testActor);
    await test.context.blobs.delete(blobKeys.image(owner, filename));
    expect(await sweepImages(test.context)).toBe(1);
    expect((await test.context.docs.get(docKeys.images(owner)))!.value).toEqual({ files: {} });
  });

  it('is never one that a sweep finds without a record: such files are left alone', async () => {
    await put([record(1)]);
    await test.context.blobs.put(blobKeys.image(owner, 'IMG_1.png'), Buffer.from('somebody put it there'));
    await sweepImages(test.context);
    expect(storedNow(test.context, owner).sort()).toEqual([filename, 'IMG_1.png'].sort());
    expect(existsSync(test.folder)).toBe(true);
  });

  it('records when it was deleted', async () => {
    await put([record(1)]);
    (test.context.clock as TestClock).advance(1000);
    await deleteImage(test.context, owner, filename, testActor);
    expect((await test.context.docs.get(docKeys.images(owner)))!.value).toMatchObject({
      deleted: { [filename]: '2026-01-02T03:04:06.000Z' },
    });
  });
});
