import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerError } from '../contract/errors.ts';
import type { DocStore } from '../platform/docs/doc-store.ts';
import { blobKeys, docKeys, journalKeys } from '../platform/layout.ts';
import type { NewJob } from '../platform/queue/job-queue.ts';
import {
  type TestAudit,
  type TestClock,
  type TestContext,
  testActor,
  testContext,
} from '../testing/context.ts';
import type { IdleQueue } from '../testing/idle-queue.ts';
import { createProject } from './create-project.ts';
import { deleteProject } from './delete-project.ts';
import { getProject } from './get-project.ts';
import { listProjects } from './list-projects.ts';
import { projectInfo } from './project-info.ts';
import { sweepDeleted } from './sweep-deleted.ts';

let test: TestContext;
beforeEach(async () => {
  test = await testContext();
});
afterEach(() => test.close());

const create = (name: string, description?: string) =>
  createProject(test.context, { name, ...(description === undefined ? {} : { description }) }, testActor);
const audit = () => (test.context.audit as TestAudit).entries.map(({ action, subject }) => [action, subject]);

async function codeOf(action: Promise<unknown>): Promise<string> {
  try {
    await action;
  } catch (error) {
    if (error instanceof ServerError) return error.code;
    throw error;
  }
  return 'none';
}

const jobOf = (id: string): NewJob => ({
  kind: 'train',
  owner: { kind: 'project', id },
  model_id: `${id}-model`,
  request: {},
  created_by: 'tester',
  needs_approval: false,
});

describe('creating a project', () => {
  it('makes an id of the name and the time, and a record as the original has it', async () => {
    const record = await create('  Würfel / groß  ', 'two\r\nlines');
    expect(record).toEqual({
      project_id: 'wurfel-gro-20260102-030405',
      name: 'Würfel / groß',
      description: 'two\nlines',
      created_at: '2026-01-02T03:04:05.000Z',
      training_mode: 'anomaly',
      last_model_id: null,
    });
    expect(await getProject(test.context, record.project_id)).toEqual(record);
    expect(await readdir(join(test.folder, 'data/projects', record.project_id))).toEqual(['meta.json']);
    expect(audit()).toEqual([['project.create', `projects/${record.project_id}`]]);
  });

  it('gives a thousand projects of one frozen moment a thousand ids', async () => {
    const records = await Promise.all(Array.from({ length: 1000 }, () => create('same')));
    expect(new Set(records.map(({ project_id }) => project_id)).size).toBe(1000);
    expect(await listProjects(test.context)).toHaveLength(1000);
  });

  it.each([
    ['ไม้', 'project-20260102-030405'],
    ['日本', 'project-20260102-030405'],
    ['🙂', 'project-20260102-030405'],
    ['../../etc/passwd', 'etc-passwd-20260102-030405'],
    ['__proto__', '__proto__-20260102-030405'],
    ['x'.repeat(120), `${'x'.repeat(120)}-20260102-030405`],
  ])('named %s gives the id %s', async (name, id) => {
    const record = await create(name);
    expect(record.project_id).toBe(id);
    expect(record.name).toBe(name);
  });

  it.each([
    ['e\u0301t\u0000e\u202e\u200b\r\n', 'éte'],
    ['\ud800lone', 'lone'],
  ])('cleans the name %j', async (name, clean) => {
    expect((await create(name)).name).toBe(clean);
  });

  it.each(['', '   ', '\u200b\u202e', '\u0000', 'x'.repeat(121), 'é'.repeat(10_000)])(
    'refuses the name %j',
    async (name) => {
      expect(await codeOf(create(name))).toBe('request.invalid');
      expect(await listProjects(test.context)).toEqual([]);
    },
  );

  it('names the field that is wrong', async () => {
    await expect(create('ok', 'x'.repeat(2001))).rejects.toMatchObject({
      errors: [{ path: 'body.description' }],
    });
    await expect(
      createProject(test.context, { name: 'x', training_mode: 'other' as never }, testActor),
    ).rejects.toMatchObject({ errors: [{ path: 'body.training_mode' }] });
  });
});

describe('reading projects', () => {
  it('lists the newest first', async () => {
    const clock = test.context.clock as TestClock;
    for (const name of ['first', 'second', 'third']) {
      await create(name);
      clock.advance(1000);
    }
    expect((await listProjects(test.context)).map(({ name }) => name)).toEqual(['third', 'second', 'first']);
  });

  it.each(['..', 'A', 'a/b', '', '%2e', "' or 1=1", '__proto__', 'x'.repeat(10_000), '๑'])(
    'finds nothing under %j',
    async (id) => {
      expect(await codeOf(getProject(test.context, id))).toBe('project.not_found');
    },
  );

  it('reads what the original wrote', async () => {
    await put('old', '{"name": "Old", "created_at": "2024-05-06T07:08:09.123456", "extra": [1]}');
    expect(await getProject(test.context, 'old')).toEqual({
      project_id: 'old',
      name: 'Old',
      description: null,
      created_at: '2024-05-06T07:08:09.123456Z',
      training_mode: 'anomaly',
      last_model_id: null,
      extra: [1],
    });
  });

  it('lists the others when one record is damaged, and says so when that one is asked for', async () => {
    const { project_id } = await create('good');
    await put('bad', '{"name": "ba');
    expect((await listProjects(test.context)).map((record) => record.project_id)).toEqual([project_id]);
    await expect(getProject(test.context, 'bad')).rejects.toMatchObject({
      code: 'doc.corrupt',
      message: expect.stringContaining('projects/bad/meta'),
    });
  });

  it('counts the images and names the first', async () => {
    const record = await create('with images');
    const owner = { kind: 'project', id: record.project_id } as const;
    expect((await projectInfo(test.context, record)).num_images).toBe(0);
    const files = Object.fromEntries(['b.png', 'a.png', 'c.png', 'e.png', 'd.png'].map((name) => [name, {}]));
    await test.context.docs.put(docKeys.images(owner), {
      files: { ...files, 'c.png': { mark: 'ng', holdout: true }, 'e.png': { holdout: true } },
    });
    expect(await projectInfo(test.context, record)).toEqual({
      ...record,
      num_images: 5,
      num_ng: 1,
      num_holdout: 1,
      first_images: ['b.png', 'a.png', 'c.png', 'e.png'],
    });
  });

  async function put(id: string, text: string): Promise<void> {
    const folder = join(test.folder, 'data/projects', id);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'meta.json'), text);
  }
});

