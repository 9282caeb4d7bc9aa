// Dataset versions of a project: put in place of each other, pinned, swept, made of labels, and handed out again.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDetectionArchive } from '../../vision/dataset/detection/read-archive.ts';
import { readDetectionFolder } from '../../vision/dataset/detection/read-folder.ts';
import { blocksFile, plainDataset } from '../../vision/dataset/detection/testing/dataset-files.ts';
import { ServerError } from '../contract/errors.ts';
import { openProbes } from '../datasets/probes.ts';
import { upload } from '../datasets/testing/uploads.ts';
import { putClasses } from '../labels/label-classes.ts';
import { putLabel } from '../labels/put-label.ts';
import type { BlobStore } from '../platform/blobs/blob-store.ts';
import type { DocStore } from '../platform/docs/doc-store.ts';
import { docKeys } from '../platform/layout.ts';
import { deleteProject } from '../projects/delete-project.ts';
import {
  type TestAudit,
  type TestClock,
  type TestContext,
  testActor,
  testConfig,
  testContext,
} from '../testing/context.ts';
import type { IdleQueue } from '../testing/idle-queue.ts';
import { buildDataset } from './build-dataset.ts';
import type { DatasetBuilds } from './dataset-builds.ts';
import { openDatasetBuilds } from './dataset-builds.ts';
import { readDatasets } from './dataset-documents.ts';
import { datasetFromLabels } from './dataset-from-labels.ts';
import type { DatasetVersion } from './dataset-record.ts';
import { deleteDataset } from './delete-dataset.ts';
import { openDatasetZip } from './open-dataset-zip.ts';
import { openDataset, pinDataset, pinField } from './pin-dataset.ts';
import { SWEEP_GRACE_MS, sweepDatasets } from './sweep-datasets.ts';
import { staged, yoloProject, zipOf } from './testing/datasets.ts';
import { uploadDataset } from './upload-dataset.ts';

/** In this process: what the child adds is tested where it is started. */
const builds: DatasetBuilds = { build: buildDataset, close: async () => {} };

let test: TestContext;
let project: string;
beforeEach(async () => {
  test = await testContext();
  project = await yoloProject(test.context);
});
afterEach(async () => {
  expect(workNow()).toEqual([]);
  await test.close();
});

const workNow = () => {
  const folder = join(test.context.config.tmp_dir, 'jobs');
  return existsSync(folder) ? readdirSync(folder) : [];
};
const versionsNow = () => {
  const folder = join(test.context.config.projects_dir, project, 'yolo');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
};

async function send(
  files: Awaited<ReturnType<typeof plainDataset>>,
  context = test.context,
): Promise<DatasetVersion> {
  const file = await staged(test.context, zipOf(files));
  try {
    return await uploadDataset({ context, builds }, project, file, { allowPartial: false }, testActor);
  } finally {
    if ('release' in file) await file.release?.();
  }
}

/** The plain dataset, and another one. */
const first = await plainDataset();
const second = { ...first, 'train/labels/a0.txt': '1 0.5 0.5 0.2 0.2\n' };

/** Every file of a version, by its name and hash. */
async function bytesOf(version: string): Promise<string> {
  const hash = createHash('sha256');
  for (const key of await test.context.blobs.list(`projects/${project}/yolo/${version}`))
    hash.update(`${key}\n`).update(await readFile(await test.context.blobs.localPath(key)));
  return hash.digest('hex');
}

