// Models as they are stored, listed, changed and deleted, on real file stores.
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlobKey } from '../platform/blobs/blob-store.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { JobRecord } from '../platform/queue/job.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { type TestAudit, type TestContext, testActor, testContext } from '../testing/context.ts';
import { deleteModel } from './delete-model.ts';
import { getModel } from './get-model.ts';
import { listModels } from './list-models.ts';
import { thresholdOf } from './model-info.ts';
import { patchThreshold } from './patch-threshold.ts';
import { storeModel } from './store-model.ts';
import { fakeModel, storeFake } from './testing/fake-model.ts';

let test: TestContext;
const project = { kind: 'project', id: 'p-1' } as const;

beforeEach(async () => {
  test = await testContext();
  const record: ProjectRecord = {
    project_id: 'p-1',
    name: 'P',
    description: null,
    created_at: '2026-01-01T00:00:00.000Z',
    training_mode: 'anomaly',
    last_model_id: null,
  };
  await test.context.docs.put(docKeys.project('p-1'), record);
});
afterEach(() => test.close());

const store = (id: string, changes = {}) => storeFake(test.context, test.folder, id, changes);
const lastModel = async () =>
  (await test.context.docs.get<ProjectRecord>(docKeys.project('p-1')))!.value.last_model_id;
const stored = () => test.context.blobs.list('projects');
const day = (n: number) => ({ created_at: `2026-01-0${n}T00:00:00.000Z` });

describe('storing a model', () => {
  it('keeps its files, its record and the mention of it, and running it twice changes nothing', async () => {
    const model = await fakeModel(test.folder, 'm-1');
    await storeModel(test.context, model);
    const before = { files: await stored(), record: await test.context.docs.get(docKeys.model('m-1')) };
    expect(before.files).toHaveLength(8);
    expect(before.record!.value).toEqual(model.record);
    await storeModel(test.context, model);
    expect({ files: await stored(), record: await test.context.docs.get(docKeys.model('m-1')) }).toEqual(
      before,
    );
    expect(await lastModel()).toBe('m-1');
  });

  it('puts the manifest last, and the record after it', async () => {
    const order: string[] = [];
    const { blobs, docs } = test.context;
    const adopt = async (files: ReadonlyMap<BlobKey, string>) => {
      order.push(...[...files.keys()].map((key) => key.split('/').at(-1)!));
      await blobs.adopt(files);
    };
    const put: typeof docs.put = (key, ...rest) => {
      order.push(key);
      return docs.put(key, ...rest);
    };
    const spied = {
      ...test.context,
      blobs: Object.assign(Object.create(blobs), { adopt }),
      docs: Object.assign(Object.create(docs), { put }),
    };
    for (const name of ['get', 'list'] as const) spied.docs[name] = docs[name].bind(docs);
    for (const name of ['stat', 'open', 'delete'] as const)
      spied.blobs[name] = (blobs[name] as CallableFunction).bind(blobs);
    await storeModel(spied, await fakeModel(test.folder, 'm-1'));
    expect(order.slice(-3)).toEqual(['manifest.json', '.okapi/models/m-1', 'projects/p-1/meta']);
  });

  it('goes on where an attempt was cut short, though files have moved already', async () => {
    const { record, files } = await fakeModel(test.folder, 'm-1');
    const moved = ['model.onnx', 'config.yaml'];
    const key = (name: string) => `${blobKeys.model(project, 'm-1')}/${name}`;
    await test.context.blobs.adopt(new Map(moved.map((name) => [key(name), files.get(name)!])));
    await storeModel(test.context, { record, files });
    expect(await stored()).toHaveLength(8);
  });

  it('replaces files that an attempt without a record left with other bytes', async () => {
    const { record, files } = await fakeModel(test.folder, 'm-1');
    const key = `${blobKeys.model(project, 'm-1')}/model.onnx`;
    await test.context.blobs.put(key, Buffer.from('x'.repeat(record.files['model.onnx']!.bytes)));
    await storeModel(test.context, { record, files });
    expect(await readFile(await test.context.blobs.localPath(key), 'utf8')).toBe('graph of m-1');
  });

  it('leaves an older model the last one, and mentions no base model that was uploaded', async () => {
    await store('m-2', day(2));
    await store('m-1', day(1));
    await store('base', { ...day(3), imported: true });
    expect(await lastModel()).toBe('m-2');
    expect(await stored()).toContain('projects/p-1/imports/base/model.onnx');
  });

  it('keeps what others write into the record of the project meanwhile', async () => {
    const { docs } = test.context;
    let raced = false;
    const put: typeof docs.put = async (key, value, options) => {
      if (key === docKeys.project('p-1') && !raced) {
        raced = true;
        const { value: now } = (await docs.get<ProjectRecord>(key))!;
        await docs.put(key, { ...now, description: 'changed meanwhile' });
      }
      return docs.put(key, value, options);
    };
    const racing = { get: docs.get.bind(docs), list: docs.list.bind(docs), put };
    const model = await fakeModel(test.folder, 'm-1');
    await storeModel({ ...test.context, docs: racing as unknown as typeof docs }, model);
    expect((await docs.get(docKeys.project('p-1')))!.value).toMatchObject({
      description: 'changed meanwhile',
      last_model_id: 'm-1',
    });
  });
});

