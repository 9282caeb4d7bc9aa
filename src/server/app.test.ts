// The server as it is started, in its own folder: one line through everything, and how it refuses to start and ends.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { samplePart } from '../vision/dataset/sample-parts.ts';
import { encodePicture } from '../vision/image/encode.ts';
import { type RunningServer, startServer } from './app.ts';
import { createKey } from './platform/api-keys.ts';
import type { ConfigOverrides } from './platform/config-load.ts';

let folder: string;
const running: RunningServer[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'okapi-'));
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(overrides: ConfigOverrides = {}): Promise<RunningServer> {
  const server = await startServer({
    folder,
    env: {},
    overrides: {
      log: { level: 'silent' },
      training: { device: 'cpu', threads: 1 },
      ...overrides,
      server: { port: 0, ...overrides.server },
    },
  });
  running.push(server);
  return server;
}

const url = ({ port }: RunningServer, path: string) => `http://127.0.0.1:${port}${path}`;

async function json<T>(server: RunningServer, path: string, init: RequestInit = {}): Promise<T> {
  const answer = await fetch(url(server, path), init);
  expect(answer.ok, `${path}: ${answer.status}`).toBe(true);
  return (await answer.json()) as T;
}

const post = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

async function form(count: number, name = 'files'): Promise<RequestInit> {
  const body = new FormData();
  for (let i = 0; i < count; i++) {
    const { picture } = samplePart('screws', i, i === 9 ? 'missing' : undefined, 64);
    body.append(name, new Blob([await encodePicture(picture, 'png')]), `part ${i}.png`);
  }
  return { method: 'POST', body };
}

describe('the server', () => {
  it('takes pictures, trains, tests, and knows everything after a restart', {
    timeout: 120_000,
  }, async () => {
    const server = await start();
    const { project_id } = await json<{ project_id: string }>(server, '/projects', post({ name: 'Screws' }));
    const uploaded = await json<{ saved: number }>(server, `/projects/${project_id}/upload`, await form(6));
    expect(uploaded.saved).toBe(6);
    const settings = { img_size: 64, epochs: 2 };
    const { job_id } = await json<{ job_id: string }>(
      server,
      `/projects/${project_id}/train`,
      post(settings),
    );
    const events = await (await fetch(url(server, `/jobs/${job_id}/events`))).text();
    expect(events).toMatch('"state":"finished"');
    const job = await json<{ status: string; model_id: string }>(server, `/jobs/${job_id}`);
    expect(job).toMatchObject({ status: 'finished', progress: 1, project_id });
    const test = () =>
      form(2).then((body) => json<{ items: object[] }>(server, `/models/${job.model_id}/test`, body));
    const { items } = await test();
    expect(items).toMatchObject([{ filename: 'part 0.png' }, { filename: 'part 1.png' }]);
    const overlay = await fetch(url(server, (items[0] as { overlay_url: string }).overlay_url));
    expect(overlay.headers.get('content-type')).toMatch('image/');
    for (const format of ['pt', 'onnx', 'safetensors', 'bundle']) {
      const file = await fetch(url(server, `/models/${job.model_id}/download?format=${format}`));
      expect(file.status, format).toBe(200);
      expect((await file.arrayBuffer()).byteLength).toBe(Number(file.headers.get('content-length')));
    }
    expect(await json(server, `/projects/${project_id}/results`)).toMatchObject({ items: [{}, {}] });
    const metrics = await (await fetch(url(server, '/metrics'))).text();
    expect(metrics).toMatch('okapi_jobs{state="finished"} 1');
    expect(metrics).toMatch('okapi_inference_images_total 2');
    expect(metrics).toMatch('okapi_detectors_loaded 1');
    expect(metrics).not.toMatch(/ NaN$/m);
    await server.close();

    const again = await start();
    expect(await json(again, '/projects')).toMatchObject([
      { project_id, num_images: 6, last_model_id: job.model_id },
    ]);
    expect(await json(again, `/jobs/${job_id}`)).toMatchObject({ status: 'finished' });
    expect(await json(again, '/models')).toMatchObject([{ model_id: job.model_id }]);
    expect(await readdir(join(folder, 'data', '.okapi', 'staging'))).toEqual([]);
  });

  it('does not open itself to others without a key, and does with one', async () => {
    await expect(start({ server: { host: '0.0.0.0' } })).rejects.toMatchObject({ code: 'config.invalid' });
    const local = await start();
    const { docs, ids, clock } = local.services.context;
    const key = await createKey(docs, { name: 'camera', scope: 'write' }, ids, clock);
    await local.close();
    const open = await start({ server: { host: '0.0.0.0' } });
    expect((await fetch(url(open, '/projects'))).status).toBe(401);
    expect((await fetch(url(open, '/health'))).status).toBe(200);
    const headers = { authorization: `Bearer ${key}` };
    expect((await fetch(url(open, '/projects'), { headers })).status).toBe(200);
  });

  it('leaves nothing behind when the port is taken', async () => {
    const other = createServer();
    await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
    const { port } = other.address() as { port: number };
    await expect(start({ server: { port } })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await new Promise((closed) => other.close(closed));
    // The lock of the data folder is free again.
    await start();
    await expect(start()).rejects.toMatchObject({ code: 'data.locked' });
  });

  it('lets a request in flight finish when it is closed, and takes no other', async () => {
    const server = await start();
    const body = new FormData();
    body.append('files', new Blob([Buffer.alloc(300_000, 1)]), 'a.png');
    const whole = Buffer.from(await new Response(body).arrayBuffer());
    const boundary = whole.toString('latin1', 2, whole.indexOf('\r\n'));
    const socket = connect(server.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    const ended = new Promise((done) => socket.once('close', done));
    socket.write(
      `POST /datasets/line-1/upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: ${whole.length}\r\n\r\n`,
    );
    socket.write(whole.subarray(0, 200_000));
    const staging = join(folder, 'data', '.okapi', 'staging');
    await expect.poll(() => readdir(staging)).not.toEqual([]);
    const from = performance.now();
    const closed = server.close();
    expect(server.services.readiness.state).toBe('stopping');
    await expect
      .poll(() =>
        fetch(url(server, '/readyz')).then(
          ({ status }) => status,
          () => 'refused',
        ),
      )
      .toBe('refused');
    socket.write(whole.subarray(200_000));
    await closed;
    await ended;
    expect(performance.now() - from).toBeLessThan(5000);
    expect(text).toMatch(/^HTTP\/1.1 422/);
    expect(text).toMatch(/connection: close/i);
    expect(text).toMatch('upload.nothing_stored');
  });

  it('ends within its time although somebody reads a stream', async () => {
    const server = await start();
    const { project_id } = await json<{ project_id: string }>(server, '/projects', post({ name: 'p' }));
    const stream = await fetch(url(server, `/projects/${project_id}/events`));
    const from = performance.now();
    await server.close();
    await stream.text();
    expect(performance.now() - from).toBeLessThan(3000);
  });
});
