import { mkdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadDetector } from '../../vision/index.ts';
import { openRuntimeOn } from '../../vision/runtime/runtime.ts';
import { deleteImage } from '../datasets/delete-image.ts';
import { listImages } from '../datasets/list-images.ts';
import { sweepImages } from '../datasets/sweep-images.ts';
import { picture } from '../datasets/testing/uploads.ts';
import { listLabels } from '../labels/list-labels.ts';
import { deleteModel } from '../models/delete-model.ts';
import { getModel } from '../models/get-model.ts';
import { listModels } from '../models/list-models.ts';
import { openModelFile } from '../models/open-model-file.ts';
import type { DocStore } from '../platform/docs/doc-store.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { listProjects } from '../projects/list-projects.ts';
import { type TestContext, testActor, testContext } from '../testing/context.ts';
import { importOriginal } from './import-original.ts';
import { filesBelow, write, writeImages, writeModel, writeProject } from './testing/original-folder.ts';

let test: TestContext;
let data: string;
beforeEach(async () => {
  test = await testContext();
  data = test.context.config.data_dir;
});
afterEach(() => test.close());

const id = 'widget-line-20250501-090000';
const owner: Owner = { kind: 'project', id };
const codesOf = async () => {
  const { findings } = await importOriginal(test.context);
  return findings.map(({ code, path }) => `${code} ${path}`).sort();
};

/** What lies in the folder of the original, without what we keep for ourselves. */
const originals = async () =>
  new Map([...(await filesBelow(data))].filter(([path]) => !path.startsWith('.okapi')));

describe('a data folder of the original', () => {
  it('is taken over whole, and none of its files changes', async () => {
    await writeProject(data, id);
    const stored = await writeImages(data, `projects/${id}`, [1, 2, 3]);
    await writeImages(data, 'datasets/pump-01', [4]);
    await write(data, `projects/${id}/labels/classes.json`, { classes: ['scratch'] });
    const box = { label: 'scratch', x: 0.1, y: 0.1, width: 0.2, height: 0.2 };
    await write(data, `projects/${id}/labels/${stored[0]}.json`, {
      filename: stored[0],
      image_width: 40,
      image_height: 30,
      boxes: [box],
    });
    await writeModel(data, `projects/${id}/models/${id}-20250502-100000`);
    await writeModel(data, `projects/${id}/imports/import-abc`);
    await writeModel(data, 'models/pump-01-20250503-100000');
    await write(data, 'preview/m/x_heatmap.png', 'preview');
    const before = await originals();

    const summary = await importOriginal(test.context);
    expect(summary).toEqual({ models: 3, findings: [] });
    expect(await originals()).toEqual(before);

    expect(await listProjects(test.context)).toMatchObject([{ project_id: id, name: 'Widget line' }]);
    expect((await listImages(test.context, owner)).map(({ display_name }) => display_name)).toEqual([
      'part 1.png',
      'part 2.png',
      'part 3.png',
    ]);
    expect(await listImages(test.context, { kind: 'scene', id: 'pump-01' })).toHaveLength(1);
    expect(await listLabels(test.context, id)).toMatchObject({
      classes: ['scratch'],
      items: [{ boxes: [box] }],
    });
    const models = await listModels(test.context, {});
    expect(models.map(({ model_id, mode }) => [model_id, mode]).sort()).toEqual([
      ['import-abc', 'project'],
      ['pump-01-20250503-100000', 'scene'],
      [`${id}-20250502-100000`, 'project'],
    ]);
  });

  it('gives models that can be loaded, downloaded and deleted', async () => {
    await writeProject(data, id);
    const modelId = `${id}-20250502-100000`;
    await writeModel(
      data,
      `projects/${id}/models/${modelId}`,
      'img_size: 64\nepochs_run: 12\nlr: 0.0001\ncreated_at: "2025-05-02T10:00:00.5"\nnote: first\nbase_model_id: import-x\ntraining_mode: finetune\n',
    );
    await importOriginal(test.context);
    const record = await getModel(test.context, modelId);
    expect(record).toMatchObject({
      owner,
      imported: false,
      detector: 'autoencoder',
      created_at: '2025-05-02T10:00:00.500Z',
      img_size: 64,
      epochs_run: 12,
      lr: 0.0001,
      note: 'first',
      base_model_id: 'import-x',
      training_mode: 'finetune',
      thresholds: [{ value: 0.2, pixel_value: null, by: 'system' }],
    });
    expect(Object.keys(record.files).sort()).toEqual(['config.yaml', 'model.pt', 'threshold.json']);
    const opened = await openModelFile(test.context, modelId, 'model.pt');
    opened.stream.destroy();
    const runtime = await openRuntimeOn('cpu');
    const detector = await loadDetector(join(data, blobKeys.model(owner, modelId)), runtime);
    expect(detector.model).toMatchObject({ imported: true, imageSize: 64 });
    await detector.close();
    await runtime.close();
    await deleteModel(test.context, modelId, testActor);
    expect(await importOriginal(test.context)).toMatchObject({ models: 0 });
    expect(await listModels(test.context, {})).toEqual([]);
  });

  it('gives base models to train from, with and without a threshold', async () => {
    await writeProject(data, id);
    await writeModel(data, `projects/${id}/imports/import-1`);
    await write(data, `projects/${id}/imports/import-2/model.safetensors`, 'weights');
    await write(data, `projects/${id}/imports/import-3/notes.txt`, 'x');
    expect(await codesOf()).toEqual([`model.incomplete projects/${id}/imports/import-3`]);
    expect(await getModel(test.context, 'import-1')).toMatchObject({
      imported: true,
      thresholds: [{ value: 0.2 }],
    });
    expect(await getModel(test.context, 'import-2')).toMatchObject({ imported: true, thresholds: [] });
  });

  it('of a scene names the scene in the settings of a model, or in its id', async () => {
    await writeModel(data, 'models/pump-01-20250503-100000');
    await writeModel(data, 'models/other', 'img_size: 64\nscene_id: pump-02\n');
    await importOriginal(test.context);
    const scenes = (await listModels(test.context, {})).map(({ model_id, scene_id }) => [model_id, scene_id]);
    expect(scenes.sort()).toEqual([
      ['other', 'pump-02'],
      ['pump-01-20250503-100000', 'pump-01'],
    ]);
  });

  it('is not touched again by the next start', async () => {
    await writeProject(data, id);
    await writeImages(data, `projects/${id}`, [1, 2]);
    await write(data, `projects/${id}/raw/IMG_0001.jpg`, 'picture');
    await writeModel(data, 'models/pump-01-20250503-100000');
    const first = await importOriginal(test.context);
    const writes: string[] = [];
    const docs: DocStore = new Proxy(test.context.docs, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (['put', 'delete', 'append'].includes(String(name))) writes.push(`${String(name)} ${args[0]}`);
          return value.apply(target, args);
        };
      },
    });
    const again = await importOriginal({ ...test.context, docs });
    expect(writes).toEqual([]);
    expect(again).toEqual({ models: 0, findings: first.findings });
  });

  it('that is empty is nothing to speak of', async () => {
    expect(await codesOf()).toEqual([]);
  });
});