describe('an uploaded dataset', () => {
  it('becomes a version in the usual layout, whose paths are no names of users', async () => {
    const { version, ...record } = await send({
      ...first,
      'train/images/<b>..%2fx.png': await blocksFile(50),
    });
    expect(version).toMatch(/^v-[0-9a-f]{32}$/);
    expect(record).toMatchObject({ classes: ['cat', 'dog'], source: { kind: 'zip', name: 'parts.zip' } });
    const keys = await test.context.blobs.list(`projects/${project}/yolo/${version}`);
    for (const key of keys)
      expect(key).toMatch(
        /\/(data\.yaml|manifest\.json|(train|val)\/(images|labels)\/[0-9a-f]{32}\.(png|txt))$/,
      );
    const folder = join(test.context.config.projects_dir, project, 'yolo', version);
    const { dataset } = await readDetectionFolder(join(folder, 'data.yaml'));
    expect([dataset.train.length, dataset.val.length, dataset.classes]).toEqual([5, 2, ['cat', 'dog']]);
    expect(dataset.val[0]!.boxes).toEqual([{ classId: 0, box: [0.25, 0.25, 0.75, 0.75] }]);
  });

  it('writes one line in the audit log', async () => {
    const { version } = await send(first);
    const { entries } = test.context.audit as TestAudit;
    expect(entries.at(-1)).toEqual({
      actor: testActor,
      action: 'dataset.replace',
      subject: `projects/${project}/yolo`,
      details: { version, source: 'zip', train_images: 4, val_images: 2 },
    });
  });

  it('has the same hash for the same content, and keeps a picture that is twice in it twice', async () => {
    const [a, b] = [await send(first), await send(first)];
    expect(a.sha256).toBe(b.sha256);
    expect((await send(second)).sha256).not.toBe(a.sha256);
    const twice = {
      ...first,
      'train/images/copy.png': first['train/images/a0.png']!,
      'train/labels/copy.txt': '',
    };
    const { version } = await send(twice);
    const { train } = await openDataset(test.context, project, version);
    expect(train.map(({ boxes }) => boxes.length)).toEqual([1, 1, 1, 1, 0]);
    expect(new Set(train.map(({ file }) => file)).size).toBe(5);
  });

  it('C31 of two at once leaves one that is whole and current', async () => {
    const versions = (await Promise.all([send(first), send(second)])).map(({ version }) => version);
    const { current, building } = await readDatasets(test.context, project);
    expect(versions).toContain(current);
    expect(building).toEqual({});
    expect((await pinDataset(test.context, project)).dataset.train).toHaveLength(4);
    expect(versionsNow()).toEqual([...versions].sort());
  });
});

describe('a dataset that is on the way', () => {
  it('C31 becomes current though the one before is deleted meanwhile', async () => {
    const { version: old } = await send(first);
    const deleting: DatasetBuilds = {
      async build(request) {
        const built = await buildDataset(request);
        await deleteDataset(test.context, project, testActor);
        expect((await readDatasets(test.context, project)).current).toBeNull();
        return built;
      },
      close: async () => {},
    };
    const file = await staged(test.context, zipOf(second));
    const parts = { context: test.context, builds: deleting };
    const { version } = await uploadDataset(parts, project, file, { allowPartial: false }, testActor);
    const { current, retired } = await readDatasets(test.context, project);
    expect([current, Object.keys(retired)]).toEqual([version, [old]]);
  });
});

