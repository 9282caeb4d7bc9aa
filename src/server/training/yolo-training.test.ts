// Trainings of object detectors by the real child: killed, canceled, and with the dataset replaced under them.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadDetector } from '../../vision/detectors/load-detector.ts';
import { trainInChild } from '../../vision/detectors/train-in-child.ts';
import { openRuntimeOn } from '../../vision/runtime/runtime.ts';
import type { TrainingEvent } from '../../vision/training/events.ts';
import { fsck } from '../fsck/fsck.ts';
import { getModel } from '../models/get-model.ts';
import { listModels } from '../models/list-models.ts';
import { readMetrics } from '../models/read-metrics.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys } from '../platform/layout.ts';
import type { JobRecord } from '../platform/queue/job.ts';
import { LocalQueue } from '../platform/queue/local-queue.ts';
import { TestClock, type TestContext, testActor, testContext } from '../testing/context.ts';
import { readDatasets } from '../yolo/dataset-documents.ts';
import { deleteDataset } from '../yolo/delete-dataset.ts';
import { SWEEP_GRACE_MS, sweepDatasets } from '../yolo/sweep-datasets.ts';
import { startYoloTraining } from './start-yolo-training.ts';
import { putBoxes, putBoxProject } from './testing/boxes.ts';
import { type Train, trainRunner } from './train-runner.ts';
import type { WeightsChecks } from './weights-checks.ts';
import type { YoloTrainingRequest } from './yolo-settings.ts';

// Children give way to whatever else the machine does.
vi.setConfig({ testTimeout: 300_000 });

let opened: TestContext;
let clock: TestClock;
beforeEach(async () => {
  clock = new TestClock();
  opened = await testContext({ clock });
});
afterEach(() => opened.close());

/** So that a job meets what its start did not see: a file may change in between. */
const acceptingAll: WeightsChecks = { check: async () => '', close: async () => {} };
const small = { img_size: 64, epochs: 3 } as const;

async function started(request: YoloTrainingRequest, train: Train = trainInChild) {
  const stores = opened.context;
  const queue = new LocalQueue({ ...stores, runners: { train: trainRunner(stores, { train }) } });
  const context: Context = { ...stores, queue };
  await putBoxProject(context, 'p');
  const version = await putBoxes(context, 'p', { train: 8, val: 2 });
  await queue.start();
  const { job_id } = await startYoloTraining(
    { context, weightsChecks: acceptingAll },
    'p',
    { ...small, ...request },
    testActor,
  );
  const until = async (check: (job: JobRecord) => boolean) => {
    const job = async () => (await queue.get(job_id))!;
    await expect.poll(async () => check(await job()), { timeout: 250_000, interval: 20 }).toBe(true);
    return job();
  };
  const ended = () => until(({ state }) => ['finished', 'failed', 'canceled'].includes(state));
  return { context, queue, version, job_id, until, ended };
}

