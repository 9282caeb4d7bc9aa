// Models that find objects: their thresholds, figures and bundle, over files that no detector could load.
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestAudit, type TestContext, testActor, testContext } from '../testing/context.ts';
import { getModel } from './get-model.ts';
import { thresholdOf } from './model-info.ts';
import type { ModelRecord } from './model-record.ts';
import { openDownload } from './open-download.ts';
import { patchThreshold, type ThresholdPatch } from './patch-threshold.ts';
import { readMetrics } from './read-metrics.ts';
import { storeFake } from './testing/fake-model.ts';

let test: TestContext;
beforeEach(async () => {
  test = await testContext();
});
afterEach(() => test.close());

const files = {
  'model.onnx': 'graph',
  'model.safetensors': 'weights',
  'model.pt': 'torch weights',
  'last.safetensors': 'last weights',
  'config.yaml': 'img_size: 64\n',
  'metrics.json': '{"map50":0.9}',
};
const version = {
  value: 0.25,
  pixel_value: null,
  at: '2026-01-01T00:00:00.000Z',
  by: 'tester',
  reason: 'as asked for in the training',
  target_false_alarm_rate: null,
  iou: 0.45,
};
const objects: ModelRecord['objects'] = {
  variant: 'okapi-n',
  classes: ['red', 'blue "dark"'],
  metrics: { map50: 0.9, map50_95: 0.6, precision: 0.8, recall: 0.7 },
  started_from: null,
};
const store = (changes: Partial<ModelRecord> = {}) =>
  storeFake(
    test.context,
    test.folder,
    'm-1',
    { detector: 'yolo', training_mode: 'yolo', thresholds: [version], objects, ...changes },
    files,
  );
const patch = (wanted: ThresholdPatch) => patchThreshold(test.context, 'm-1', wanted, testActor);

describe('the thresholds of a model that finds objects', () => {
  it('are the least confidence and the overlap; what is left out stays as it is', async () => {
    await store();
    expect(thresholdOf(await patch({ value: 0.6 }))).toMatchObject({ value: 0.6, iou: 0.45 });
    expect(thresholdOf(await patch({ iou: 0, note: 'dense' }))).toMatchObject({ value: 0.6, iou: 0 });
    expect(thresholdOf(await patch({ value: 1, iou: 1 }))).toMatchObject({ value: 1, iou: 1 });
    const { thresholds } = await getModel(test.context, 'm-1');
    expect(thresholds.map(({ reason }) => reason)).toEqual([
      'as asked for in the training',
      'set by hand',
      'dense',
      'set by hand',
    ]);
    expect((test.context.audit as TestAudit).entries.at(-1)).toMatchObject({
      action: 'model.threshold',
      details: { value: 1, iou: 1 },
    });
  });

  it.each([
    [{}, 'request.invalid', 'expected value'],
    [{ value: 1.01 }, 'request.invalid', 'from 0 to 1'],
    [{ value: -0.1 }, 'request.invalid', 'from 0 to 1'],
    [{ value: Number.NaN }, 'request.invalid', 'from 0 to 1'],
    [{ iou: 2 }, 'request.invalid', 'from 0 to 1'],
    [{ target_false_alarm_rate: 0.1 }, 'model.wrong_task', 'state a value'],
    [{ value: 0.5, target_false_alarm_rate: 0.1 }, 'model.wrong_task', 'state a value'],
  ])('are not changed by %j', async (wanted, code, text) => {
    await store();
    await expect(patch(wanted)).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
    expect((await getModel(test.context, 'm-1')).thresholds).toHaveLength(1);
  });

  it('are not those of a model that finds anomalies', async () => {
    await storeFake(test.context, test.folder, 'm-1');
    await expect(patch({ iou: 0.5 })).rejects.toMatchObject({ code: 'model.wrong_task' });
    await expect(patch({ value: 1, iou: 0.5 })).rejects.toMatchObject({ code: 'model.wrong_task' });
  });
});

describe('its figures', () => {
  it('are those of its file, and models that find anomalies have none', async () => {
    expect(await readMetrics(test.context, await store())).toEqual({ map50: 0.9 });
    const other = await storeFake(test.context, test.folder, 'm-2');
    await expect(readMetrics(test.context, other)).rejects.toMatchObject({ code: 'blob.not_found' });
  });
});

describe('its bundle', () => {
  const bundle = async () =>
    (await buffer((await openDownload(test.context, 'm-1', 'bundle')).stream)).toString('latin1');

  it('says how to prepare a picture, what the classes are and which thresholds hold now', async () => {
    await store({ encoder: 'mobilenetv3-coco' });
    await patch({ value: 0.6, iou: 0.3 });
    const text = await bundle();
    for (const part of [
      '{"map50":0.9}',
      'uint8 [1, 64, 64, 3]',
      'the border has the level 114',
      '"red", "blue \\"dark\\""',
      '"conf": 0.6',
      '"iou": 0.3',
      'The weights named "trunk." are the trunk of a detector',
      'Copyright (c) Vladimir Mandic',
    ])
      expect(text).toContain(part);
    expect(text).not.toContain('torch weights');
    expect(text).not.toContain('last weights');
  });

  it('says whose weights the training started from', async () => {
    await store({ objects: { ...objects, started_from: 'yolov8n.pt' } });
    const text = await bundle();
    expect(text).toMatch(/started from the weights of yolov8n\.pt[\s\S]*AGPL-3\.0/);
    expect(text).not.toContain('trained from scratch');
  });
});
