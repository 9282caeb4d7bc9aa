// Evaluations of stored models on marked images: right figures, nothing that the model knows, durable and cancelable.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { samplePart } from '../../vision/dataset/sample-parts.ts';
import type { DetectorEvaluation } from '../../vision/evaluation/detector-evaluation.ts';
import { evaluateDetector } from '../../vision/evaluation/evaluate-detector.ts';
import { anomalyDetector, encodePicture, loadDetector, openRuntime } from '../../vision/index.ts';
import { readCalibration } from '../../vision/scoring/threshold-file.ts';
import { readIndex } from '../datasets/image-index.ts';
import { changeImage, markImage } from '../datasets/mark-image.ts';
import { putMask } from '../datasets/masks.ts';
import { openProbes, type Probes } from '../datasets/probes.ts';
import { snapshot } from '../datasets/snapshot.ts';
import { newProject, staged, upload } from '../datasets/testing/uploads.ts';
import { storeCopy, trainTiny } from '../inference/testing/stored-models.ts';
import { deleteModel } from '../models/delete-model.ts';
import { putModel, readModel } from '../models/model-documents.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys } from '../platform/layout.ts';
import type { JobRecord, Owner } from '../platform/queue/job.ts';
import { LocalQueue } from '../platform/queue/local-queue.ts';
import { notingSandbox } from '../platform/testing/noting-sandbox.ts';
import { type TestContext, testActor, testContext } from '../testing/context.ts';
import { putSnapshot } from '../training/training-order.ts';
import { compare } from './compare.ts';
import { thinned } from './evaluation-answer.ts';
import { evaluationsOf, getEvaluation, readPictures } from './evaluation-record.ts';
import { evaluationRunner } from './evaluation-runner.ts';
import { evaluationKind, startEvaluation } from './start-evaluation.ts';

let made: string;
let tiny: string;
beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), 'okapi-'));
  tiny = await trainTiny(made);
});
afterAll(() => rm(made, { recursive: true }));

let opened: TestContext;
let context: Context;
let queue: LocalQueue;
let runners: Record<string, ReturnType<typeof evaluationRunner>>;
let probes: Probes;
let owner: Owner;
let names: Record<string, string>;

beforeEach(async () => {
  opened = await testContext();
  runners = {};
  queue = new LocalQueue({ ...opened.context, runners });
  context = { ...opened.context, queue };
  runners[evaluationKind] = evaluationRunner(context);
  await queue.start();
  probes = openProbes(context.config);
  owner = await newProject(context);
  names = {};
});
afterEach(async () => {
  await queue.stop();
  await probes.close();
  await opened.close();
});

/** Uploads parts and marks them; by their names `ok 0`, `ng 0` and so on. */
async function putParts(ok: number, ng: number, from = 0): Promise<void> {
  for (const [mark, count] of [
    ['ok', ok],
    ['ng', ng],
  ] as const) {
    for (let i = from; i < from + count; i++) {
      const part = samplePart(
        'boards',
        (mark === 'ok' ? 700 : 800) + i,
        mark === 'ng' ? 'missing' : undefined,
        80,
      );
      const bytes = await encodePicture(part.picture, 'png');
      const { items } = await upload(context, probes, owner, [{ name: `${mark} ${i}.png`, bytes }]);
      names[`${mark} ${i}`] = items[0]!.filename!;
      await markImage(context, owner, items[0]!.filename!, mark, testActor);
      if (mark === 'ng' && i === from) await putPartMask(items[0]!.filename!, part.mask);
    }
  }
}

async function putPartMask(stored: string, mask: Uint8Array | null): Promise<void> {
  const data = Uint8Array.from({ length: 3 * 80 * 80 }, (_, i) => mask![Math.floor(i / 3)]!);
  const bytes = await encodePicture({ width: 80, height: 80, data }, 'png');
  for await (const file of staged(context, [{ name: 'mask.png', bytes }]))
    await putMask({ context, probes }, owner, stored, file, testActor);
}

/** As if it had learnt from these images. */
async function putModelOf(id: string, learnt: readonly string[] | null): Promise<void> {
  const record = await storeCopy(context, tiny, id, { owner });
  if (learnt === null) return;
  const images = learnt.map((name) => ({ filename: names[name]! }));
  const sha256 = id.padEnd(64, '0').replaceAll(/[^0-9a-f]/g, 'a');
  await putSnapshot(context, { images: images as never, sha256 });
  const { revision } = (await readModel(context, id))!;
  await putModel(context, { ...record, dataset_sha256: sha256 }, { ifRevision: revision });
}

async function evaluated(id: string, options = {}): Promise<JobRecord> {
  const { job_id } = await startEvaluation(context, id, options, testActor);
  return ended(job_id);
}