describe('pictures without a record', () => {
  it('are added under their names, with or without an index', async () => {
    await writeProject(data, id);
    await writeProject(data, 'no-index');
    const [stored] = await writeImages(data, `projects/${id}`, [1]);
    const bytes = await picture(2);
    for (const project of [id, 'no-index']) await write(data, `projects/${project}/raw/IMG_1.png`, bytes);
    const hexName = `${'ab'.repeat(16)}.jpg`;
    await write(data, `projects/no-index/raw/${hexName}`, 'picture');
    expect(await codesOf()).toEqual([
      'image.name projects/no-index/raw/IMG_1.png',
      `image.name projects/${id}/raw/IMG_1.png`,
      'image.unlisted projects/no-index/raw/IMG_1.png',
      `image.unlisted projects/no-index/raw/${hexName}`,
      `image.unlisted projects/${id}/raw/IMG_1.png`,
    ]);
    const images = await listImages(test.context, owner);
    expect(images.map(({ filename }) => filename).sort()).toEqual([stored, 'IMG_1.png'].sort());
    const added = images.find(({ filename }) => filename === 'IMG_1.png')!;
    expect(added).toMatchObject({ display_name: 'IMG_1.png', size: bytes.length });
    expect(added.id).toMatch(/^[0-9a-f]{32}$/);
    expect(added.hash).toBe(added.id);
    const others = await listImages(test.context, { kind: 'project', id: 'no-index' });
    expect(others.map(({ filename, id }) => [filename, id]).sort()).toEqual([
      ['IMG_1.png', added.id],
      [hexName, 'ab'.repeat(16)],
    ]);
  });

  it('that come later are added at the next start', async () => {
    await writeProject(data, id);
    await writeImages(data, `projects/${id}`, [1]);
    await importOriginal(test.context);
    await write(data, `projects/${id}/raw/later.png`, 'x');
    await importOriginal(test.context);
    expect(await listImages(test.context, owner)).toHaveLength(2);
  });

  it('do not come back after they were deleted', async () => {
    await writeProject(data, id);
    const [stored] = await writeImages(data, `projects/${id}`, [1, 2]);
    await importOriginal(test.context);
    await deleteImage(test.context, owner, stored!, testActor);
    await write(data, `projects/${id}/raw/another.png`, 'x');
    await importOriginal(test.context);
    const names = (await listImages(test.context, owner)).map(({ filename }) => filename);
    expect(names).not.toContain(stored);
    expect(names).toHaveLength(2);
    expect(await sweepImages(test.context)).toBe(1);
  });
});

