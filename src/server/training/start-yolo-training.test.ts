import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeTorch } from '../../vision/checkpoint/torch-writer.ts';
import { stateDict } from '../../vision/detectors/yolo/state-dict.ts';
import { yoloNetwork } from '../../vision/yolo/network.ts';
import { parseVariant, variantNames } from '../../vision/yolo/variants.ts';
import { LocalQueue } from '../platform/queue/local-queue.ts';
import { type TestAudit, type TestContext, testActor, testContext } from '../testing/context.ts';
import { deleteDataset } from '../yolo/delete-dataset.ts';
import { startYoloTraining } from './start-yolo-training.ts';
import { putBoxes, putBoxProject } from './testing/boxes.ts';
import { putProject } from './testing/parts.ts';
import type { YoloOrder } from './training-order.ts';
import { batchOf, yoloSettingsOf } from './training-parts.ts';
import { openWeightsChecks, type WeightsChecks } from './weights-checks.ts';
import type { YoloTrainingRequest } from './yolo-settings.ts';

let opened: TestContext;
let context: TestContext['context'];
let weightsChecks: WeightsChecks;
beforeAll(() => {
  weightsChecks = openWeightsChecks();
});
afterAll(() => weightsChecks.close());
beforeEach(async () => {
  opened = await testContext();
  context = { ...opened.context, queue: new LocalQueue({ ...opened.context, runners: {} }) };
  await putBoxProject(context, 'p');
});
afterEach(() => opened.close());

const start = (request: YoloTrainingRequest = {}, project = 'p') =>
  startYoloTraining({ context, weightsChecks }, project, request, testActor);
const code = (code: string) => expect.objectContaining({ code });
const orderOf = async (job_id: string) => (await context.queue.get(job_id))!.request as unknown as YoloOrder;
async function putWeights(name: string, bytes: Uint8Array | string) {
  const { weights_dir } = context.config.training;
  await mkdir(weights_dir, { recursive: true });
  await writeFile(join(weights_dir, name), bytes);
}

/** As a file of our own, of a network with fresh weights. */
function stateDictOf(name: string, classes: number): Uint8Array {
  return writeTorch(stateDict(yoloNetwork({ variant: parseVariant(name), classes, seed: 1 })));
}

