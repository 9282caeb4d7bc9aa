import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerError } from '../contract/errors.ts';
import type { BlobStore } from '../platform/blobs/blob-store.ts';
import type { DocStore } from '../platform/docs/doc-store.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { deleteProject } from '../projects/delete-project.ts';
import { type TestAudit, type TestContext, testActor, testConfig, testContext } from '../testing/context.ts';
import { addImages } from './add-images.ts';
import { deleteImage } from './delete-image.ts';
import type { StagedFile } from './image-record.ts';
import { listImages } from './list-images.ts';
import { openProbes } from './probes.ts';
import {
  newProject,
  picture,
  type SentFile,
  staged,
  stagedNow,
  storedNow,
  upload,
} from './testing/uploads.ts';

const probes = openProbes(testConfig('/'));
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

const named = async (name: string, seed: number): Promise<SentFile> => ({ name, bytes: await picture(seed) });
const send = (...files: SentFile[]) => upload(test.context, probes, owner, files);
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('an upload', () => {
  it('stores each picture under its content and answers one verdict for each file, in order', async () => {
    const [a, b] = [await named('a.png', 1), await named('b.jpg', 2)];
    const answer = await send(a, { name: 'notes.txt', bytes: Buffer.from('text') }, b);
    expect(answer.saved).toBe(2);
    const stored = answer.items[0]!.filename!;
    expect(answer.items).toEqual([
      {
        name: 'a.png',
        status: 'stored',
        id: stored.slice(0, 32),
        filename: expect.stringMatching(/^[0-9a-f]{32}\.png$/),
        url: `/static/projects/${owner.id}/raw/${stored}`,
      },
      {
        name: 'notes.txt',
        status: 'rejected',
        code: 'image.unsupported_type',
        detail: 'expected JPEG or PNG, got a file of another type',
      },
      expect.objectContaining({ name: 'b.jpg', status: 'stored', filename: expect.stringMatching(/\.png$/) }),
    ]);
    const local = await test.context.blobs.localPath(blobKeys.image(owner, stored));
    expect((await readFile(local)).equals(a.bytes)).toBe(true);
  });

  it('keeps what is known of each image', async () => {
    const a = await named('A part.png', 1);
    const { items } = await send(a);
    expect(await listImages(test.context, owner)).toEqual([
      {
        id: items[0]!.id,
        filename: items[0]!.filename,
        display_name: 'A part.png',
        original_name: 'A part.png',
        uploaded_at: '2026-01-02T03:04:05.000Z',
        hash: items[0]!.id,
        size: a.bytes.length,
        width: 40,
        height: 30,
      },
    ]);
  });

  it('writes one line in the audit log, and none when nothing is new', async () => {
    const a = await named('a.png', 1);
    const { items } = await send(a);
    await send(a);
    const entries = (test.context.audit as TestAudit).entries.filter(
      ({ action }) => action === 'image.upload',
    );
    expect(entries).toEqual([
      {
        actor: testActor,
        action: 'image.upload',
        subject: `projects/${owner.id}/raw`,
        details: { stored: [items[0]!.filename] },
      },
    ]);
  });

  it('passes on what was refused on the way', async () => {
    const refused = { code: 'image.too_large', detail: 'expected at most 32.0 MiB' };
    const files: StagedFile[] = [{ displayName: '../big.png', refused }];
    const answer = await addImages({ context: test.context, probes }, owner, toStream(files), testActor);
    expect(answer).toEqual({ saved: 0, items: [{ name: 'big.png', status: 'rejected', ...refused }] });
  });

  it('starts to decode while later files still come', async () => {
    const { context } = test;
    const asked: string[] = [];
    const watched = {
      ...probes,
      probe: (path: string) => {
        asked.push(path);
        return probes.probe(path);
      },
    };
    const seen: number[] = [];
    async function* slow() {
      for await (const file of staged(context, [
        await named('a', 1),
        await named('b', 2),
        await named('c', 3),
      ])) {
        seen.push(asked.length);
        yield file;
      }
    }
    await addImages({ context, probes: watched }, owner, slow(), testActor);
    expect(seen).toEqual([0, 1, 2]);
  });

  it('makes a scene with its first image, and none with a refused one', async () => {
    const scene: Owner = { kind: 'scene', id: 'line-3' };
    const folder = `${test.context.config.datasets_dir}/line-3`;
    await upload(test.context, probes, scene, [{ name: 'a', bytes: Buffer.from('no') }]);
    expect(existsSync(folder)).toBe(false);
    const { items } = await upload(test.context, probes, scene, [await named('a', 1)]);
    expect(items[0]!.url).toBe(`/static/datasets/line-3/raw/${items[0]!.filename}`);
    expect(await listImages(test.context, scene)).toHaveLength(1);
    const odd: Owner = { kind: 'scene', id: '../x' };
    await expect(upload(test.context, probes, odd, [])).rejects.toMatchObject({ code: 'scene.not_found' });
  });
});

