import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anomalyDetector } from '../../vision/detectors/detector.ts';
import { loadDetector } from '../../vision/detectors/load-detector.ts';
import { trainInChild } from '../../vision/detectors/train-in-child.ts';
import { OkapiError } from '../../vision/errors.ts';
import { openRuntimeOn } from '../../vision/runtime/runtime.ts';
import type { TrainingMethod } from '../contract/training.ts';
import { getModel } from '../models/get-model.ts';
import { listModels } from '../models/list-models.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import type { JobRecord } from '../platform/queue/job.ts';
import { LocalQueue } from '../platform/queue/local-queue.ts';
import { deleteProject } from '../projects/delete-project.ts';
import { getProject } from '../projects/get-project.ts';
import { type TestContext, testActor, testContext } from '../testing/context.ts';
import { startTraining } from './start-training.ts';
import { project, putParts, putProject } from './testing/parts.ts';
import { type Train, threadsOf, trainRunner } from './train-runner.ts';
import type { AnomalyOrder } from './training-order.ts';
import { settingsOf } from './training-parts.ts';

// Children give way to whatever else the machine does.
vi.setConfig({ testTimeout: 200_000 });

let opened: TestContext;
/** Those of a test: a queue that still works would write to a folder that is being removed. */
let queues: LocalQueue[];
beforeEach(async () => {
  opened = await testContext();
  queues = [];
});
afterEach(async () => {
  await Promise.all(queues.map((queue) => queue.stop()));
  await opened.close();
});

/** The older net needs no encoder and no calibration folds here: a second for three epochs. */
const small: Train = (request, options) =>
  trainInChild(
    { ...request, settings: { ...request.settings, encoder: 'none', folds: 0, validationRatio: 0.4 } },
    options,
  );

async function started(
  options: {
    train?: Train;
    silentMs?: number;
    config?: Partial<Context['config']>;
    epochs?: number;
    method?: TrainingMethod;
  } = {},
) {
  const config = { ...opened.context.config, ...options.config };
  const stores = { ...opened.context, config };
  const runner = trainRunner(stores, { train: small, ...options });
  const queue = new LocalQueue({ ...stores, runners: { train: runner } });
  queues.push(queue);
  const context: Context = { ...stores, queue };
  await putProject(context, 'p');
  const images = await putParts(context, project('p'), 8);
  await queue.start();
  const { method, epochs = 3 } = options;
  const request = { img_size: 64, ...(method === undefined ? { epochs } : { method }) };
  const { job_id } = await startTraining(context, project('p'), request, testActor);
  const job = async () => (await queue.get(job_id))!;
  const until = async (check: (job: JobRecord) => boolean) => {
    await expect.poll(async () => check(await job()), { timeout: 100_000, interval: 20 }).toBe(true);
    return job();
  };
  const ended = () => until(({ state }) => ['finished', 'failed', 'canceled'].includes(state));
  return { context, queue, images, job_id, job, until, ended };
}