describe('records without a picture', () => {
  it('are put aside, and come back when the picture does', async () => {
    await writeProject(data, id);
    const [stored] = await writeImages(data, `projects/${id}`, [1, 2]);
    const file = join(data, `projects/${id}/raw/${stored}`);
    await rename(file, `${data}/elsewhere.png`);
    expect(await codesOf()).toEqual([
      'file.unknown elsewhere.png',
      `image.missing projects/${id}/raw/${stored}`,
    ]);
    expect(await listImages(test.context, owner)).toHaveLength(1);
    await rename(`${data}/elsewhere.png`, file);
    expect(await codesOf()).toEqual([]);
    expect(await listImages(test.context, owner)).toMatchObject([
      { display_name: 'part 1.png', uploaded_at: '2025-05-01T10:00:00.123456' },
      { display_name: 'part 2.png' },
    ]);
  });

  it('that lack something are completed from the file', async () => {
    await writeProject(data, id);
    const stored = `${'cd'.repeat(16)}.png`;
    await write(data, `projects/${id}/raw/${stored}`, '12345');
    const record = { display_name: 'mine.png', from: 'elsewhere' };
    await write(data, `projects/${id}/raw/_index.json`, { files: { [stored]: record }, version: 3 });
    expect(await codesOf()).toEqual([`image.record projects/${id}/raw/${stored}`]);
    expect(await listImages(test.context, owner)).toEqual([
      {
        ...record,
        id: 'cd'.repeat(16),
        hash: 'cd'.repeat(16),
        filename: stored,
        original_name: stored,
        uploaded_at: expect.stringMatching(/^\d{4}-.*Z$/),
        size: 5,
      },
    ]);
    expect((await test.context.docs.get(docKeys.images(owner)))!.value).toMatchObject({ version: 3 });
  });
});

describe('records that cannot be read', () => {
  const setAside = async () => {
    const { docs } = await test.context.docs.list('.okapi/set-aside');
    const kept = await Promise.all(docs.map((name) => test.context.docs.get(`.okapi/set-aside/${name}`)));
    return kept.map((doc) => doc!.value as { of: string; text: string }).map(({ of, text }) => [of, text]);
  };

  it.each(['{"files": {"a', '[]', '"text"', '{"files": []}', 'null'])(
    'of images (%s) are made anew',
    async (text) => {
      await writeProject(data, id);
      const [stored] = await writeImages(data, `projects/${id}`, [1]);
      await write(data, `projects/${id}/raw/_index.json`, text);
      expect(await codesOf()).toEqual([
        `image.unlisted projects/${id}/raw/${stored}`,
        `record.damaged projects/${id}/raw/_index.json`,
      ]);
      expect(await listImages(test.context, owner)).toMatchObject([
        { filename: stored, display_name: stored },
      ]);
      expect(await setAside()).toEqual([[`projects/${id}/raw/_index.json`, text]]);
    },
  );

  it.each(['{"name": "Wid', '[]', 'null', '7'])('of a project (%s) are made anew', async (text) => {
    await writeImages(data, `projects/${id}`, [1]);
    await write(data, `projects/${id}/meta.json`, text);
    expect(await codesOf()).toEqual([`record.damaged projects/${id}/meta.json`]);
    expect(await listProjects(test.context)).toMatchObject([{ project_id: id, name: id }]);
    expect(await listImages(test.context, owner)).toHaveLength(1);
    expect(await setAside()).toEqual([[`projects/${id}/meta.json`, text]]);
  });

  it('of labels are put aside, so that the others can be read', async () => {
    await writeProject(data, id);
    const stored = await writeImages(data, `projects/${id}`, [1, 2]);
    await write(data, `projects/${id}/labels/${stored[0]}.json`, '{"boxes": [');
    await write(data, `projects/${id}/labels/${stored[1]}.json`, { boxes: [] });
    await write(data, `projects/${id}/labels/gone.png.json`, { boxes: [] });
    expect(await codesOf()).toEqual([
      `label.orphan projects/${id}/labels/gone.png.json`,
      `record.damaged projects/${id}/labels/${stored[0]}.json`,
    ]);
    expect(await listLabels(test.context, id)).toMatchObject({ items: expect.anything() });
    expect(await setAside()).toEqual([[`projects/${id}/labels/${stored[0]}.json`, '{"boxes": [']]);
  });

  it('of this report itself are made anew', async () => {
    await writeModel(data, 'models/pump-01-20250503-100000');
    await importOriginal(test.context);
    await write(data, '.okapi/import-report.json', '{"pl');
    expect(await importOriginal(test.context)).toEqual({ models: 0, findings: [] });
  });
});