async function ended(jobId: string): Promise<JobRecord> {
  const state = async () => (await queue.get(jobId))!.state;
  await expect.poll(state, { timeout: 60_000, interval: 20 }).toMatch(/finished|failed|canceled/);
  return (await queue.get(jobId))!;
}

async function anomalyEvaluation(id: string) {
  const record = await getEvaluation(context, id);
  if (record.task === 'anomaly') return record;
  throw new Error('expected an evaluation of a model that finds anomalies');
}

/** What the library itself says about the same files. */
async function byHand(unseen: readonly string[]): Promise<DetectorEvaluation> {
  const runtime = await openRuntime({ device: 'cpu', threads: 1 });
  const detector = anomalyDetector(await loadDetector(tiny, runtime));
  const { index } = await readIndex(context, owner);
  const pictures = await Promise.all(
    unseen.map(async (name) => {
      const { filename, mark, mask } = index.files[names[name]!]!;
      return {
        file: await context.blobs.localPath(blobKeys.image(owner, filename)),
        defect: mark === 'ng' ? 'ng' : null,
        mask: mask === undefined ? null : await context.blobs.localPath(blobKeys.mask(owner, mask.id)),
      };
    }),
  );
  const evaluation = await evaluateDetector(detector, pictures);
  await runtime.close();
  return evaluation;
}