describe('deleting a project', () => {
  it('asks for its name', async () => {
    const { project_id } = await create('Precious');
    expect(await codeOf(deleteProject(test.context, project_id, { confirm: 'precious' }, testActor))).toBe(
      'project.name_mismatch',
    );
    expect((await getProject(test.context, project_id)).name).toBe('Precious');
  });

  it('removes all that is its own and nothing else', async () => {
    const ids = await fillTwo();
    const before = await everything();
    await deleteProject(test.context, ids.gone, { confirm: 'gone' }, testActor);
    const after = await everything();
    expect(after).toEqual(before.filter((path) => !path.includes(ids.gone)));
    expect(after.length).toBe(before.length / 2);
    expect(await codeOf(getProject(test.context, ids.gone))).toBe('project.not_found');
    expect(audit().at(-1)).toEqual(['project.delete', `projects/${ids.gone}`]);
  });

  it('is refused while a job is not done, and cancels it when forced', async () => {
    const { project_id } = await create('busy');
    const job = await test.context.queue.add(jobOf(project_id));
    const gone = (force: boolean) =>
      codeOf(deleteProject(test.context, project_id, { confirm: 'busy', force }, testActor));
    expect(await gone(false)).toBe('project.busy');
    expect((await getProject(test.context, project_id)).name).toBe('busy');
    expect(await gone(true)).toBe('none');
    expect(await test.context.queue.get(job.job_id)).toBeNull();
  });

  it('waits for a job that ends only after it was asked to', async () => {
    const { project_id } = await create('busy');
    const queue = test.context.queue as IdleQueue;
    const job = await queue.set({ ...(await queue.add(jobOf(project_id))), state: 'finalising' });
    const asked: string[] = [];
    queue.cancel = async (id) => {
      asked.push(id);
      setImmediate(() => void queue.set({ ...job, state: 'finished' }));
      return job;
    };
    await deleteProject(test.context, project_id, { confirm: 'busy', force: true }, testActor);
    expect(asked).toEqual([job.job_id]);
    expect(await codeOf(getProject(test.context, project_id))).toBe('project.not_found');
  });

  it('is done although its files cannot be removed, which the next sweep makes up for', async () => {
    const ids = await fillTwo();
    const before = await everything();
    const { docs } = test.context;
    const bound = { put: docs.put.bind(docs), get: docs.get.bind(docs), list: docs.list.bind(docs) };
    const broken = () => Promise.reject(new ServerError('disk.io_error', 'got EIO'));
    const failing = {
      ...bound,
      deleteJournal: broken,
      delete: broken,
      deleteAll: broken,
    } as unknown as DocStore;
    await deleteProject({ ...test.context, docs: failing }, ids.gone, { confirm: 'gone' }, testActor);
    expect(await codeOf(getProject(test.context, ids.gone))).toBe('project.not_found');
    expect((await listProjects(test.context)).map(({ name }) => name)).toEqual(['kept']);
    expect((await everything()).some((path) => path.includes(ids.gone))).toBe(true);
    expect(await sweepDeleted(test.context)).toEqual([ids.gone]);
    expect(await everything()).toEqual(before.filter((path) => !path.includes(ids.gone)));
    expect(await sweepDeleted(test.context)).toEqual([]);
  });

  /** Two projects with something in every place, one of which is deleted then. */
  async function fillTwo(): Promise<{ gone: string; kept: string }> {
    const [gone, kept] = [(await create('gone')).project_id, (await create('kept')).project_id];
    const { docs, blobs, queue } = test.context;
    for (const id of [gone, kept]) {
      const owner = { kind: 'project', id } as const;
      const model = `${id}-model`;
      await blobs.put(blobKeys.image(owner, 'a.png'), Buffer.from('png'));
      await docs.put(docKeys.images(owner), { files: { 'a.png': {} } });
      await docs.put(docKeys.label(id, 'a.png'), { boxes: [] });
      await docs.put(docKeys.labelClasses(id), { classes: ['x'] });
      await blobs.put(`${blobKeys.model(owner, model)}/threshold.json`, Buffer.from('{}'));
      await blobs.put(`${blobKeys.model(owner, `${id}-base`, true)}/model.pt`, Buffer.from('pt'));
      await docs.put(docKeys.model(model), { model_id: model, owner });
      await blobs.put(blobKeys.preview(model, 'p.png'), Buffer.from('png'));
      await docs.append(journalKeys.results(owner), [1], { durable: true });
      // Under a name that tells whose it is.
      const job = await queue.add(jobOf(id));
      await (queue as IdleQueue).set({ ...job, job_id: `job-${id}`, state: 'failed' });
      await docs.delete(docKeys.job(job.job_id));
      await docs.deleteJournal(journalKeys.jobEvents(job.job_id));
    }
    return { gone, kept };
  }

  async function everything(): Promise<string[]> {
    const found = await readdir(join(test.folder, 'data'), { recursive: true, withFileTypes: true });
    return found
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  }
});