describe('odd things', () => {
  it('are reported and left as they are', async () => {
    await writeProject(data, id);
    await writeImages(data, `projects/${id}`, [1]);
    await write(data, 'notes.txt', 'x');
    await write(data, 'backup/x.png', 'x');
    await write(data, 'projects/readme.md', 'x');
    await write(data, 'projects/Große Teile/meta.json', { name: 'x' });
    await write(data, 'projects/zombie/raw/a.png', 'x');
    await write(data, `projects/${id}/old/a.png`, 'x');
    await write(data, `projects/${id}/yolo/data.yaml`, 'x');
    // What the server itself keeps there is not odd.
    for (const folder of ['masks', 'thumbnails', 'evaluations'])
      await write(data, `projects/${id}/${folder}/a.png`, 'x');
    await write(data, `projects/${id}/regions.json`, {});
    await write(data, `projects/${id}/raw/Thumbs.db`, 'x');
    await write(data, `projects/${id}/raw/my part.png`, 'x');
    await write(data, `projects/${id}/raw/sub/a.png`, 'x');
    await symlink('/etc/hostname', join(data, `projects/${id}/raw/link.png`));
    await mkdir(join(data, 'models/Model One'), { recursive: true });
    await write(data, 'models/empty/config.yaml', 'img_size: 64');
    await writeModel(data, 'models/torn-threshold');
    await write(data, 'models/torn-threshold/threshold.json', '{"threshold_sc');
    await writeModel(data, 'models/nan-threshold');
    await write(data, 'models/nan-threshold/threshold.json', '{"threshold_score": NaN}');
    await writeModel(data, 'models/odd-size', 'img_size: 7');
    const before = await originals();
    expect(await codesOf()).toEqual(
      [
        'file.unknown notes.txt',
        'file.unknown projects/readme.md',
        `file.unknown projects/${id}/raw/Thumbs.db`,
        `file.unknown projects/${id}/raw/link.png`,
        'folder.unknown backup',
        `folder.unknown projects/${id}/old`,
        `folder.unknown projects/${id}/raw/sub`,
        'model.incomplete models/empty',
        'model.unreadable models/nan-threshold',
        'model.unreadable models/odd-size',
        'model.unreadable models/torn-threshold',
        'name.unusable models/Model One',
        'name.unusable projects/Große Teile',
        `name.unusable projects/${id}/raw/my part.png`,
        'project.no_record projects/zombie',
      ].sort(),
    );
    expect(await originals()).toEqual(before);
    expect(await listModels(test.context, {})).toEqual([]);
    expect(await listProjects(test.context)).toHaveLength(1);
  });

  it('are listed up to fifty of a kind, and counted beyond', async () => {
    await writeProject(data, id);
    for (let i = 0; i < 70; i++) await write(data, `projects/${id}/raw/f${i}.png`, `${i}`);
    const count = async () => {
      await importOriginal(test.context);
      const doc = await test.context.docs.get<{
        places: Record<string, { findings: { code: string }[]; more: object }>;
      }>(docKeys.importReport);
      const { findings, more } = doc!.value.places[`projects/${id}`]!;
      return [findings.filter(({ code }) => code === 'image.unlisted').length, more];
    };
    expect(await count()).toEqual([50, { 'image.unlisted': 20, 'image.name': 20 }]);
    await write(data, `projects/${id}/raw/one-more.png`, 'x');
    expect(await count()).toEqual([50, { 'image.unlisted': 21, 'image.name': 21 }]);
  });

  it('are not models that a job of ours has not finished', async () => {
    await writeModel(data, 'models/ours', 'detector: autoencoder\nimg_size: 64\n');
    await writeModel(data, 'models/ours-too');
    await write(data, 'models/ours-too/model.onnx', 'x');
    expect(await importOriginal(test.context)).toEqual({ models: 0, findings: [] });
    expect(await listModels(test.context, {})).toEqual([]);
  });

  it('are two models of one id in two places', async () => {
    await writeProject(data, 'p-1');
    await writeProject(data, 'p-2');
    await writeModel(data, 'projects/p-1/models/same');
    await writeModel(data, 'projects/p-2/models/same');
    expect(await codesOf()).toEqual(['model.same_id projects/p-2/models/same']);
    expect((await getModel(test.context, 'same')).owner.id).toBe('p-1');
  });

  it('are not deleted projects that a sweep will remove', async () => {
    await writeProject(data, id, { deleted_at: '2026-01-01T00:00:00Z' });
    await write(data, `projects/${id}/raw/a.png`, 'x');
    expect(await codesOf()).toEqual([]);
    expect(await test.context.docs.get(docKeys.images(owner))).toBeNull();
  });
});