describe('an evaluation', () => {
  it('runs its child behind the sandbox command', async () => {
    await putParts(2, 1);
    await putModelOf('m-1', null);
    const sandbox = notingSandbox(opened.folder);
    const training = { ...context.config.training, sandbox_command: sandbox.command };
    runners[evaluationKind] = evaluationRunner({ ...context, config: { ...context.config, training } });
    expect(await evaluated('m-1')).toMatchObject({ state: 'finished' });
    expect(await sandbox.started()).toEqual(['evaluation-child']);
  });

  it('has the figures of the library, of the pictures that the model does not know', async () => {
    await putParts(5, 4);
    await putModelOf('m-1', ['ok 0', 'ok 1']);
    const job = await evaluated('m-1');
    expect(job).toMatchObject({ state: 'finished', failure: null, progress: 1, kind: 'evaluate' });
    const [record, ...others] = await evaluationsOf(context, { model_id: 'm-1' });
    expect(others).toEqual([]);
    const e = await byHand(['ok 2', 'ok 3', 'ok 4', 'ng 0', 'ng 1', 'ng 2', 'ng 3']);
    expect(record).toMatchObject({
      evaluation_id: job.job_id,
      by: 'tester',
      threshold: e.threshold,
      counts: { ok: 3, ng: 4, seen: 2, untested: 0 },
      note: '2 marked pictures are left out, because a model has learnt from them',
      masks: { used: 1, missing: 3, refused: 0 },
      figures: {
        image_auroc: {
          value: e.imageAuroc.value,
          interval: [e.imageAurocInterval!.low, e.imageAurocInterval!.high],
        },
        average_precision: { value: e.averagePrecision.value },
        best_f1: { value: e.bestF1!.f1, threshold: e.bestF1!.threshold },
        pixel_auroc: { value: e.pixelAuroc.value },
        aupro: { value: e.aupro.value },
        false_alarm_rate: { value: e.falseAlarmRate.value },
      },
    });
    const { falsePositives, falseNegatives } = e.atBestF1!;
    expect(record).toMatchObject({
      suggestion: {
        ...{ threshold: e.bestF1!.threshold, false_alarms: falsePositives, of_good: 3 },
        ...{ missed: falseNegatives, of_ng: 4 },
      },
    });
    expect(record!.dataset_sha256).toMatch(/^[0-9a-f]{64}$/);
    const { pictures, roc } = await readPictures(context, await anomalyEvaluation(job.job_id));
    expect(pictures.map(({ score }) => score).sort()).toEqual(e.pictures.map(({ score }) => score).sort());
    expect(pictures.map(({ filename }) => filename)).not.toContain(names['ok 0']);
    expect(roc[0]).toEqual({ score: null, false_positive_rate: 0, true_positive_rate: 0 });
    const events = (await queue.events(job.job_id, 0)).map(({ event }) => event);
    expect(events.find(({ type }) => type === 'pictures')).toMatchObject({ total: 7 });
    expect(JSON.stringify([record, pictures])).not.toContain(opened.folder);
  });

  it('says so when nobody knows what the model has learnt from, and when there is one class', async () => {
    await putParts(2, 0);
    await putModelOf('m-1', null);
    await evaluated('m-1');
    const [record] = await evaluationsOf(context, { model_id: 'm-1' });
    expect(record).toMatchObject({
      counts: { ok: 2, ng: 0, seen: null },
      note: expect.stringContaining('is not known'),
      figures: {
        image_auroc: { value: null, interval: null, reason: 'there is no anomalous picture among them' },
        best_f1: { value: null, threshold: null, reason: 'there is no anomalous picture among them' },
        false_alarm_rate: { value: expect.any(Number), interval: [expect.any(Number), expect.any(Number)] },
      },
    });
  });

  it('holds ng pictures against the left-out scores of the training when no ok picture is unseen', async () => {
    await putParts(2, 2);
    await putModelOf('m-1', ['ok 0', 'ok 1']);
    const { job_id } = await evaluated('m-1');
    const record = await anomalyEvaluation(job_id);
    const { scores } = readCalibration(await readFile(join(tiny, 'threshold.json'), 'utf8'))!;
    const ng = (await readPictures(context, record)).pictures.map(({ score }) => score);
    expect(ng).toHaveLength(2);
    const wins = ng.flatMap((bad) =>
      scores.map((good) => (bad > good ? 1 : bad === good ? 0.5 : 0) as number),
    );
    expect(record).toMatchObject({
      good_side: 'left-out',
      counts: { ok: 0, ng: 2, seen: 2, left_out: scores.length },
      note: expect.stringContaining('each given by a model that had not seen it'),
      figures: { image_auroc: { value: wins.reduce((a, b) => a + b, 0) / wins.length } },
    });
    const { true_negatives, false_positives } = record.confusion;
    expect(true_negatives + false_positives).toBe(scores.length);
  });

  it('takes pictures that are held out as good ones, which trainings leave out', async () => {
    await putParts(3, 1);
    const held = names['ok 0']!;
    await changeImage(context, owner, held, { holdout: true, mark: null }, testActor);
    const learnt = (await snapshot(context, owner)).images.map(({ filename }) => filename);
    expect(learnt.sort()).toEqual([names['ok 1']!, names['ok 2']!].sort());
    await putModelOf('m-1', ['ok 1', 'ok 2']);
    const { job_id } = await evaluated('m-1');
    const record = await anomalyEvaluation(job_id);
    expect(record).toMatchObject({ good_side: 'pictures', counts: { ok: 1, ng: 1, left_out: 0 } });
    const { pictures } = await readPictures(context, record);
    expect(pictures.find(({ filename }) => filename === held)).toMatchObject({ truth: 'ok' });
    await changeImage(context, owner, held, { holdout: false }, testActor);
    expect((await snapshot(context, owner)).images).toHaveLength(3);
  });

  it('is refused without marked images that the model does not know, before there is a job', async () => {
    await putParts(2, 0);
    await putModelOf('m-1', ['ok 0', 'ok 1']);
    await expect(startEvaluation(context, 'm-1', {}, testActor)).rejects.toMatchObject({
      code: 'dataset.too_few_images',
      message: expect.stringContaining('2 are marked, and it has learnt from 2'),
    });
    expect(await queue.list()).toEqual([]);
  });

  it('is refused for base models, for models that are not there, and with options of object detectors', async () => {
    await putParts(1, 1);
    await putModelOf('m-1', null);
    const doc = (await readModel(context, 'm-1'))!;
    await expect(startEvaluation(context, 'nobody', {}, testActor)).rejects.toMatchObject({
      code: 'model.not_found',
    });
    await expect(startEvaluation(context, 'm-1', { unseen_by: ['nobody'] }, testActor)).rejects.toMatchObject(
      {
        code: 'model.not_found',
      },
    );
    await putModel(context, { ...doc.value, thresholds: [] }, { ifRevision: doc.revision });
    await expect(startEvaluation(context, 'm-1', {}, testActor)).rejects.toMatchObject({
      code: 'model.base_only',
    });
    await putModel(context, doc.value, { ifRevision: (await readModel(context, 'm-1'))!.revision });
    await expect(startEvaluation(context, 'm-1', { conf: 0.5 }, testActor)).rejects.toMatchObject({
      code: 'model.wrong_task',
      message: expect.stringContaining('conf is for object detectors'),
    });
  });

  it('can be made again, keeps the model from being deleted meanwhile, and goes with it', async () => {
    await putParts(2, 2);
    await putModelOf('m-1', null);
    await evaluated('m-1');
    const { job_id } = await startEvaluation(context, 'm-1', {}, testActor);
    await expect(deleteModel(context, 'm-1', testActor)).rejects.toMatchObject({ code: 'model.in_use' });
    await ended(job_id);
    expect(await evaluationsOf(context, { model_id: 'm-1' })).toHaveLength(2);
    await deleteModel(context, 'm-1', testActor);
    expect(await evaluationsOf(context, { model_id: 'm-1' })).toEqual([]);
    await expect(getEvaluation(context, job_id)).rejects.toMatchObject({ code: 'evaluation.not_found' });
    expect(await context.blobs.list(blobKeys.evaluations(owner, 'm-1'))).toEqual([]);
  });

  it('ends when it is canceled, and leaves nothing', async () => {
    await putParts(6, 2);
    await putModelOf('m-1', null);
    const { job_id } = await startEvaluation(context, 'm-1', {}, testActor);
    await expect.poll(async () => (await queue.get(job_id))!.state).toBe('running');
    await queue.cancel(job_id, 'tester');
    expect(await ended(job_id)).toMatchObject({ state: 'canceled' });
    expect(await evaluationsOf(context, { model_id: 'm-1' })).toEqual([]);
  });

  it('starts anew when its child is killed, and is stored once', async () => {
    await putParts(6, 2);
    await putModelOf('m-1', null);
    const { job_id } = await startEvaluation(context, 'm-1', {}, testActor);
    const killed = new Promise<void>((resolve) => {
      const stop = queue.watch(({ event }) => {
        if (event.type !== 'pictures') return;
        stop();
        void evaluationChildren().then((pids) => {
          for (const pid of pids) process.kill(pid, 'SIGKILL');
          resolve();
        });
      });
    });
    await killed;
    expect(await ended(job_id)).toMatchObject({ state: 'finished', failure: null });
    expect(await evaluationsOf(context, { model_id: 'm-1' })).toHaveLength(1);
  });

  it('fails with a plain reason when the model is damaged', async () => {
    await putParts(1, 1);
    await putModelOf('m-1', null);
    await context.blobs.delete(`${blobKeys.model(owner, 'm-1')}/model.onnx`);
    const job = await evaluated('m-1');
    expect(job).toMatchObject({ state: 'failed', failure: { code: 'model.corrupt' } });
    expect(job.failure!.detail).not.toContain(opened.folder);
  });
});

