// A project deleted at every step of what else is done to it: it stays gone, and nothing of it is left or comes back.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ServerError } from '../contract/errors.ts';
import type { ProbeAnswer } from '../datasets/probe-picture.ts';
import type { Probes } from '../datasets/probes.ts';
import { picture, staged, upload } from '../datasets/testing/uploads.ts';
import { fsck } from '../fsck/fsck.ts';
import { putLabel } from '../labels/put-label.ts';
import type { BaseModelChecks } from '../models/base-model-checks.ts';
import { importBaseModel } from '../models/import-base-model.ts';
import { storeFake } from '../models/testing/fake-model.ts';
import type { Context } from '../platform/context.ts';
import { docKeys } from '../platform/layout.ts';
import type { Owner } from '../platform/queue/job.ts';
import type { JobRunner } from '../platform/queue/job-queue.ts';
import { LocalQueue } from '../platform/queue/local-queue.ts';
import { newJob } from '../platform/queue/testing/describe-job-queue.ts';
import { deleteProject } from '../projects/delete-project.ts';
import { listProjects } from '../projects/list-projects.ts';
import { sweepDeleted } from '../projects/sweep-deleted.ts';
import { startTraining } from '../training/start-training.ts';
import { putParts, putProject } from '../training/testing/parts.ts';
import { testActor, testContext } from './context.ts';

const owner: Owner = { kind: 'project', id: 'p' };

const probes: Probes = {
  async probe(path): Promise<ProbeAnswer> {
    const bytes = await readFile(path);
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    return { hash, sizeBytes: bytes.length, extension: 'png', width: 40, height: 30 };
  },
  close: async () => {},
};

const checks: BaseModelChecks = {
  async check({ path, folder }) {
    const bytes = await readFile(path);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'model.safetensors'), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const files = { 'model.safetensors': { bytes: bytes.length, sha256 } };
    return { encoder: 'none', notes: [], files } as never;
  },
  inTurn: (work) => work(),
  close: async () => {},
};

const flows: Record<string, (context: Context, images: readonly string[]) => Promise<unknown>> = {
  async 'an upload of pictures'(context) {
    const sent = [1, 2].map(async (seed) => ({ name: `${seed}.png`, bytes: await picture(seed) }));
    await upload(context, probes, owner, await Promise.all(sent));
  },
  async 'an upload of a base model'(context) {
    const bytes = Buffer.from('weights');
    for await (const file of staged(context, [{ name: 'w.pt', bytes }]))
      await importBaseModel({ context, checks }, owner.id, file, testActor);
  },
  async 'a label'(context, images) {
    const box = { label: 'dent', x: 0.1, y: 0.1, width: 0.2, height: 0.2 };
    const body = { image_width: 80, image_height: 80, boxes: [box] };
    await putLabel(context, owner.id, images[0]!, body, {}, testActor);
  },
  'the start of a training': (context) => startTraining(context, owner, {}, testActor),
};

/** Calls back before the n-th change of what is stored; how many there were. */
function interrupted(context: Context, at: number, callback: () => Promise<void>) {
  let count = 0;
  const watched = <T extends object>(store: T, names: readonly string[]): T =>
    new Proxy(store, {
      get(target, name) {
        const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
        if (!names.includes(String(name))) return method.bind(target);
        return async (...args: unknown[]) => {
          if (++count === at) await callback();
          return method.apply(target, args);
        };
      },
    });
  const docs = watched(context.docs, ['put', 'append', 'delete']);
  const blobs = watched(context.blobs, ['put', 'adopt', 'delete']);
  const queue = watched(context.queue, ['add']);
  const audit = watched(context.audit, ['record']);
  return { context: { ...context, docs, blobs, queue, audit }, steps: () => count };
}

/** Deletes the project before the n-th change and looks at what is left; how many changes there were. */
async function deletedAt(flow: (typeof flows)[string], n: number): Promise<number> {
  const test = await testContext();
  try {
    await putProject(test.context, owner.id, 'finetune');
    const images = await putParts(test.context, owner, 6);
    const doc = await test.context.docs.get<object>(docKeys.project(owner.id));
    if (flow === flows['the start of a training'])
      await test.context.docs.put(docKeys.project(owner.id), { ...doc!.value, training_mode: 'anomaly' });
    const { context, steps } = interrupted(test.context, n, () =>
      deleteProject(test.context, owner.id, { confirm: 'p', force: true }, testActor),
    );
    await flow(context, images).catch((error: unknown) => {
      if (!(error instanceof ServerError)) throw error;
      expect(error.code).toMatch(/^(project|image|dataset)\.\w+$/);
    });
    if (steps() < n) return steps();
    // What a job of the deleted project still has, its cancellation or the next sweep takes.
    await sweepDeleted(test.context);
    expect(await listProjects(test.context)).toEqual([]);
    const left = [
      ...(await test.context.blobs.list('projects')),
      ...(await test.context.docs.list(docKeys.projects)).folders,
      ...(await test.context.docs.list(docKeys.models)).docs,
      ...(await test.context.docs.list(docKeys.jobs)).docs,
      ...(await test.context.docs.list(docKeys.jobs)).journals,
    ];
    expect({ n, left }).toEqual({ n, left: [] });
    expect((await fsck(test.context)).filter(({ kind }) => kind !== 'file.unfinished')).toEqual([]);
    return steps();
  } finally {
    await test.close();
  }
}

it.each(Object.keys(flows))('F19 a project deleted at every step of %s', async (name) => {
  let n = 1;
  while ((await deletedAt(flows[name]!, n)) >= n) n++;
  expect(n).toBeGreaterThan(2);
});

it('F19 a project deleted while its job stores the model goes once the job has ended, with the model', async () => {
  const test = await testContext();
  const { promise: mayStore, resolve: letStore } = withResolvers();
  let passed = 0;
  const runner: JobRunner = async ({ job, finalise }) => {
    await finalise();
    passed++;
    await mayStore;
    await storeFake(context, test.folder, job.model_id, { owner });
  };
  const queue = new LocalQueue({ ...test.context, runners: { test: runner } });
  const context: Context = { ...test.context, queue };
  try {
    await putProject(context, owner.id);
    await queue.start();
    await queue.add(newJob(owner.id));
    await expect.poll(() => passed).toBe(1);
    const remove = (force: boolean) => deleteProject(context, owner.id, { confirm: 'p', force }, testActor);
    await expect(remove(false)).rejects.toMatchObject({ code: 'project.busy' });
    const states: string[] = [];
    queue.watch(({ event }) => event.type === 'state' && states.push(event.state));
    const removed = remove(true);
    letStore();
    await removed;
    // Past its commit point it is not canceled.
    expect(states).toEqual(['finished']);
    await sweepDeleted(context);
    expect(await listProjects(context)).toEqual([]);
    expect((await context.docs.list(docKeys.models)).docs).toEqual([]);
    expect(await context.blobs.list('projects')).toEqual([]);
    expect(await queue.list()).toEqual([]);
    expect(await fsck(context)).toEqual([]);
  } finally {
    await queue.stop();
    await test.close();
  }
});

function withResolvers() {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