describe('the same bytes', () => {
  it('again are a duplicate with the id, within an upload and later, under any name', async () => {
    const { bytes } = await named('a.png', 1);
    const first = await send({ name: 'a.png', bytes }, { name: 'b.png', bytes });
    expect(first.items.map(({ status }) => status)).toEqual(['stored', 'duplicate']);
    const later = await send({ name: 'c.png', bytes });
    expect(later).toMatchObject({ saved: 0, items: [{ status: 'duplicate', id: first.items[0]!.id }] });
    expect(await listImages(test.context, owner)).toMatchObject([{ display_name: 'a.png' }]);
  });

  it('are known under the name that the original gave them', async () => {
    const { bytes } = await named('a.png', 1);
    const { items } = await send({ name: 'a.png', bytes });
    const { value } = (await test.context.docs.get<{ files: Record<string, object> }>(
      docKeys.images(owner),
    ))!;
    const [record] = Object.values(value.files);
    const stored = 'IMG_0001.png';
    await test.context.docs.put(docKeys.images(owner), {
      files: { [stored]: { ...record, filename: stored } },
    });
    expect((await send({ name: 'again.png', bytes })).items).toMatchObject([
      { status: 'duplicate', id: items[0]!.id, filename: stored },
    ]);
  });

  it('are stored again after the image was deleted', async () => {
    const a = await named('a.png', 1);
    const { items } = await send(a);
    await deleteImage(test.context, owner, items[0]!.filename!, testActor);
    expect(await send(a)).toMatchObject({ saved: 1 });
    const doc = await test.context.docs.get(docKeys.images(owner));
    expect(doc!.value).not.toHaveProperty('deleted');
  });
});

describe('uploads at once', () => {
  it('lose no picture and store none twice', async () => {
    const sets = Array.from({ length: 12 }, (_, n) =>
      [n % 5, (n * 3) % 7, n].map((seed) => named(`${seed}`, seed)),
    );
    const answers = await Promise.all(sets.map(async (set) => send(...(await Promise.all(set)))));
    const images = await listImages(test.context, owner);
    expect(images).toHaveLength(12);
    expect(answers.reduce((sum, { saved }) => sum + saved, 0)).toBe(12);
    expect(storedNow(test.context, owner).sort()).toEqual(images.map(({ filename }) => filename).sort());
  });

  it('and deletions end as some order of them would', async () => {
    const { items } = await send(await named('a', 1), await named('b', 2));
    const outcome = await Promise.all([
      send(await named('c', 3), await named('a', 1)),
      deleteImage(test.context, owner, items[0]!.filename!, testActor),
      deleteImage(test.context, owner, items[1]!.filename!, testActor),
      send(await named('d', 4)),
    ]);
    const names = (await listImages(test.context, owner)).map(({ display_name }) => display_name);
    const again = outcome[0].items[1]!.status === 'stored';
    expect(names).toEqual(again ? ['a', 'c', 'd'] : ['c', 'd']);
  });

  it('of another process make it decide anew', async () => {
    const { docs } = test.context;
    const { items } = await send(await named('a', 1));
    let others = 2;
    const racing: DocStore = Object.create(docs, {
      put: {
        value: async (key: string, value: unknown, options: object) => {
          if (key === docKeys.images(owner) && others-- > 0) {
            const other = (await docs.get<{ files: object }>(key))!.value;
            await docs.put(key, {
              ...other,
              files: { ...other.files, [`${others}.png`]: { hash: `${others}` } },
            });
          }
          return docs.put(key, value, options);
        },
      },
      get: { value: (key: string) => docs.get(key) },
    });
    const context = { ...test.context, docs: racing };
    const answer = await upload(context, probes, owner, [await named('a', 1), await named('b', 2)]);
    expect(answer.items.map(({ status }) => status)).toEqual(['duplicate', 'stored']);
    const { value } = (await docs.get<{ files: object }>(docKeys.images(owner)))!;
    expect(Object.keys(value.files).sort()).toEqual(
      ['0.png', '1.png', items[0]!.filename, answer.items[1]!.filename].sort(),
    );
  });
});