describe('a dataset that is refused', () => {
  it.each<[string, () => Promise<Uint8Array>, string]>([
    ['no ZIP', async () => Buffer.from('x'), 'zip.not_a_zip'],
    ['one that is cut', async () => zipOf(first).subarray(0, 2000), 'zip.truncated'],
    ['bad labels', async () => zipOf({ ...first, 'val/labels/a4.txt': 'x' }), 'dataset.labels'],
    ['another layout', async () => zipOf({ 'a.txt': 'x' }), 'dataset.layout'],
    ['a bad picture', async () => zipOf({ ...first, 'val/images/a4.png': 'x' }), 'dataset.pictures'],
  ])('%s leaves the old one as it was and nothing of itself', async (_, bytes, code) => {
    const { version } = await send(first);
    const before = await bytesOf(version);
    const file = await staged(test.context, await bytes());
    const sent = uploadDataset(
      { context: test.context, builds },
      project,
      file,
      { allowPartial: false },
      testActor,
    );
    await expect(sent).rejects.toMatchObject({ code });
    expect(versionsNow()).toEqual([version]);
    expect(await bytesOf(version)).toBe(before);
    expect(await readDatasets(test.context, project)).toMatchObject({ current: version, building: {} });
    expect((await pinDataset(test.context, project)).dataset.train).toHaveLength(4);
  });

  it('by a file that was cut on the way, or by the mode of the project', async () => {
    const refused = { displayName: 'a.zip', refused: { code: 'zip.too_large', detail: 'too large' } };
    const parts = { context: test.context, builds };
    await expect(
      uploadDataset(parts, project, refused, { allowPartial: false }, testActor),
    ).rejects.toMatchObject({
      code: 'zip.too_large',
    });
    const file = await staged(test.context, zipOf(first));
    await test.context.docs.put(docKeys.project('plain'), {
      project_id: 'plain',
      name: 'plain',
      created_at: '2026-01-01T00:00:00Z',
    });
    await expect(
      uploadDataset(parts, 'plain', file, { allowPartial: false }, testActor),
    ).rejects.toMatchObject({
      code: 'project.wrong_mode',
    });
  });

  it('C32 because the disk is full is taken back whole', async () => {
    const { version } = await send(first);
    const { blobs, docs } = test.context;
    const full = () => Promise.reject(new ServerError('disk.full', 'the disk is full'));
    const halfBlobs: BlobStore = Object.create(blobs, {
      adopt: {
        value: async (files: ReadonlyMap<string, string>) => {
          await blobs.adopt(new Map([...files].slice(0, 5)));
          return full();
        },
      },
      deleteAll: { value: (prefix: string) => blobs.deleteAll(prefix) },
    });
    let puts = 0;
    const secondPutFails: DocStore = Object.create(docs, {
      put: {
        value: (key: string, value: unknown, options: object) =>
          ++puts === 2 ? full() : docs.put(key, value, options),
      },
      get: { value: (key: string) => docs.get(key) },
    });
    for (const broken of [{ blobs: halfBlobs }, { docs: secondPutFails }]) {
      await expect(send(second, { ...test.context, ...broken })).rejects.toMatchObject({ code: 'disk.full' });
      expect(versionsNow()).toEqual([version]);
      expect(await readDatasets(test.context, project)).toMatchObject({
        current: version,
        building: {},
        retired: {},
      });
    }
  });

  it('because the project was deleted meanwhile brings nothing back', async () => {
    const { blobs } = test.context;
    const late: BlobStore = Object.create(blobs, {
      adopt: {
        value: async (files: ReadonlyMap<string, string>) => {
          await deleteProject(test.context, project, { confirm: 'finder' }, testActor);
          await blobs.adopt(files);
        },
      },
      deleteAll: { value: (prefix: string) => blobs.deleteAll(prefix) },
    });
    await expect(send(first, { ...test.context, blobs: late })).rejects.toMatchObject({
      code: 'project.not_found',
    });
    expect(existsSync(join(test.context.config.projects_dir, project))).toBe(false);
    expect(await test.context.docs.get(docKeys.yolo(project))).toBeNull();
  });
});

describe('a version that is replaced', () => {
  const later = (ms: number) => (test.context.clock as TestClock).advance(ms);

  it('stays as long as an unfinished job names it, or it is new, and goes then', async () => {
    const { version: old } = await send(first);
    const pinned = await pinDataset(test.context, project);
    const queue = test.context.queue as IdleQueue;
    const job = await queue.add({
      kind: 'train',
      owner: { kind: 'project', id: project },
      model_id: 'm',
      request: { [pinField]: pinned.version.version },
      created_by: 'tester',
      needs_approval: false,
    });
    const before = await bytesOf(old);
    const { version: next } = await send(second);
    later(SWEEP_GRACE_MS);
    expect(await sweepDatasets(test.context)).toBe(0);
    expect(await bytesOf(old)).toBe(before);
    expect(await openDataset(test.context, project, old)).toEqual(pinned.dataset);
    await queue.set({ ...job, state: 'finished', finished_at: 'now' });
    expect(await sweepDatasets(test.context)).toBe(1);
    expect(versionsNow()).toEqual([next]);
    await expect(openDataset(test.context, project, old)).rejects.toMatchObject({ code: 'dataset.changed' });
    expect(Object.keys((await readDatasets(test.context, project)).versions)).toEqual([next]);
  });

  it('stays for a while without a job, for one may be about to name it', async () => {
    const { version: old } = await send(first);
    const { version: next } = await send(second);
    later(SWEEP_GRACE_MS - 1);
    expect(await sweepDatasets(test.context)).toBe(0);
    expect(versionsNow()).toEqual([old, next].sort());
    later(1);
    expect(await sweepDatasets(test.context)).toBe(1);
  });

  it('stays while it is downloaded', async () => {
    await send(first);
    const { stream, sizeBytes } = await openDatasetZip(test.context, project);
    await send(second);
    later(SWEEP_GRACE_MS);
    expect(await sweepDatasets(test.context)).toBe(0);
    expect((await buffer(stream)).length).toBe(sizeBytes);
    await new Promise((done) => setImmediate(done));
    expect(await sweepDatasets(test.context)).toBe(1);
  });

  it('C30 whose building was cut short is swept, and one that is being built is not', async () => {
    const { blobs } = test.context;
    let sweptMeanwhile = -1;
    const watched: BlobStore = Object.create(blobs, {
      adopt: {
        value: async (files: ReadonlyMap<string, string>) => {
          await blobs.adopt(files);
          sweptMeanwhile = await sweepDatasets(test.context);
        },
      },
    });
    const { version } = await send(first, { ...test.context, blobs: watched });
    expect([sweptMeanwhile, versionsNow()]).toEqual([0, [version]]);
    // As a server that was killed leaves it.
    const doc = await readDatasets(test.context, project);
    await test.context.docs.put(docKeys.yolo(project), {
      ...doc,
      building: { 'v-dead': '2026-01-01T00:00:00Z' },
    });
    await blobs.put(`projects/${project}/yolo/v-dead/train/images/x.png`, Buffer.from('x'));
    expect(await sweepDatasets(test.context)).toBe(1);
    expect(versionsNow()).toEqual([version]);
  });
});

