import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { markImage } from '../datasets/mark-image.ts';
import type { ModelRecord } from '../models/model-record.ts';
import { docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import { LocalQueue } from '../platform/queue/local-queue.ts';
import { putRegions } from '../projects/regions.ts';
import { type TestAudit, type TestContext, testActor, testContext } from '../testing/context.ts';
import { modelId } from './add-training.ts';
import { startTraining } from './start-training.ts';
import { project, putParts, putProject } from './testing/parts.ts';
import { trainingParts } from './training-parts.ts';
import type { TrainingRequest } from './training-settings.ts';

let opened: TestContext;
let context: TestContext['context'];
beforeEach(async () => {
  opened = await testContext();
  const queue = new LocalQueue({ ...opened.context, runners: {} });
  context = { ...opened.context, queue };
  await putProject(context, 'p');
  await putParts(context, project('p'), 6);
});
afterEach(() => opened.close());

const start = (request: TrainingRequest = {}, owner: Owner = project('p')) =>
  startTraining(context, owner, request, testActor);
const code = (code: string) => expect.objectContaining({ code });

describe('startTraining', () => {
  it('adds a job that holds ids and numbers, and says so in the audit', async () => {
    const { job_id } = await start({ img_size: 128, epochs: 7, lr: 0.01 });
    const job = await context.queue.get(job_id);
    expect(job).toMatchObject({
      kind: 'train',
      state: 'queued',
      model_id: 'p-20260102-030405',
      created_by: 'tester',
      request: {
        snapshot: expect.stringMatching(/^[0-9a-f]{64}$/),
        images: 6,
        img_size: 128,
        epochs: 7,
        lr: 0.01,
        base_model_id: null,
        training_mode: 'anomaly',
      },
    });
    expect(JSON.stringify(job)).not.toContain(opened.folder);
    expect((context.audit as TestAudit).entries).toMatchObject([
      { actor: testActor, action: 'training.start', subject: `jobs/${job_id}`, details: { project: 'p' } },
    ]);
  });

  it('leaves the learning rate to the trainer when the request names none', async () => {
    const { job_id } = await start();
    expect((await context.queue.get(job_id))?.request).toMatchObject({ img_size: 256, epochs: 30, lr: null });
  });

  it('trains by another method from as few images as that needs, without epochs', async () => {
    await putProject(context, 'few');
    await putParts(context, project('few'), 1);
    const { job_id } = await start({ method: 'auto', img_size: 128 }, project('few'));
    const job = (await context.queue.get(job_id))!;
    expect(job.request).toMatchObject({ method: 'auto', epochs: 0, images: 1, lr: null });
    expect(await trainingParts(context, job)).toMatchObject({
      kind: 'auto',
      base: null,
      settings: { imageSize: 128, encoder: 'mobilenetv3-coco' },
    });
    await expect(start({ method: 'memory-bank' }, project('few'))).rejects.toMatchObject({
      code: 'dataset.too_few_images',
      message: expect.stringContaining('training needs at least 2 good images, there are 1'),
    });
  });

  it('refuses epochs, a learning rate or a base model where nothing is trained by steps', async () => {
    await expect(start({ method: 'subspace', epochs: 30, lr: 0.001 })).rejects.toMatchObject({
      code: 'request.invalid',
      errors: [{ path: 'body.epochs' }, { path: 'body.lr' }],
    });
  });

  it('keeps the list of good images as they are now', async () => {
    const [bad, ...good] = await putParts(context, project('p'), 7);
    await markImage(context, project('p'), bad!, 'ng', testActor);
    const { job_id } = await start();
    const { snapshot } = (await context.queue.get(job_id))!.request as { snapshot: string };
    await context.docs.delete(docKeys.images(project('p')));
    expect((await context.docs.get(docKeys.snapshot(snapshot)))?.value).toMatchObject({ images: good });
  });

  it('hands on how pictures are cut, by themselves where the request says nothing', async () => {
    const partsOf = async (request: TrainingRequest) => {
      const { job_id } = await start({ method: 'auto', ...request });
      const job = (await context.queue.get(job_id))!;
      await context.queue.cancel(job_id, 'tester');
      return trainingParts(context, job);
    };
    expect(await partsOf({})).toMatchObject({ tiles: 'auto' });
    expect(await partsOf({ tiles: { size: 512 }, defect_size: 20 })).toMatchObject({
      tiles: { size: 512, overlap: 128 },
      defectSize: 20,
    });
    await expect(start({ tiles: { size: 64, overlap: 40 }, defect_size: 0 })).rejects.toMatchObject({
      code: 'request.invalid',
    });
    await expect(start({ tiles: { size: 64, overlap: 40 } })).rejects.toMatchObject({
      errors: [{ path: 'body.tiles', detail: expect.stringContaining('0 to 32 px') }],
    });
  });

  it('hands on what is said of remembered patches, to methods that remember some', async () => {
    const of = { bank_bytes: 1e6, place_weight: 0.5, reweight_neighbours: 3 };
    const { job_id } = await start({ method: 'memory-bank', ...of });
    const { settings } = await trainingParts(context, (await context.queue.get(job_id))!);
    expect(settings).toMatchObject({ bankBytes: 1e6, placeWeight: 0.5, reweightNeighbours: 3 });
    await expect(start({ method: 'subspace', ...of })).rejects.toMatchObject({
      errors: [
        { path: 'body.bank_bytes', detail: 'the method subspace takes none: it remembers no patches' },
        { path: 'body.place_weight' },
        { path: 'body.reweight_neighbours' },
      ],
    });
    await expect(start({ method: 'auto', place_weight: 11 })).rejects.toMatchObject({
      errors: [{ path: 'body.place_weight', detail: 'expected a number from 0 to 10, got 11' }],
    });
  });

  it('keeps the regions of the project as they are now', async () => {
    const include = [
      [
        [0, 0],
        [1, 0],
        [0, 1],
      ],
    ];
    await putRegions(context, 'p', { include }, {}, testActor);
    const { job_id } = await start();
    await putRegions(context, 'p', {}, {}, testActor);
    const job = (await context.queue.get(job_id))!;
    expect(job.request.regions).toEqual({ include, ignore: [] });
    expect(await trainingParts(context, job)).toMatchObject({ regions: { include, ignore: [] } });
    expect(
      await trainingParts(context, { ...job, request: { ...job.request, regions: null } }),
    ).not.toHaveProperty('regions');
  });

  it.each([
    { img_size: 0 },
    { img_size: 31 },
    { img_size: 32 },
    { img_size: 100 },
    { img_size: 1056 },
    { img_size: 1e9 },
    { epochs: 0 },
    { epochs: -1 },
    { epochs: 1.5 },
    { epochs: 10_001 },
    { epochs: 2 ** 53 },
    { lr: 0 },
    { lr: 1e-8 },
    { lr: -1 },
    { lr: 1.1 },
    { lr: Number.NaN },
    { lr: Number.POSITIVE_INFINITY },
  ])('refuses %o, naming the field', async (request) => {
    const [field] = Object.keys(request);
    await expect(start(request)).rejects.toMatchObject({
      code: 'request.invalid',
      errors: [{ path: `body.${field}`, detail: expect.stringContaining('expected') }],
    });
    expect(await context.queue.list()).toEqual([]);
  });

  it.each([{ img_size: 64, epochs: 1, lr: 1e-7 }, { img_size: 1024, epochs: 3, lr: 1 }, { epochs: 10_000 }])(
    'takes %o',
    async (request) => {
      await start(request);
    },
  );

  it('refuses what is legal field by field and too much as a whole, with the estimate', async () => {
    await expect(start({ img_size: 1024, epochs: 10_000 })).resolves.toBeDefined();
    await putProject(context, 'big');
    const files = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`${i}.png`, { id: String(i), filename: `${i}.png` }]),
    );
    await context.docs.put(docKeys.images(project('big')), { files });
    await expect(start({ img_size: 1024, epochs: 10_000 }, project('big'))).rejects.toThrow(
      expect.objectContaining({
        code: 'job.too_large',
        message: expect.stringMatching(/at least 445 hours; a job may take 24/),
      }),
    );
  });

  it('needs an owner with five good images', async () => {
    await expect(start({}, project('nobody'))).rejects.toThrow(code('project.not_found'));
    await expect(start({}, { kind: 'scene', id: 'nobody' })).rejects.toThrow(code('scene.not_found'));
    await expect(start({}, { kind: 'scene', id: '../p' })).rejects.toThrow(code('scene.not_found'));
    await putParts(context, project('p'), 4);
    await expect(start()).rejects.toThrow(code('dataset.too_few_images'));
    await putParts(context, { kind: 'scene', id: 's' }, 5);
    await start({}, { kind: 'scene', id: 's' });
  });

  it('refuses projects of the mode yolo', async () => {
    await putProject(context, 'y', 'yolo');
    await expect(start({}, project('y'))).rejects.toThrow(code('project.wrong_mode'));
  });

  it('needs a base model of the same project for fine-tuning', async () => {
    await putProject(context, 'f', 'finetune');
    await putParts(context, project('f'), 5);
    const model = (id: string, owner: Owner) =>
      context.docs.put(docKeys.model(id), {
        model_id: id,
        owner,
        thresholds: [],
        files: {},
      } as unknown as ModelRecord);
    await model('import-1', project('f'));
    await model('foreign', project('p'));
    await expect(start({}, project('f'))).rejects.toMatchObject({
      code: 'request.invalid',
      errors: [{ path: 'body.base_model_id' }],
    });
    for (const base_model_id of ['nothing', 'foreign', '../p', '__proto__'])
      await expect(start({ base_model_id }, project('f'))).rejects.toThrow(code('model.not_found'));
    const { job_id } = await start({ base_model_id: 'import-1' }, project('f'));
    expect((await context.queue.get(job_id))?.request).toMatchObject({
      base_model_id: 'import-1',
      training_mode: 'finetune',
    });
  });

  it('says what cannot be fine-tuned: by another method, or from a model that compares patches', async () => {
    await putProject(context, 'f', 'finetune');
    await putParts(context, project('f'), 5);
    for (const method of ['auto', 'memory-bank', 'subspace'] as const)
      await expect(start({ method }, project('f'))).rejects.toMatchObject({
        code: 'request.invalid',
        errors: [
          { path: 'body.method', detail: expect.stringMatching(/finetune.*autoencoder|leave method out/) },
        ],
      });
    const bank = { model_id: 'bank-1', owner: project('f'), detector: 'auto', thresholds: [], files: {} };
    await context.docs.put(docKeys.model('bank-1'), bank as unknown as ModelRecord);
    await expect(start({ base_model_id: 'bank-1' }, project('f'))).rejects.toMatchObject({
      code: 'request.invalid',
      errors: [{ path: 'body.base_model_id', detail: expect.stringContaining('compares patches (auto)') }],
    });
    expect(await context.queue.list()).toEqual([]);
  });

  it('waits for approval where the configuration wants it', async () => {
    context = {
      ...context,
      config: { ...context.config, training: { ...context.config.training, require_approval: true } },
    };
    const { job_id } = await start();
    expect((await context.queue.get(job_id))?.state).toBe('waiting_approval');
  });

  it('starts one of two trainings that are asked for at once', async () => {
    const both = await Promise.allSettled([start(), start()]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((row) => row.status === 'rejected')?.reason).toMatchObject({
      code: 'job.already_running',
    });
  });

  it('gives models of one second different ids, also across owners of one name', async () => {
    const scene: Owner = { kind: 'scene', id: 'p' };
    await putParts(context, scene, 5);
    const ids: string[] = [];
    for (const owner of [project('p'), scene, project('p'), scene]) {
      const { job_id } = await start({}, owner);
      ids.push((await context.queue.get(job_id))!.model_id);
      await context.queue.cancel(job_id, 'me');
    }
    await context.docs.put(docKeys.model('p-20260102-030405-5'), {});
    const { job_id } = await start();
    ids.push((await context.queue.get(job_id))!.model_id);
    const base = 'p-20260102-030405';
    expect(ids).toEqual([base, `${base}-2`, `${base}-3`, `${base}-4`, `${base}-6`]);
  });

  it('makes ids that are slugs for the longest owners too', () => {
    const id = modelId(project('x'.repeat(200)), new Date(0), 12);
    expect(id).toMatch(/^[a-z0-9_-]{200}$/);
    expect(id).toMatch(/x-19700101-000000-12$/);
  });
});
