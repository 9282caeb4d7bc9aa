// A false alarm becomes part of a model: over HTTP, on a server of its own, with real children.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OkapiClient, okapiClient } from '../../client/index.ts';
import { samplePart } from '../../vision/dataset/sample-parts.ts';
import { encodePicture } from '../../vision/image/encode.ts';
import { type RunningServer, startServer } from '../app.ts';

let folder: string;
let server: RunningServer;
let api: OkapiClient;
let project_id: string;
let model_id: string;
let stored: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'okapi-'));
  const overrides = {
    log: { level: 'silent' },
    training: { device: 'cpu', threads: 1 },
    inference: { device: 'cpu', threads: 1 },
    server: { port: 0 },
  };
  server = await startServer({ folder, env: {}, overrides });
  api = okapiClient({ baseUrl: `http://127.0.0.1:${server.port}` });
  ({ project_id } = await api.createProject({ body: { name: 'boards' } }));
  const files = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((seed) => upload(seed)));
  const { items } = await api.uploadProjectImages({ project_id, files });
  stored = items.map(({ filename }) => filename!);
  const { job_id } = await api.trainProject({ project_id, body: { method: 'auto', img_size: 64 } });
  model_id = (await api.untilJobEnds(job_id)).model_id!;
}, 300_000);
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** A good part; with a label that no part had before, or with a hole. */
async function upload(seed: number, spot: 'label' | 'hole' | null = null) {
  const { picture } = samplePart('boards', seed, undefined, 80);
  const data = picture.data.slice();
  const [left, top, colour] = spot === 'label' ? [42, 12, [205, 190, 60]] : [8, 50, [255, 255, 255]];
  if (spot !== null)
    for (let y = top as number; y < (top as number) + 18; y++)
      for (let x = left as number; x < (left as number) + 20; x++)
        data.set(colour as number[], 3 * (y * 80 + x));
  const bytes = await encodePicture({ ...picture, data }, 'png');
  return { name: `part ${seed}${spot ?? ''}.png`, data: new Blob([Buffer.from(bytes)]) };
}

async function tested(model: string, ...files: Awaited<ReturnType<typeof upload>>[]) {
  const { items } = await api.testModel({ model_id: model, files });
  return items.map((item) => {
    if (!('score' in item)) throw new Error(JSON.stringify(item));
    return item;
  });
}

describe('POST /models/{model_id}/update', () => {
  it('makes a new model that knows a false alarm, in a job; the old one stays', async () => {
    const [alarm, hole] = await tested(model_id, await upload(30, 'label'), await upload(31, 'hole'));
    expect([alarm!.is_anomaly, hole!.is_anomaly]).toEqual([true, true]);
    const result_id = alarm!.result_id!;
    await expect(api.updateModel({ model_id, body: { results: [result_id] } })).rejects.toMatchObject({
      code: 'result.not_false_alarm',
    });
    await api.judgeResult({ project_id, result_id, body: { feedback: 'false_alarm' } });
    const { job_id } = await api.updateModel({ model_id, body: { results: [result_id] } });
    const job = await api.untilJobEnds(job_id);
    expect(job).toMatchObject({ status: 'finished', kind: 'update' });
    const next = job.model_id!;
    expect(next).not.toBe(model_id);

    const [again, like, still] = await tested(
      next,
      await upload(30, 'label'),
      await upload(32, 'label'),
      await upload(31, 'hole'),
    );
    expect([again!.is_anomaly, still!.is_anomaly]).toEqual([false, true]);
    expect(like!.score).toBeLessThan(0.7 * alarm!.score);
    const detail = await api.getModel({ model_id: next });
    const { items } = await api.listProjectImages({ project_id });
    const added = items.find(({ filename }) => !stored.includes(filename))!;
    expect(detail).toMatchObject({
      detector: 'auto',
      base_model_id: model_id,
      updated_from: { model_id, images: [added.filename], by: 'local' },
      thresholds: [{ reason: 'calibration after an update with 1 picture' }],
    });
    const { items: scores } = await api.getModelScores({ model_id: next });
    expect(scores).toHaveLength(9);
    expect(scores.map(({ filename }) => filename)).toContain(added.filename);

    const [old] = await tested(model_id, await upload(30, 'label'));
    expect(old).toMatchObject({ is_anomaly: true, score: alarm!.score });
    expect(await api.getModel({ model_id })).toMatchObject({ updated_from: null });
  }, 200_000);

  it('refuses what is not good, not new, or not there', async () => {
    const [known, bad] = stored as [string, string];
    const refused = (body: object) => expect(api.updateModel({ model_id, body })).rejects;
    await refused({ images: [known] }).toMatchObject({
      code: 'request.invalid',
      message: expect.stringContaining('has learnt from'),
    });
    await api.markProjectImage({ project_id, filename: bad, body: { mark: 'ng' } });
    await refused({ images: [bad] }).toMatchObject({ message: expect.stringContaining('is marked ng') });
    await refused({ images: ['a.png'] }).toMatchObject({ code: 'image.not_found' });
    await refused({ results: ['ab'.repeat(16)] }).toMatchObject({ code: 'result.not_found' });
    await refused({ images: [], results: [] }).toMatchObject({ code: 'request.invalid' });
    await refused({}).toMatchObject({ code: 'request.invalid' });
  });
});