describe('a dataset that is deleted', () => {
  it('is gone for everybody at once, and from the disk with the sweep', async () => {
    await send(first);
    await deleteDataset(test.context, project, testActor);
    await expect(pinDataset(test.context, project)).rejects.toMatchObject({ code: 'yolo.no_dataset' });
    await expect(deleteDataset(test.context, project, testActor)).rejects.toMatchObject({
      code: 'yolo.no_dataset',
    });
    (test.context.clock as TestClock).advance(SWEEP_GRACE_MS);
    expect(await sweepDatasets(test.context)).toBe(1);
    expect(versionsNow()).toEqual([]);
    expect((test.context.audit as TestAudit).entries.at(-1)).toMatchObject({ action: 'dataset.delete' });
  });

  it('goes with its project', async () => {
    await send(first);
    await deleteProject(test.context, project, { confirm: 'finder' }, testActor);
    expect(existsSync(join(test.context.config.projects_dir, project))).toBe(false);
    expect(await test.context.docs.get(docKeys.yolo(project))).toBeNull();
    expect(await sweepDatasets(test.context)).toBe(0);
  });
});

describe('a dataset that is handed out', () => {
  it('is a ZIP that can be uploaded again, with the names that it came with', async () => {
    const files = {
      ...first,
      'train/images/deep/a0.png': await blocksFile(60),
      'train/labels/deep/a0.txt': '',
    };
    await send(files);
    const { stream, sizeBytes, filename } = await openDatasetZip(test.context, project);
    const bytes = await buffer(stream);
    expect([bytes.length, filename]).toEqual([sizeBytes, `${project}-dataset.zip`]);
    const path = join(test.folder, 'again.zip');
    await writeFile(path, bytes);
    const read = await readDetectionArchive(path, join(test.folder, 'again'), { allowPartial: false });
    expect(read.pictures.map(({ name }) => name)).toEqual([
      ...['a0-2', 'a0', 'a1', 'a2', 'a3'].map((stem) => `train/images/${stem}.png`),
      ...['a4', 'a5'].map((stem) => `val/images/${stem}.png`),
    ]);
    const boxes = new Map(read.pictures.map(({ name, boxes }) => [name, boxes]));
    expect(boxes.get('train/images/a1.png')).toEqual([{ classId: 1, box: [0.25, 0.25, 0.75, 0.75] }]);
  });

  it('is refused when its manifest or a file of it is not what was stored', async () => {
    const { version } = await send(first);
    const folder = join(test.context.config.projects_dir, project, 'yolo', version);
    const manifest = await readFile(join(folder, 'manifest.json'));
    await writeFile(join(folder, 'manifest.json'), manifest.toString().replace('cat', 'dog'));
    await expect(pinDataset(test.context, project)).rejects.toMatchObject({ code: 'doc.corrupt' });
    await writeFile(join(folder, 'manifest.json'), manifest);
    await rm(join(folder, 'train/images'), { recursive: true });
    await expect(pinDataset(test.context, project)).rejects.toMatchObject({ code: 'dataset.changed' });
  });
});