describe('an upload that fails', () => {
  it('of an unknown project is refused before a byte is read and leaves no folder', async () => {
    const unknown: Owner = { kind: 'project', id: 'no-such-project' };
    let asked = false;
    async function* files(): AsyncGenerator<StagedFile> {
      asked = true;
      yield* toStream<StagedFile>([]);
    }
    const answer = addImages({ context: test.context, probes }, unknown, files(), testActor);
    await expect(answer).rejects.toMatchObject({ code: 'project.not_found' });
    expect(asked).toBe(false);
    expect(existsSync(`${test.context.config.projects_dir}/no-such-project`)).toBe(false);
  });

  it('because the client is gone adds nothing and leaves nothing', async () => {
    const files = [await named('a', 1), await named('b', 2)];
    async function* broken() {
      yield* staged(test.context, files);
      throw new ServerError('request.malformed', 'the body ends early');
    }
    const answer = addImages({ context: test.context, probes }, owner, broken(), testActor);
    await expect(answer).rejects.toMatchObject({ code: 'request.malformed' });
    expect(await listImages(test.context, owner)).toEqual([]);
    expect(storedNow(test.context, owner)).toEqual([]);
  });

  it('because the disk is full adds nothing and removes what it had stored', async () => {
    const { blobs, docs } = test.context;
    const full = () => Promise.reject(new ServerError('disk.full', 'the disk is full'));
    const halfBlobs: BlobStore = Object.create(blobs, {
      adopt: {
        value: async (files: ReadonlyMap<string, string>) => {
          await blobs.adopt(new Map([...files].slice(0, 1)));
          return full();
        },
      },
      delete: { value: (key: string) => blobs.delete(key) },
    });
    const noDocs: DocStore = Object.create(docs, {
      put: { value: full },
      get: { value: (key: string) => docs.get(key) },
    });
    const kept = await send(await named('kept', 9));
    for (const broken of [{ blobs: halfBlobs }, { docs: noDocs }]) {
      const context = { ...test.context, ...broken };
      const answer = upload(context, probes, owner, [await named('a', 1), await named('b', 2)]);
      await expect(answer).rejects.toEqual(code('disk.full'));
      expect(await listImages(test.context, owner)).toHaveLength(1);
      expect(storedNow(test.context, owner)).toEqual([kept.items[0]!.filename]);
    }
  });

  it('because the project was deleted meanwhile brings nothing back', async () => {
    const { docs, config } = test.context;
    await send(await named('before', 9));
    const late: DocStore = Object.create(docs, {
      put: {
        value: async (key: string, value: unknown, options: object) => {
          const revision = await docs.put(key, value, options);
          if (key === docKeys.images(owner))
            await deleteProject(test.context, owner.id, { confirm: 'parts' }, testActor);
          return revision;
        },
      },
      get: { value: (key: string) => docs.get(key) },
      delete: { value: (key: string) => docs.delete(key) },
    });
    const answer = upload({ ...test.context, docs: late }, probes, owner, [await named('a', 1)]);
    await expect(answer).rejects.toEqual(code('project.not_found'));
    expect(existsSync(`${config.projects_dir}/${owner.id}`)).toBe(false);
  });

  it('because the server stops says so and leaves nothing', async () => {
    const closed = openProbes(test.context.config);
    await closed.close();
    const answer = upload(test.context, closed, owner, [await named('a', 1)]);
    await expect(answer).rejects.toEqual(code('server.stopping'));
  });
});

async function* toStream<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