describe('a training of objects', () => {
  it('that is killed in an epoch while its dataset is replaced makes one model, of the dataset that it began with', async () => {
    let attempts = 0;
    let meanwhile: Promise<unknown> | null = null;
    const isMidway = (event: TrainingEvent) => event.type === 'step' && event.epoch === 2 && event.step === 1;
    const train: Train = (given, options) => {
      let pid = 0;
      attempts++;
      return trainInChild(given, {
        ...options,
        onStart: (started) => {
          pid = started;
        },
        onEvent: (event) => {
          options.onEvent?.(event);
          if (attempts > 1 || !isMidway(event)) return;
          meanwhile = replace();
          process.kill(pid, 'SIGKILL');
        },
      });
    };
    const { context, queue, version, job_id, ended } = await started({ batch: 4 }, train);
    async function replace() {
      await putBoxes(opened.context, 'p', { train: 3, val: 1, seed: 7 });
      await deleteDataset(opened.context, 'p', testActor);
      clock.advance(2 * SWEEP_GRACE_MS);
      await sweepDatasets(context);
    }

    expect(await ended()).toMatchObject({ state: 'finished', attempt: 2, strikes: 1, progress: 1 });
    await meanwhile;
    const [info, ...others] = await listModels(context, {});
    expect(others).toEqual([]);
    expect(info).toMatchObject({
      model_id: 'p-yolo-20260102-030405',
      training_mode: 'yolo',
      img_size: 64,
      epochs_run: 3,
      lr: 2e-3,
      threshold: 0.25,
    });
    const record = await getModel(context, info!.model_id);
    expect(record).toMatchObject({
      job_id,
      detector: 'yolo',
      encoder: 'mobilenetv3-coco',
      objects: { variant: 'okapi-n', classes: ['red', 'blue'], started_from: null },
      thresholds: [{ value: 0.25, iou: 0.45, pixel_value: null }],
      dataset_sha256: (await queue.get(job_id))!.request.dataset_sha256,
    });
    expect(Object.keys(record.files)).toEqual(
      expect.arrayContaining(['model.onnx', 'model.pt', 'last.safetensors', 'confusion_matrix.svg']),
    );
    // As it is served: its golden picture, on which so short a training finds boxes beyond the edges, is looked at again.
    const runtime = await openRuntimeOn('cpu', { threads: 1 });
    const manifest = await context.blobs.localPath(`${info!.path}/manifest.json`);
    const detector = await loadDetector(dirname(manifest), runtime);
    expect(detector).toMatchObject({ task: 'detect', model: { classes: ['red', 'blue'], conf: 0.25 } });
    await detector.close();
    await runtime.close();

    const metrics = await readMetrics(context, record);
    expect(metrics.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(metrics.counts).toMatchObject({ pictures: 2, truths: 4 });

    // The version was kept for the job, and goes now that it has ended.
    expect(Object.keys((await readDatasets(context, 'p')).versions)).toEqual([version.version]);
    await sweepDatasets(context);
    expect(await context.blobs.list(blobKeys.owner({ kind: 'project', id: 'p' }))).not.toContainEqual(
      expect.stringContaining(version.version),
    );
    expect(await fsck(context)).toEqual([]);
  });

  it('tells figures and losses of each epoch, and shows what it finds', async () => {
    const { context, queue, job_id, ended } = await started({ epochs: 2 });
    expect(await ended()).toMatchObject({ state: 'finished', failure: null });
    const events = (await queue.events(job_id, 0)).map(({ event }) => event);
    expect(JSON.stringify(events)).toMatch(/2 pictures a step, chosen for 8 pictures and the memory/);
    const epochs = events.flatMap((event) => (event.type === 'epoch' ? [event] : []));
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
    for (const { metrics, learning_rate } of epochs) {
      expect(Object.keys(metrics!).sort()).toEqual(
        ['box', 'cls', 'dfl', 'map50', 'map50_95', 'precision', 'recall'].sort(),
      );
      expect(learning_rate).toBeGreaterThan(0);
    }
    const samples = events.flatMap((event) => (event.type === 'sample' ? [event] : []));
    expect(samples.map(({ epoch }) => epoch)).toContain(2);
    for (const url of [samples[0]!.picture_url, samples[0]!.reconstruction_url]) {
      const bytes = await buffer(await context.blobs.open(url.replace('/static/', '')));
      expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    }
  });

  it('is canceled within five seconds in the middle of an epoch, and leaves no model', async () => {
    const { context, queue, job_id, until, ended } = await started({ epochs: 1000, batch: 1 });
    await until(({ detail }) => detail?.startsWith('epoch') ?? false);
    const from = performance.now();
    await queue.cancel(job_id, 'me');
    expect(await ended()).toMatchObject({ state: 'canceled', detail: 'canceled by me' });
    expect(performance.now() - from).toBeLessThan(5000);
    expect(await listModels(context, {})).toEqual([]);
    await queue.stop();
  });

  it.each([
    ['diverges', { lr0: 1, epochs: 8 }, 'train.diverged', /learning rate/],
    ['starts from a file that is no detector', { weights: 'cat.pt' }, 'checkpoint.unsupported_format', /cat/],
  ])('that %s fails with the reason and leaves no model', async (_, request, code, detail) => {
    const { weights_dir } = opened.context.config.training;
    await mkdir(weights_dir, { recursive: true });
    await writeFile(join(weights_dir, 'cat.pt'), 'meow');
    const { context, ended, queue } = await started(request);
    const failure = { code, detail: expect.stringMatching(detail) };
    expect(await ended()).toMatchObject({ state: 'failed', attempt: 1, failure });
    expect(await listModels(context, {})).toEqual([]);
    await queue.stop();
  });
});
