// Evaluations of object detectors on a split of a dataset: the figures of the library, and nothing that the model has learnt from.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectDetector } from '../../vision/detectors/detector.ts';
import { objectsRequest, writeObjects } from '../../vision/detectors/yolo/testing/tiny-objects.ts';
import { evaluateObjects } from '../../vision/evaluation/evaluate-objects.ts';
import { loadDetector, openRuntime, trainDetector } from '../../vision/index.ts';
import type { ObjectsEvaluationDetail } from '../contract/objects-evaluations.ts';
import type { ModelRecord } from '../models/model-record.ts';
import { storeModel } from '../models/store-model.ts';
import { modelOf } from '../models/testing/fake-model.ts';
import type { Context } from '../platform/context.ts';
import { LocalQueue } from '../platform/queue/local-queue.ts';
import { type TestContext, testActor, testContext } from '../testing/context.ts';
import { putBoxes, putBoxProject } from '../training/testing/boxes.ts';
import type { RectanglesOptions } from '../training/testing/rectangles.ts';
import { putSnapshot } from '../training/training-order.ts';
import { datasetHash, learntPictures } from '../yolo/dataset-hash.ts';
import { openDatasetPicture } from '../yolo/dataset-pictures.ts';
import { openDataset, readManifest } from '../yolo/pin-dataset.ts';
import { compare } from './compare.ts';
import { evaluationDetail, evaluationsOf } from './evaluation-record.ts';
import { evaluationRunner } from './evaluation-runner.ts';
import { evaluationKind, startEvaluation } from './start-evaluation.ts';

let made: string;
let trained: string;
beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), 'okapi-'));
  const pictures = await writeObjects(join(made, 'pictures'), [0, 1, 2, 3, 4]);
  const objects = { classes: ['red', 'blue'], train: pictures.slice(0, 4), val: pictures.slice(4) };
  const request = objectsRequest(made, 'model', objects, { epochs: 1, closeMosaic: 0 });
  trained = (await trainDetector(request)).folder;
});
afterAll(() => rm(made, { recursive: true }));

const owner = { kind: 'project', id: 'p' } as const;
let opened: TestContext;
let context: Context;
let queue: LocalQueue;
beforeEach(async () => {
  opened = await testContext();
  const runners: Record<string, ReturnType<typeof evaluationRunner>> = {};
  queue = new LocalQueue({ ...opened.context, runners });
  context = { ...opened.context, queue };
  runners[evaluationKind] = evaluationRunner(context);
  await queue.start();
  await putBoxProject(context, 'p');
});
afterEach(async () => {
  await queue.stop();
  await opened.close();
});

/** A dataset, and its hash for models that are to have learnt from it. */
async function putDataset(options: RectanglesOptions = {}) {
  const { version } = await putBoxes(context, 'p', { train: 3, val: 3, ...options });
  const manifest = await readManifest(context, 'p', version);
  return { version, manifest, sha256: datasetHash(manifest) };
}

async function putDetector(id: string, changes: Partial<ModelRecord> = {}): Promise<void> {
  const threshold = { value: 0.02, iou: 0.45, pixel_value: null, target_false_alarm_rate: null };
  const objects = { variant: 'okapi-n', classes: ['red', 'blue'], metrics: {} as never, started_from: null };
  const copy = join(context.config.tmp_dir, `copy-of-${id}`);
  await cp(trained, copy, { recursive: true });
  const model = await modelOf(copy, id, {
    ...{ owner, detector: 'yolo', training_mode: 'yolo', objects },
    thresholds: [{ ...threshold, at: '2026-01-02T03:04:05.000Z', by: 'tester', reason: 'as asked for' }],
    ...changes,
  });
  await storeModel(context, model);
}

async function evaluated(id: string, options = {}): Promise<ObjectsEvaluationDetail> {
  const { job_id } = await startEvaluation(context, id, options, testActor);
  const state = async () => (await queue.get(job_id))!.state;
  await expect.poll(state, { timeout: 60_000, interval: 20 }).toMatch(/finished|failed|canceled/);
  expect((await queue.get(job_id))!.failure).toBeNull();
  const detail = await evaluationDetail(context, job_id);
  if (detail.task !== 'detect') throw new Error('expected an evaluation of an object detector');
  return detail as ObjectsEvaluationDetail;
}

