// F17: trainings asked for in one moment, over HTTP and a real queue: each its own job, and one job for a project.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemIds } from '../platform/ids.ts';
import { LocalQueue } from '../platform/queue/local-queue.ts';
import { putParts, putProject } from '../training/testing/parts.ts';
import { buildApp } from './build-app.ts';
import { type TestApp, testApp } from './testing/test-app.ts';

let test: TestApp;
let app: Awaited<ReturnType<typeof buildApp>>;
beforeEach(async () => {
  test = await testApp();
  const { context } = test.services;
  // Not started: the jobs wait. The clock stands still.
  const queue = new LocalQueue({ ...context, ids: systemIds, runners: {} });
  app = await buildApp({ ...test.services, context: { ...context, queue } });
});
afterEach(async () => {
  await app.close();
  await test.close();
});

const ask = (method: 'GET' | 'POST', url: string, payload?: object) =>
  app.inject({ method, url, headers: { host: 'localhost' }, ...(payload && { payload }) });

describe('trainings asked for in one moment', () => {
  it('of fifty projects are fifty jobs that make fifty models', async () => {
    const ids = Array.from({ length: 50 }, (_, i) => `p-${i}`);
    for (const id of ids) {
      await putProject(test.services.context, id);
      await putParts(test.services.context, { kind: 'project', id }, 5);
    }
    const started = await Promise.all(ids.map((id) => ask('POST', `/projects/${id}/train`, {})));
    expect(new Set(started.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
    expect(new Set(started.map((answer) => answer.json().job_id)).size).toBe(50);
    const { items } = (await ask('GET', '/jobs?limit=100')).json();
    expect(items).toHaveLength(50);
    const models = await test.services.context.docs.list('.okapi/jobs');
    expect(models.docs).toHaveLength(50);
    const jobs = await Promise.all(
      models.docs.map((id) => test.services.context.docs.get<{ model_id: string }>(`.okapi/jobs/${id}`)),
    );
    expect(new Set(jobs.map((job) => job!.value.model_id)).size).toBe(50);
  });

  it('of one project, or of one scene, are one job; the others are told so', async () => {
    await putProject(test.services.context, 'p');
    await putParts(test.services.context, { kind: 'project', id: 'p' }, 5);
    await putParts(test.services.context, { kind: 'scene', id: 's' }, 5);
    for (const [url, payload] of [
      ['/projects/p/train', {}],
      ['/train', { scene_id: 's' }],
    ] as const) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => ask('POST', url, payload)));
      expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
      const others = answers.filter(({ statusCode }) => statusCode !== 200);
      for (const other of others) {
        expect(other.statusCode).toBe(409);
        expect(other.json().code).toBe('job.already_running');
      }
    }
    expect((await ask('GET', '/jobs')).json().items).toHaveLength(2);
  });

  it('by another method need few images and take no epochs, also where the request leaves them out', async () => {
    await putParts(test.services.context, { kind: 'scene', id: 'few' }, 1);
    const payload = { scene_id: 'few', method: 'auto' };
    const refused = await ask('POST', '/train', { ...payload, epochs: 3 });
    expect(refused.statusCode).toBe(422);
    expect(refused.json().errors).toMatchObject([{ path: 'body.epochs' }]);
    const started = await ask('POST', '/train', payload);
    expect(started.statusCode).toBe(200);
    expect(await test.services.context.queue.get(started.json().job_id)).toMatchObject({
      request: { method: 'auto', epochs: 0, images: 1 },
    });
  });
});