describe('a training job', () => {
  it('makes a model that loads, tells of itself, and leaves nothing else behind', async () => {
    const { context, queue, job_id, ended, images } = await started();
    expect(await ended()).toMatchObject({ state: 'finished', progress: 1, attempt: 1, failure: null });
    const [info, ...others] = await listModels(context, {});
    expect(others).toEqual([]);
    expect(info).toMatchObject({ model_id: 'p-20260102-030405', img_size: 64, epochs_run: 3, lr: 1e-3 });
    expect((await getProject(context, 'p')).last_model_id).toBe(info!.model_id);
    const record = await getModel(context, info!.model_id);
    expect(record).toMatchObject({
      job_id,
      detector: 'autoencoder',
      encoder: 'none',
      training_mode: 'anomaly',
    });
    const { dataset_sha256 } = record;
    expect((await context.docs.get(docKeys.snapshot(dataset_sha256!)))?.value).toMatchObject({ images });

    const runtime = await openRuntimeOn('cpu', { threads: 1 });
    const path = await context.blobs.localPath(`${info!.path}/manifest.json`);
    const detector = anomalyDetector(await loadDetector(path.slice(0, path.lastIndexOf('/')), runtime));
    expect(detector.model.threshold.value).toBe(record.thresholds[0]!.value);
    await detector.close();
    await runtime.close();

    const events = (await queue.events(job_id, 0)).map(({ event }) => event);
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set(['state', 'log', 'progress', 'epoch', 'sample']),
    );
    const sample = events.find((event) => event.type === 'sample')!;
    const previews = await context.blobs.list(blobKeys.previews(info!.model_id));
    expect(previews).toContain(sample.picture_url.replace('/static/', ''));
    expect(sample.picture_url).not.toBe(sample.reconstruction_url);
    await expect.poll(() => readdir(`${context.config.tmp_dir}/jobs`)).toEqual([]);
  });

  it('makes a model by another method', async () => {
    const { context, ended, queue, job_id } = await started({ method: 'subspace', train: trainInChild });
    expect(await ended()).toMatchObject({ state: 'finished', failure: null });
    const [info] = await listModels(context, {});
    expect(info).toMatchObject({ epochs_run: 0, img_size: 64, training_mode: 'anomaly' });
    const record = await getModel(context, info!.model_id);
    expect(record).toMatchObject({ detector: 'subspace', encoder: 'mobilenetv3-coco' });
    // The clock of the test stands still, so that the journal takes the first of them alone.
    const told = (await queue.events(job_id, 0)).map(({ event }) => event);
    expect(told.find(({ type }) => type === 'pictures')).toMatchObject({ stage: 'reading', progress: 0 });
  });

  it('starts from a model of the same project, whose encoder it keeps', async () => {
    const requests: Parameters<Train>[0][] = [];
    const train: Train = (request, options) => {
      requests.push(request);
      const settings = { ...request.settings, folds: 0, validationRatio: 0.4 };
      return requests.length === 1
        ? small(request, options)
        : trainInChild({ ...request, settings }, options);
    };
    const { context, queue, ended } = await started({ train });
    const { model_id: base } = await ended();
    const again = { img_size: 64, epochs: 1, base_model_id: base };
    const { job_id } = await startTraining(context, project('p'), again, testActor);
    await expect.poll(async () => (await queue.get(job_id))?.state, { timeout: 100_000 }).toBe('finished');
    const [newest] = await listModels(context, {});
    expect(newest).toMatchObject({ base_model_id: base, epochs_run: 1, training_mode: 'anomaly' });
    expect((await getModel(context, newest!.model_id)).encoder).toBe('none');
    expect(requests[0]!.settings).toHaveProperty('encoder');
    expect(requests[1]!.settings).not.toHaveProperty('encoder');
    expect(requests[1]!.base).toMatch(new RegExp(`${base}$`));
  });

  it('is unaffected by images that are added and deleted meanwhile', async () => {
    const { context, ended } = await started();
    await putParts(context, project('p'), 3, 500);
    expect(await ended()).toMatchObject({ state: 'finished', request: { images: 8 } });
  });

  it.each(['running', 'queued'] as const)(
    'is canceled with the deletion of its project while %s',
    async (state) => {
      const { context, until, queue, job_id } = await started({ epochs: 1000 });
      const states: string[] = [];
      queue.watch(({ event }) => event.type === 'state' && states.push(event.state));
      await until((job) => job.state === 'running');
      if (state === 'queued') await queue.stop();
      await expect(deleteProject(context, 'p', { confirm: 'p', force: false }, testActor)).rejects.toThrow(
        expect.objectContaining({ code: 'project.busy' }),
      );
      await deleteProject(context, 'p', { confirm: 'p', force: true }, testActor);
      expect(states.at(-1)).toBe('canceled');
      expect(await queue.get(job_id)).toBeNull();
      expect(await listModels(context, {})).toEqual([]);
      expect(await context.blobs.list('projects/p')).toEqual([]);
      await queue.stop();
    },
  );

  it('is canceled within five seconds, and leaves no model', async () => {
    const { context, until, queue, job_id, ended } = await started({ epochs: 1000 });
    await until(({ detail }) => detail?.startsWith('epoch') ?? false);
    const startedMs = performance.now();
    await queue.cancel(job_id, 'me');
    expect(await ended()).toMatchObject({ state: 'canceled', detail: 'canceled by me' });
    expect(performance.now() - startedMs).toBeLessThan(5000);
    expect(await listModels(context, {})).toEqual([]);
  });

  it.each([
    ['the memory', { max_memory_mb: 150 }, 'job.out_of_memory', /150 MB.*img_size/],
    ['the time', { max_hours: 2 / 3600 }, 'job.timeout', /took longer/],
  ] as const)('fails at once when %s does not suffice, with a hint', async (_, limits, code, detail) => {
    const jobs = { ...opened.context.config.jobs, ...limits };
    // The estimate at the door would refuse so little time.
    const { ended } = await started({ epochs: 200, config: { jobs } });
    expect(await ended()).toMatchObject({
      state: 'failed',
      attempt: 1,
      failure: { code, detail: expect.stringMatching(detail) },
    });
  });

  it('has the time that earlier attempts have left of its hours, and fails when they left none', async () => {
    // The queue itself does not run it: the attempts are made here.
    const training = { ...opened.context.config.training, require_approval: true };
    const { context, job } = await started({ epochs: 1, config: { training } });
    const given: (number | undefined)[] = [];
    const train: Train = async (_, { limits }) => {
      given.push(limits?.wallMs);
      throw new OkapiError('train.canceled', 'enough seen');
    };
    const attempt = async (ranMs: number) =>
      trainRunner(context, { train })({
        job: await job(),
        ranMs,
        signal: new AbortController().signal,
        workFolder: opened.folder,
        emit: () => {},
        finalise: async () => {},
      });
    await expect(attempt(23 * 3_600_000)).rejects.toMatchObject({ code: 'train.canceled' });
    expect(given).toEqual([3_600_000]);
    await expect(attempt(24 * 3_600_000)).rejects.toMatchObject({ code: 'job.timeout' });
    expect(given).toHaveLength(1);
  });

  it('fails when nothing is learnt, and leaves no model', async () => {
    const wild: Train = (request, options) =>
      small({ ...request, settings: { ...request.settings, learningRate: 1 } }, options);
    const { context, ended } = await started({ train: wild });
    expect(await ended()).toMatchObject({ state: 'failed', attempt: 1, failure: { code: 'train.diverged' } });
    expect(await listModels(context, {})).toEqual([]);
  });

  it('starts anew, and says so, when its saved state is damaged', async () => {
    const resumed: boolean[] = [];
    const train: Train = async (request, options) => {
      resumed.push(request.resume);
      if (request.resume)
        throw new OkapiError('checkpoint.corrupt', 'the resume state of "main" in /x is damaged');
      return small(request, options);
    };
    const { ended, queue, job_id } = await started({ train });
    expect(await ended()).toMatchObject({ state: 'finished', attempt: 1 });
    expect(resumed).toEqual([true, false]);
    expect(JSON.stringify(await queue.events(job_id, 0))).toContain('starts anew');
  });

  it('says which image is gone', async () => {
    const { context, images, ended } = await started({
      train: async () => {
        throw new Error('internal: not reached');
      },
      config: { training: { ...opened.context.config.training, require_approval: true } },
    });
    await context.blobs.delete(blobKeys.image(project('p'), images[3]!));
    const [job] = await context.queue.list();
    await context.queue.approve(job!.job_id, 'me');
    expect(await ended()).toMatchObject({
      failure: { code: 'dataset.changed', detail: expect.stringContaining(images[3]!) },
    });
  });

  it('runs the child behind the sandbox command, with the limits and the device of the configuration', async () => {
    const training = { ...opened.context.config.training, sandbox_command: ['nice', '-n', '3'], threads: 2 };
    const calls: Parameters<Train>[] = [];
    const train: Train = (...call) => {
      calls.push(call);
      return small(...call);
    };
    const { ended } = await started({ train, config: { training } });
    expect(await ended()).toMatchObject({ state: 'finished' });
    const [request, options] = calls[0]!;
    expect(request).toMatchObject({ threads: 2, device: 'cpu', resume: true });
    expect(options).toMatchObject({
      commandPrefix: ['nice', '-n', '3'],
      limits: { memoryBytes: 4096 * 2 ** 20, wallMs: 24 * 3_600_000 },
    });
  });
});

