import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { openApiDocument } from '../server/contract/open-api.ts';
import { type Seed, seed } from '../server/http/testing/seed.ts';
import { listen, pngLike, type TestApp, testApp } from '../server/http/testing/test-app.ts';
import { createKey } from '../server/platform/api-keys.ts';
import type { IdleQueue } from '../server/testing/idle-queue.ts';
import {
  ApiError,
  type JobInfo,
  type OkapiClient,
  okapiClient,
  operations,
  type ProjectInfo,
} from './index.ts';
import { readEvents } from './server-events.ts';

let test: TestApp;
let seeded: Seed;
let client: OkapiClient;
let baseUrl: string;
beforeEach(async () => {
  test = await testApp();
  seeded = await seed(test);
  baseUrl = `http://127.0.0.1:${await listen(test)}`;
  client = okapiClient({ baseUrl, reconnectMs: 5 });
});
afterEach(() => test.close());

const upload = (name: string, seedNumber: number) => ({
  name,
  data: new Blob([new Uint8Array(pngLike(seedNumber))]),
});

describe('the client', () => {
  it('has a method for every operation of the document, and none besides', () => {
    const { paths } = openApiDocument('1') as {
      paths: Record<
        string,
        Record<string, { operationId: string; responses: Record<string, { content?: object }> }>
      >;
    };
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId, responses }]) => [
        operationId,
        { method: method.toUpperCase(), path, json: 'application/json' in (responses[200]?.content ?? {}) },
      ]),
    );
    const answersJsonFile = [
      'exportResults',
      'openApi',
      'downloadModel',
      'downloadProjectModel',
      'sceneModelFile',
      'projectModelFile',
    ];
    for (const [id, operation] of documented) {
      const { method, path, json } = operations[id as keyof typeof operations];
      const wanted = operation as { json: boolean };
      expect({ method, path, json: json || answersJsonFile.includes(id as string) }).toEqual(wanted);
      expect(client[id as keyof typeof operations]).toBeTypeOf('function');
    }
    expect(documented).toHaveLength(Object.keys(operations).length);
  });

  it('hands over the headers of an answer, such as the revision for the next change', async () => {
    const { project_id } = seeded;
    const square = [
      [0, 0],
      [1, 0],
      [1, 1],
    ];
    let etag: string | null = null;
    const onHeaders = (headers: Headers) => {
      etag = headers.get('etag');
    };
    await client.putRegions({ project_id, body: { ignore: [] }, onHeaders });
    expect(etag).toMatch(/^".+"$/);
    const headers = { 'if-match': etag! };
    await client.putRegions({ project_id, body: { include: [square] }, headers });
    await expect(client.putRegions({ project_id, body: { include: [] }, headers })).rejects.toMatchObject({
      code: 'revision.conflict',
    });
  });

  it('makes, uploads, reads and deletes, with types that follow from the routes', async () => {
    const project = await client.createProject({ body: { name: 'Größe 7', description: null } });
    expectTypeOf(project).toEqualTypeOf<ProjectInfo>();
    const { project_id } = project;
    const { saved, items } = await client.uploadProjectImages({
      project_id,
      files: [upload('a b.png', 1), upload('ü.png', 2)],
    });
    expect({ saved, names: items.map(({ name }) => name) }).toEqual({
      saved: 2,
      names: ['a b.png', 'ü.png'],
    });
    const page = await client.listProjectImages({ project_id, query: { limit: 1 } });
    expect(page.items).toHaveLength(1);
    const picture = await client.projectImageFile({ project_id, filename: page.items[0]!.filename });
    expect(new Uint8Array(await picture.arrayBuffer())[0]).toBe(0x89);
    const shown = await fetch(client.addressOf(page.items[0]!.url));
    expect(shown.status).toBe(200);
    await client.markProjectImage({ project_id, filename: page.items[0]!.filename, body: { mark: 'ng' } });
    expect(await client.deleteProject({ project_id, query: { confirm: 'Größe 7' } })).toEqual({ ok: true });
    expect(await client.health()).toEqual({ ok: true });
    const csv = await client.exportResults({ project_id: seeded.project_id, query: { format: 'csv' } });
    expect(await csv.text()).toMatch('a.png');
    const { model_id, filename } = await client.uploadBaseModel({
      project_id: seeded.project_id,
      file: upload('w.pt', 9),
    });
    expect({ model_id, filename }).toEqual({ model_id: expect.stringMatching(/^import-/), filename: 'w.pt' });
  });

  it('does not let a request be left out, or a field be wrong', async () => {
    // @ts-expect-error a project needs a name
    await expect(client.createProject({ body: {} })).rejects.toMatchObject({ code: 'request.invalid' });
    // @ts-expect-error epochs is a number
    await expect(client.trainScene({ body: { scene_id: 'x', epochs: '3' } })).rejects.toThrow('body.epochs');
    // @ts-expect-error the id is missing
    await expect(client.getProject()).rejects.toBeInstanceOf(ApiError);
  });

  it('throws what the server says', async () => {
    const error = await client.getModel({ model_id: 'nobody' }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 404, code: 'model.not_found', requestId: expect.any(String) });
    for (let i = 0; i < 8; i++) await client.downloadModel({ model_id: 'nobody' }).catch(() => {});
    await expect(client.downloadModel({ model_id: 'nobody' })).rejects.toMatchObject({
      status: 429,
      retryAfterSeconds: 60,
    });
    const rejected = client.uploadProjectImages({
      project_id: seeded.project_id,
      files: [{ name: 'a.txt', data: new Blob(['text']) }],
    });
    await expect(rejected).rejects.toMatchObject({
      code: 'upload.nothing_stored',
      body: { items: [{ name: 'a.txt' }] },
    });
  });

  it('sends its key', async () => {
    const { docs, ids, clock } = test.services.context;
    const apiKey = await createKey(docs, { name: 'client', scope: 'read' }, ids, clock);
    test.clock.advance(2000);
    await expect(client.listProjects()).rejects.toMatchObject({ status: 401 });
    const known = okapiClient({ baseUrl: `${baseUrl}/`, apiKey });
    expect(await known.listProjects()).toHaveLength(1);
    await expect(known.createProject({ body: { name: 'x' } })).rejects.toMatchObject({
      code: 'auth.forbidden',
    });
  });
});