describe('a comparison', () => {
  it('puts evaluations on the same pictures side by side', async () => {
    await putParts(3, 3);
    await putModelOf('m-1', ['ok 0']);
    await putModelOf('m-2', ['ok 1']);
    const between = () => compare(context, owner.id, ['m-1', 'm-2']);
    await expect(between()).rejects.toMatchObject({ code: 'evaluation.not_found' });
    await evaluated('m-1');
    await evaluated('m-2');
    await expect(between()).rejects.toMatchObject({ code: 'evaluation.different_sets' });
    await evaluated('m-1', { unseen_by: ['m-2'] });
    await evaluated('m-2', { unseen_by: ['m-1'] });
    const { models, pictures, against_first } = await between();
    expect(models.map(({ model_id, counts }) => [model_id, counts.ok, counts.seen])).toEqual([
      ['m-1', 1, 2],
      ['m-2', 1, 2],
    ]);
    expect(pictures).toHaveLength(4);
    expect(against_first).toMatchObject([
      { model_id: 'm-2', auroc_difference: { value: 0 }, only_this_right: 0, only_first_right: 0 },
    ]);
    // A mark that changes makes another set.
    await markImage(context, owner, names['ng 0']!, 'ok', testActor);
    await evaluated('m-1', { unseen_by: ['m-2'] });
    expect((await between()).dataset_sha256).toBe(models[0]!.dataset_sha256);
  });

  it('is refused for a model named twice, and for models of others', async () => {
    await putParts(1, 1);
    await putModelOf('m-1', null);
    await storeCopy(context, tiny, 'other', { owner: await newProject(context, 'others') });
    await expect(compare(context, owner.id, ['m-1', 'm-1'])).rejects.toMatchObject({
      code: 'request.invalid',
    });
    await expect(compare(context, owner.id, ['m-1', 'other'])).rejects.toMatchObject({
      code: 'model.not_found',
    });
    await expect(compare(context, 'nobody', ['m-1', 'm-2'])).rejects.toMatchObject({
      code: 'project.not_found',
    });
  });
});

describe('a thinned curve', () => {
  it('keeps its ends and no more points than asked for', () => {
    const points = Array.from({ length: 5000 }, (_, i) => i);
    const thin = thinned(points, 100);
    expect([thin.length, thin[0], thin.at(-1)]).toEqual([100, 0, 4999]);
    expect(new Set(thin).size).toBe(100);
    expect(thinned([1, 2], 100)).toEqual([1, 2]);
  });
});

/** Processes of ours that evaluate. */
async function evaluationChildren(): Promise<number[]> {
  const text = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8');
  const pids = text.trim().split(' ').filter(Boolean).map(Number);
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return pids.filter((_, i) => lines[i]!.includes('evaluation-child'));
}