describe('listing models', () => {
  it('is newest first, by mode and by project', async () => {
    await store('m-1', day(1));
    await store('m-3', { ...day(3), owner: { kind: 'scene', id: 's' } });
    await store('m-2', { ...day(2), owner: { kind: 'project', id: 'p-2' } });
    const ids = async (filter = {}) =>
      (await listModels(test.context, filter)).map(({ model_id }) => model_id);
    expect(await ids()).toEqual(['m-3', 'm-2', 'm-1']);
    expect(await ids({ mode: 'scene' })).toEqual(['m-3']);
    expect(await ids({ mode: 'project' })).toEqual(['m-2', 'm-1']);
    expect(await ids({ project_id: 'p-1' })).toEqual(['m-1']);
    expect(await ids({ project_id: 'nobody' })).toEqual([]);
    expect((await listModels(test.context, { mode: 'scene' }))[0]).toEqual({
      model_id: 'm-3',
      mode: 'scene',
      scene_id: 's',
      project_id: null,
      created_at: '2026-01-03T00:00:00.000Z',
      img_size: 64,
      epochs_run: 2,
      lr: 0.001,
      threshold: 10.5,
      note: null,
      base_model_id: null,
      training_mode: 'anomaly',
      path: 'models/m-3',
      task: 'anomaly',
      detector: 'autoencoder',
      bytes: expect.any(Number),
    });
  });

  it.each(['', '..', '../m-1', 'M-1', 'a/b', '__proto__', "' or 1=1", '%2e%2e', 'x'.repeat(10_000)])(
    'finds no model under the id %j',
    async (id) => {
      await expect(getModel(test.context, id)).rejects.toMatchObject({ code: 'model.not_found' });
    },
  );
});