describe('a dataset of labels', () => {
  const probes = openProbes(testConfig('/'));
  afterAll(() => probes.close());
  const box = { label: 'Dent', x: 0.25, y: 0.25, width: 0.5, height: 0.5 };

  async function label(count: number): Promise<string[]> {
    const files = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(async (i) => ({ name: `${i}`, bytes: await blocksFile(i) })),
    );
    const owner = { kind: 'project', id: project } as const;
    const { items } = await upload(test.context, probes, owner, files);
    const names = items.map(({ filename }) => filename!);
    await putClasses(test.context, project, ['scratch', 'dent'], testActor);
    for (const [i, image] of names.slice(0, count).entries()) {
      const body = { image_width: 48, image_height: 40, boxes: i === 0 ? [] : [box] };
      await putLabel(test.context, project, image, body, {}, testActor);
    }
    return names;
  }

  it('has the images that were labelled, the classes of the project, and a seeded val', async () => {
    const names = await label(5);
    const version = await datasetFromLabels({ context: test.context, builds }, project, testActor);
    expect(version).toMatchObject({ source: { kind: 'labels' }, classes: ['scratch', 'dent'] });
    const { dataset } = await pinDataset(test.context, project);
    expect([dataset.train.length, dataset.val.length]).toEqual([4, 1]);
    const all = [...dataset.train, ...dataset.val];
    expect(all.filter(({ boxes }) => boxes.length === 0)).toHaveLength(1);
    expect(all.flatMap(({ boxes }) => boxes)).toEqual(
      Array(4).fill({ classId: 1, box: [0.25, 0.25, 0.75, 0.75] }),
    );
    expect(version.health.unusedClasses).toEqual(['scratch']);
    // The images of the project are still there.
    for (const name of names)
      expect(existsSync(join(test.context.config.projects_dir, project, 'raw', name))).toBe(true);
    const again = await datasetFromLabels({ context: test.context, builds }, project, testActor);
    expect(again.sha256).toBe(version.sha256);
  });

  it('needs two labelled images', async () => {
    await label(1);
    await expect(
      datasetFromLabels({ context: test.context, builds }, project, testActor),
    ).rejects.toMatchObject({
      code: 'dataset.too_few_images',
      message: /at least 2 labelled images, there are 1 among 6/,
    });
  });
});

describe('the child that checks datasets', () => {
  it('answers what the archive holds, passes on what is wrong with it, and ends at its limits', async () => {
    const folder = join(test.folder, 'built');
    const path = join(test.folder, 'a.zip');
    const limits = { maxBytes: 1e7, maxPixels: 1e7, minSide: 16, maxSide: 10_000 };
    const request = (name: string) => ({
      from: { kind: 'zip', path } as const,
      allowPartial: false,
      limits,
      folder: `${folder}${name}`,
    });
    for (const name of ['1', '2', '3', '4']) await mkdir(`${folder}${name}`);
    const child = openDatasetBuilds();
    try {
      await writeFile(path, zipOf(first));
      const built = await child.build(request('1'));
      expect(built).toMatchObject({ classes: ['cat', 'dog'], health: { train: { images: 4 } } });
      expect(built.files).toHaveLength(14);
      await writeFile(path, zipOf({ ...first, 'train/labels/a0.txt': '9 1 1 1 1' }));
      await expect(child.build(request('2'))).rejects.toMatchObject({
        code: 'dataset.labels',
        message: /train\/labels\/a0.txt:1: expected a class below 2, got 9/,
      });
    } finally {
      await child.close();
    }
    for (const [caps, text] of [
      [{ memoryBytes: 2 ** 20, timeoutMs: 60_000 }, /more memory/],
      [{ memoryBytes: 2 ** 32, timeoutMs: 1 }, /too long/],
    ] as const) {
      const small = openDatasetBuilds(caps);
      await expect(small.build(request('3'))).rejects.toMatchObject({
        code: 'dataset.too_large',
        message: text,
      });
      await small.close();
    }
  }, 30_000);
});