describe('an evaluation of an object detector', () => {
  it('has the figures of the library over the val pictures, and each picture with its mistakes', async () => {
    const { version, sha256 } = await putDataset();
    await putDetector('m-1', { dataset_sha256: sha256 });
    const detail = await evaluated('m-1');
    const dataset = await openDataset(context, 'p', version);
    const runtime = await openRuntime({ device: 'cpu', threads: 1 });
    const detector = (await loadDetector(trained, runtime)) as ObjectDetector;
    const set = { classes: dataset.classes, pictures: dataset.val };
    const byHand = await evaluateObjects(detector, set, { conf: 0.02, iou: 0.45 });
    const surer = await evaluateObjects(detector, set, { conf: 0.3, iou: 0.1 });
    await runtime.close();
    expect(detail.report).toEqual(byHand.report);
    expect(detail).toMatchObject({
      ...{ conf: 0.02, iou: 0.45, split: 'val', dataset_version: version, by: 'tester' },
      counts: { pictures: 3, boxes: 6, seen: 0, untested: 0 },
      note: 'the training chose its best epoch by these very pictures, which flatters the figures a little',
      figures: { map50: byHand.report.map50, best_confidence: byHand.report.bestConfidence },
    });
    expect(detail.pictures.map(({ counts }) => counts)).toEqual(byHand.pictures.map(({ counts }) => counts));
    const [worst] = detail.pictures;
    expect(worst).toMatchObject({ width: 96, height: 96, url: expect.stringContaining('/pictures/val-') });
    expect((await openDatasetPicture(context, 'p', worst!.filename)).sizeBytes).toBeGreaterThan(100);
    expect(worst!.truths.map(({ label }) => label).sort()).toEqual(['blue', 'red']);

    const asked = await evaluated('m-1', { conf: 0.3, iou: 0.1 });
    expect(asked.report).toEqual(surer.report);
    expect(asked.report.confusion.confidence).toBe(0.3);
    const listed = await evaluationsOf(context, { model_id: 'm-1' });
    expect(listed.map(({ task, dataset_sha256 }) => [task, dataset_sha256])).toEqual([
      ['detect', detail.dataset_sha256],
      ['detect', detail.dataset_sha256],
    ]);
    expect(JSON.stringify([detail, listed])).not.toContain(opened.folder);
    await putDetector('m-2');
    await expect(compare(context, 'p', ['m-1', 'm-2'])).rejects.toMatchObject({ code: 'model.wrong_task' });
  });

  it('leaves out what the model has learnt from, and says what is not known', async () => {
    // The first picture of val was one of train before.
    const before = await putDataset({ train: 4, val: 1 });
    const images = learntPictures(before.manifest).map((filename) => ({ filename }));
    await putSnapshot(context, { images, sha256: before.sha256 });
    const now = await putDataset({ train: 3, val: 3 });
    await putDetector('m-1', { dataset_sha256: before.sha256 });
    expect(await evaluated('m-1')).toMatchObject({
      counts: { pictures: 2, boxes: 4, seen: 1 },
      note: '1 picture is left out, because a model has learnt from it',
    });
    expect(await evaluated('m-1', { split: 'train', dataset_version: now.version })).toMatchObject({
      counts: { pictures: 3, seen: 3 },
      note: 'the model has learnt from 3 of these pictures: the figures tell how well it remembers them',
    });
    await putDetector('m-2', { dataset_sha256: 'a'.repeat(64) });
    const { counts, note } = await evaluated('m-2');
    expect(counts).toMatchObject({ pictures: 3, seen: null });
    expect(note).toMatch(/not known/);
  });

  it('is refused before there is a job, with what is missing', async () => {
    const refused = async (code: string, message: RegExp, options = {}, id = 'm-1') => {
      const asked = startEvaluation(context, id, options, testActor);
      await expect(asked).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    };
    await putDetector('m-1');
    await refused('yolo.no_dataset', /upload one/);
    await putDataset({ emptyVal: true });
    await refused('dataset.too_few_images', /with boxes in val, got 3 without/);
    const { version } = await putDataset();
    const other = `v-${'0'.repeat(32)}`;
    await refused(
      'yolo.no_dataset',
      new RegExp(`no dataset version ${other}; the current one is ${version}`),
      {
        dataset_version: other,
      },
    );
    const objects = {
      variant: 'okapi-n',
      classes: ['red', 'dent'],
      metrics: {} as never,
      started_from: null,
    };
    await putDetector('m-2', { objects });
    await refused('dataset.names', /m-2 knows \(red, dent\), got blue/, {}, 'm-2');
    expect(await queue.list()).toEqual([]);
  });
});