describe('startYoloTraining', () => {
  it('adds a job with the defaults of the contract that names its dataset, and says so in the audit', async () => {
    const { version } = await putBoxes(context, 'p');
    const { job_id } = await start();
    const job = await context.queue.get(job_id);
    expect(job).toMatchObject({
      kind: 'train',
      state: 'queued',
      model_id: 'p-yolo-20260102-030405',
      request: {
        training_mode: 'yolo',
        dataset_version: version,
        dataset_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        images: 12,
        img_size: 640,
        epochs: 100,
        variant: 'okapi-n',
        weights: null,
        batch: null,
        lr0: null,
        conf: 0.25,
        iou: 0.45,
      },
    });
    expect(JSON.stringify(job)).not.toContain(opened.folder);
    expect((context.audit as TestAudit).entries.at(-1)).toMatchObject({
      action: 'training.start',
      subject: `jobs/${job_id}`,
      details: { project: 'p', variant: 'okapi-n' },
    });
  });

  it('names a dataset by its contents: the same hash for the same archive, another for another', async () => {
    const hashes: string[] = [];
    for (const seed of [1, 1, 2]) {
      await putBoxes(context, 'p', { seed });
      const { job_id } = await start();
      hashes.push((await orderOf(job_id)).dataset_sha256);
      await context.queue.cancel(job_id, 'me');
    }
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  it('keeps what the request names', async () => {
    await putBoxes(context, 'p');
    const { job_id } = await start({
      epochs: 3,
      img_size: 64,
      batch: 2,
      model_variant: 'yolov8s.pt',
      lr0: 0.01,
      conf: 0,
      iou: 1,
    });
    expect(await orderOf(job_id)).toMatchObject({
      ...{ epochs: 3, img_size: 64, batch: 2, variant: 'yolov8s', weights: null, lr0: 0.01, conf: 0, iou: 1 },
    });
  });

  it.each([
    { epochs: 0 },
    { epochs: 1.5 },
    { epochs: 10_001 },
    { img_size: 32 },
    { img_size: 100 },
    { img_size: 1568 },
    { batch: 0 },
    { batch: 1025 },
    { lr0: 0 },
    { lr0: -1 },
    { lr0: Number.NaN },
    { conf: -0.1 },
    { conf: 1.1 },
    { iou: Number.NaN },
    { iou: 2 },
    { model_variant: 'yolov9' },
    { model_variant: '../yolov8n.pt' },
    { model_variant: '__proto__' },
    { weights: 'not-there.pt' },
  ])('refuses %o, naming the field', async (request) => {
    await putBoxes(context, 'p');
    const [field] = Object.keys(request);
    await expect(start(request)).rejects.toMatchObject({
      code: 'request.invalid',
      errors: [{ path: `body.${field}`, detail: expect.stringContaining('expected') }],
    });
    expect(await context.queue.list()).toEqual([]);
  });

  it('names the variants there are when one is unknown', async () => {
    await putBoxes(context, 'p');
    await expect(start({ model_variant: 'yolo11n' })).rejects.toThrow(variantNames.join(', '));
  });

  it('starts from the file of weights that is named, or that the variant is the name of', async () => {
    await putBoxes(context, 'p');
    await putWeights('yolov8n.pt', stateDictOf('yolov8n', 80));
    // The format is known by its bytes.
    await putWeights('mine.safetensors', stateDictOf('yolov8n', 2));
    await mkdir(join(context.config.training.weights_dir, 'folder.pt'));
    const weightsOf = async (request: YoloTrainingRequest) => {
      const { job_id } = await start(request);
      await context.queue.cancel(job_id, 'me');
      return (await orderOf(job_id)).weights;
    };
    expect(await weightsOf({ model_variant: 'yolov8n.pt' })).toBe('yolov8n.pt');
    expect(await weightsOf({ model_variant: 'yolov8n' })).toBeNull();
    expect(await weightsOf({ model_variant: 'yolov8s.pt' })).toBeNull();
    expect(await weightsOf({ model_variant: 'yolov8n', weights: 'mine.safetensors' })).toBe(
      'mine.safetensors',
    );
    for (const weights of ['folder.pt', '../weights/mine.safetensors', './mine.safetensors', '/etc/hostname'])
      await expect(start({ weights })).rejects.toThrow(code('request.invalid'));
  });

  const fixture = (name: string) =>
    readFile(new URL(`../../vision/checkpoint/fixtures/${name}`, import.meta.url));
  it.each([
    ['no weights at all', (): string => 'meow', {}, 'checkpoint.unsupported_format', /^mine\.pt: /],
    [
      'a classifier',
      () => fixture('classification.pt'),
      { model_variant: 'yolov8n' },
      'checkpoint.key_mismatch',
      /^mine\.pt: expected weights of yolov8n, got .*: 0 of 135 of the backbone, .* fit$/,
    ],
    [
      'of another variant',
      () => stateDictOf('yolov8s', 2),
      { model_variant: 'yolov8n' },
      'checkpoint.key_mismatch',
      /^mine\.pt: expected weights of yolov8n, got \d+ tensors as wide as those of yolov8s/,
    ],
    [
      'of the other family',
      () => stateDictOf('yolov8n', 2),
      {},
      'checkpoint.key_mismatch',
      /^mine\.pt: expected weights of okapi-n/,
    ],
  ] as const)(
    'refuses a file that is %s before there is a job',
    async (_, contents, request, code, message) => {
      await putBoxes(context, 'p');
      await putWeights('mine.pt', await contents());
      await expect(start({ ...request, weights: 'mine.pt' })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
      expect(await context.queue.list()).toEqual([]);
    },
  );

  it('refuses the file that the variant is the name of, too', async () => {
    await putBoxes(context, 'p');
    await putWeights('yolov8n.pt', stateDictOf('yolov8s', 80));
    await expect(start({ model_variant: 'yolov8n.pt' })).rejects.toThrow(code('checkpoint.key_mismatch'));
    expect(await context.queue.list()).toEqual([]);
  });

  it('refuses a batch that a job has no memory for, says how many would fit, and takes so many', async () => {
    await putBoxes(context, 'p', { train: 12 });
    const { jobs } = context.config;
    context = { ...context, config: { ...context.config, jobs: { ...jobs, max_memory_mb: 1024 } } };
    const large = { img_size: 640, batch: 12 };
    const error = await start(large).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'job.too_large',
      message: expect.stringMatching(
        /^body\.batch: 12 pictures a step of 640 pixels by okapi-n need about 3\.0 GiB, there are 1\.0 GiB; at most \d+ would fit \(jobs\.max_memory_mb is 1024\)$/,
      ),
      errors: [{ path: 'body.batch' }],
    });
    expect(await context.queue.list()).toEqual([]);
    const fits = Number(/at most (\d+)/.exec((error as Error).message)![1]);
    expect(fits).toBeGreaterThan(0);
    const { job_id } = await start({ ...large, batch: fits });
    await context.queue.cancel(job_id, 'me');
    // More pictures than there are do not make larger steps.
    await context.queue.cancel((await start({ img_size: 64, batch: 1024 })).job_id, 'me');
  });

  it('refuses pictures of which not even one fits, whether the batch is named or not', async () => {
    await putBoxes(context, 'p');
    const { jobs } = context.config;
    context = { ...context, config: { ...context.config, jobs: { ...jobs, max_memory_mb: 1024 } } };
    const huge = { img_size: 1536, model_variant: 'yolov8x' };
    for (const [field, request] of [
      ['img_size', huge],
      ['batch', { ...huge, batch: 1 }],
    ] as const)
      await expect(start(request)).rejects.toMatchObject({
        code: 'job.too_large',
        message: expect.stringMatching(/choose smaller pictures or a smaller variant/),
        errors: [{ path: `body.${field}` }],
      });
    expect(await context.queue.list()).toEqual([]);
  });

  it('needs a project of the mode yolo with a dataset; its val may be without boxes', async () => {
    await putProject(context, 'a');
    await expect(start({}, 'nobody')).rejects.toThrow(code('project.not_found'));
    await expect(start({}, '../p')).rejects.toThrow(code('project.not_found'));
    await expect(start({}, 'a')).rejects.toThrow(code('project.wrong_mode'));
    await expect(start()).rejects.toThrow(code('yolo.no_dataset'));
    await putBoxes(context, 'p', { emptyVal: true });
    await context.queue.cancel((await start()).job_id, 'me');
    await deleteDataset(context, 'p', testActor);
    await expect(start()).rejects.toThrow(code('yolo.no_dataset'));
  });

  it('refuses what is legal field by field and too much as a whole, with the estimate', async () => {
    await putBoxes(context, 'p');
    const { jobs } = context.config;
    context = { ...context, config: { ...context.config, jobs: { ...jobs, max_hours: 1 } } };
    const much = { img_size: 1536, epochs: 10_000, model_variant: 'yolov8x' };
    await expect(start(much)).rejects.toMatchObject({
      code: 'job.too_large',
      message: expect.stringMatching(/10000 epochs of 16 images at 1536 pixels take at least 21 hours/),
    });
  });

  it('starts one of two trainings of a project, and waits for approval where that is wanted', async () => {
    await putBoxes(context, 'p');
    const both = await Promise.allSettled([start(), start()]);
    expect(both.find((row) => row.status === 'rejected')?.reason).toMatchObject({
      code: 'job.already_running',
    });
    await putBoxProject(context, 'q');
    await putBoxes(context, 'q');
    const training = { ...context.config.training, require_approval: true };
    context = { ...context, config: { ...context.config, training } };
    const { job_id } = await start({}, 'q');
    expect((await context.queue.get(job_id))?.state).toBe('waiting_approval');
  });
});

describe('what a training of objects is given', () => {
  const order = {
    ...{ variant: 'okapi-n', img_size: 640, epochs: 9, batch: null, lr0: null, conf: 0.3, iou: 0.5 },
    ...{ weights: 'mine.pt', images: 1000 },
  } as YoloOrder;

  it('the settings of the request, and weights by their path', () => {
    expect(yoloSettingsOf(order, context.config)).toEqual({
      variant: 'okapi-n',
      imageSize: 640,
      epochs: 9,
      lr0: null,
      conf: 0.3,
      iou: 0.5,
      weights: join(context.config.training.weights_dir, 'mine.pt'),
      cacheMemoryBytes: 512 * 2 ** 20,
    });
  });

  it('the fewer pictures a step, the less memory a job may take', () => {
    const batch = (max_memory_mb: number) =>
      batchOf(order, { jobs: { ...context.config.jobs, max_memory_mb } }).batchSize;
    expect(batch(1024)).toBe(1);
    expect(batch(8192)).toBeGreaterThan(1);
    expect(batch(8192)).toBeLessThan(16);
    expect(batchOf({ ...order, batch: 7 }, context.config)).toMatchObject({ batchSize: 7, why: null });
  });
});