describe('a new threshold', () => {
  it('is a version with who, when and why; the files stay as they are', async () => {
    await store('m-1');
    const file = await test.context.blobs.localPath('projects/p-1/models/m-1/threshold.json');
    const before = await readFile(file, 'utf8');
    const record = await patchThreshold(
      test.context,
      'm-1',
      { value: 8.5, note: 'too many misses' },
      testActor,
    );
    expect(record.thresholds).toHaveLength(2);
    expect(thresholdOf(await getModel(test.context, 'm-1'))).toEqual({
      value: 8.5,
      pixel_value: 19.1,
      at: '2026-01-02T03:04:05.000Z',
      by: 'tester',
      reason: 'too many misses',
      target_false_alarm_rate: null,
      uncertain: { low: expect.any(Number), high: expect.any(Number) },
    });
    expect(await readFile(file, 'utf8')).toBe(before);
    expect((test.context.audit as TestAudit).entries).toMatchObject([{ action: 'model.threshold' }]);
  });

  it('holds a stated rate of false alarms by the scores of the calibration', async () => {
    await store('m-1');
    const record = await patchThreshold(test.context, 'm-1', { target_false_alarm_rate: 0.2 }, testActor);
    expect(thresholdOf(record)).toMatchObject({ value: 9, target_false_alarm_rate: 0.2 });
    expect(thresholdOf(record).reason).toContain('20 % false alarms are to be expected');
  });

  it.each([
    [{}, 'request.invalid', 'either value or'],
    [{ value: 1, target_false_alarm_rate: 0.1 }, 'request.invalid', 'and not both'],
    [{ value: Number.NaN }, 'request.invalid', 'finite'],
    [{ value: Number.POSITIVE_INFINITY }, 'request.invalid', 'finite'],
    [{ target_false_alarm_rate: 0 }, 'option.invalid', 'between 0 and 1'],
    [{ target_false_alarm_rate: 1 }, 'option.invalid', 'between 0 and 1'],
    [{ target_false_alarm_rate: Number.NaN }, 'option.invalid', 'between 0 and 1'],
  ])('is refused for %j', async (patch, code, text) => {
    await store('m-1');
    await expect(patchThreshold(test.context, 'm-1', patch, testActor)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(text),
    });
    expect((await getModel(test.context, 'm-1')).thresholds).toHaveLength(1);
  });

  it('needs a value where no scores are kept, and is refused for unknown models', async () => {
    await storeFake(test.context, test.folder, 'old', {}, { 'threshold.json': '{"threshold_score":1}' });
    const rate = { target_false_alarm_rate: 0.1 };
    await expect(patchThreshold(test.context, 'old', rate, testActor)).rejects.toThrow('state a value');
    await expect(patchThreshold(test.context, 'no', { value: 1 }, testActor)).rejects.toMatchObject({
      code: 'model.not_found',
    });
  });

  it('set by two at once is kept twice', async () => {
    await store('m-1');
    await Promise.all([1, 2, 3].map((value) => patchThreshold(test.context, 'm-1', { value }, testActor)));
    const { thresholds } = await getModel(test.context, 'm-1');
    expect(thresholds.map(({ value }) => value).sort()).toEqual([1, 10.5, 2, 3]);
  });
});

describe('deleting a model', () => {
  it('removes record, files and previews, and names the newest model left', async () => {
    await store('m-1', day(1));
    await store('m-2', day(2));
    await test.context.blobs.put(blobKeys.preview('m-2', 'a.png'), Buffer.from('x'));
    await deleteModel(test.context, 'm-2', testActor);
    expect(await lastModel()).toBe('m-1');
    expect((await stored()).filter((key) => key.includes('m-2'))).toEqual([]);
    expect(await test.context.blobs.list('preview')).toEqual([]);
    await expect(getModel(test.context, 'm-2')).rejects.toMatchObject({ code: 'model.not_found' });
    await deleteModel(test.context, 'm-1', testActor);
    expect(await lastModel()).toBeNull();
    await expect(deleteModel(test.context, 'm-1', testActor)).rejects.toMatchObject({
      code: 'model.not_found',
    });
  });

  it('is refused while an unfinished job starts from it, and goes through once that has ended', async () => {
    await store('m-1');
    const job = await test.context.queue.add({
      kind: 'train',
      owner: project,
      model_id: 'm-2',
      request: { base_model_id: 'm-1' },
      created_by: 'tester',
      needs_approval: true,
    });
    await expect(deleteModel(test.context, 'm-1', testActor)).rejects.toMatchObject({ code: 'model.in_use' });
    await getModel(test.context, 'm-1');
    const ended: JobRecord = await test.context.queue.cancel(job.job_id, 'tester');
    expect(ended.state).toBe('canceled');
    await deleteModel(test.context, 'm-1', testActor);
  });

  it('waits for requests that work with the model before its files go', async () => {
    await store('m-1');
    let finish = () => {};
    const idle = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let asked = () => {};
    const waiting = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const uses = {
      whenIdle(id: string) {
        expect(id).toBe('m-1');
        asked();
        return idle;
      },
    };
    const deleting = deleteModel(test.context, 'm-1', testActor, uses);
    await waiting;
    await expect(getModel(test.context, 'm-1')).rejects.toMatchObject({ code: 'model.not_found' });
    expect(await stored()).toHaveLength(8);
    finish();
    await deleting;
    expect(await stored()).toEqual([]);
  });
});