describe('watching a job', () => {
  const finish = async () => {
    const queue = test.services.context.queue as IdleQueue;
    const job = (await queue.get(seeded.job_id))!;
    await queue.set({ ...job, state: 'running' });
    await queue.set({ ...job, state: 'finished' });
  };

  it('goes on where it was when the connection is lost, and ends with the job', async () => {
    await finish();
    let connections = 0;
    const sent: (string | null)[] = [];
    const flaky: typeof fetch = async (address, init) => {
      const headers = new Headers(init?.headers);
      sent.push(headers.get('last-event-id'));
      if (++connections === 1) throw new TypeError('fetch failed');
      const response = await fetch(address, init);
      if (connections > 2) return response;
      // Two events, and half of the third.
      const text = await response.text();
      return new Response(text.slice(0, text.lastIndexOf('data:') + 9), { headers: response.headers });
    };
    const watcher = okapiClient({ baseUrl, fetch: flaky, reconnectMs: 1 });
    const states: unknown[] = [];
    for await (const event of watcher.watchJob(seeded.job_id))
      if (event.type === 'state') states.push(event.state);
    expect(states).toEqual(['waiting_approval', 'running', 'finished']);
    expect(sent).toEqual([null, null, '2']);
  });

  it('gives the job once it has ended, and nothing for one that nobody knows', async () => {
    await finish();
    const job = await client.untilJobEnds(seeded.job_id);
    expectTypeOf(job).toEqualTypeOf<JobInfo>();
    expect(job).toMatchObject({ status: 'finished', model_id: 'line-2-m' });
    await expect(client.untilJobEnds('nobody')).rejects.toMatchObject({ code: 'job.not_found' });
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const events = client.watchProject(seeded.project_id, { signal: stop.signal });
    const next = events.next();
    setTimeout(() => stop.abort(), 20);
    await expect(next).rejects.toMatchObject({ name: 'AbortError' });
  });
});

it('reads events that come in any pieces', async () => {
  const text =
    ': hello\n\nid: 1\nevent: log\ndata: {"text":"ü"}\n\nid: 2\ndata: a\ndata: b\n\nid: 3\ndata: cut';
  const bytes = new TextEncoder().encode(text);
  async function* pieces(size: number) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
  }
  for (const size of [1, 2, 3, 7, 1000]) {
    const events: unknown[] = [];
    for await (const event of readEvents(pieces(size))) events.push(event);
    expect(events).toEqual([
      { id: '1', data: '{"text":"ü"}' },
      { id: '2', data: 'a\nb' },
    ]);
  }
});

it('has no dependencies: at run time it imports only itself', async () => {
  for (const file of ['index', 'client', 'api-error', 'operations', 'server-events']) {
    const source = await readFile(new URL(`./${file}.ts`, import.meta.url), 'utf8');
    const imports = [...source.matchAll(/^(?:import|export) (?!type)[^;]*?from '([^']+)'/gms)].map(
      ([, from]) => from,
    );
    expect(
      imports.filter((from) => !from!.startsWith('./')),
      file,
    ).toEqual([]);
    expect(source).not.toMatch(/\bprocess\.|\bBuffer\b|node:/);
  }
});