describe('what a training is given', () => {
  const order = { images: 100, img_size: 128, epochs: 9, lr: null } as AnomalyOrder;
  const training = () => opened.context.config.training;

  it.each([
    [6, 4],
    [100, 12],
    [1000, 32],
  ])('for %d images, batches of at most %d', (images, batchSize) => {
    expect(settingsOf({ ...order, images }, training()).batchSize).toBe(batchSize);
  });

  it('the settings of the request and of the configuration', () => {
    expect(settingsOf({ ...order, lr: 0.5 }, training())).toEqual({
      imageSize: 128,
      epochs: 9,
      learningRate: 0.5,
      batchSize: 12,
      validationRatio: 0.2,
      patience: 10,
      minEpochs: 5,
    });
    expect(settingsOf(order, training())).not.toHaveProperty('learningRate');
  });

  it.each([
    [1, 2, 1],
    [2, 2, 1],
    [8, 2, 4],
    [8, 1, 7],
  ])('on %d processors with %d workers, %d threads', (processors, max_workers, threads) => {
    const { jobs } = opened.context.config;
    const config = { training: { ...training(), threads: null }, jobs: { ...jobs, max_workers } };
    expect(threadsOf(config, processors)).toBe(threads);
    expect(threadsOf({ ...config, training: { ...training(), threads: 5 } }, processors)).toBe(5);
  });
});
