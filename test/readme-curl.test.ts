// The curl lines of the original's README, word for word but for host, paths and ids, against a real server.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTensors } from '../src/vision/checkpoint/read-tensors.ts';
import { samplePart } from '../src/vision/dataset/sample-parts.ts';
import { decodePicture } from '../src/vision/image/decode.ts';
import { encodePicture } from '../src/vision/image/encode.ts';
import { type Running, start } from './okapi.ts';

const bash = promisify(execFile);
const trainingMs = 240_000;

let dir: string;
let server: Running;
let port: string;
let good: string[];
let bad: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  [good, bad] = await parts();
  // The lines ask for 30 and 40 epochs; six pictures are learnt long before, and a training may stop once it gets no better.
  // Half of them are held out, so that an epoch is short.
  await writeFile(
    join(dir, 'config.yaml'),
    'training:\n  patience: 2\n  min_epochs_before_early_stop: 2\n  val_ratio: 0.5\n',
  );
  server = start(['serve', '--port', '0'], dir);
  await server.says('http://');
  port = /http:\/\/[^:\s]+:(\d+)/.exec(server.output())![1]!;
});
afterAll(async () => {
  server.interrupt();
  await server.finished;
  await rm(dir, { recursive: true });
});

/** Six good pictures and a bad one, as .jpg files: real ones where they are, else drawn ones. */
async function parts(): Promise<[string[], string]> {
  const real = resolve(process.env.OKAPI_TEST_DATA ?? '../shared/data', 'hazelnut_toy');
  const pictures: Buffer[] = [];
  if (existsSync(real)) {
    const defect = (await readdir(join(real, 'test'))).find((name) => name !== 'good')!;
    for (const folder of ['train/good', `test/${defect}`]) {
      const names = (await readdir(join(real, folder))).sort();
      for (const name of names.slice(0, folder === 'train/good' ? 6 : 1))
        pictures.push(await readFile(join(real, folder, name)));
    }
  } else {
    console.log('no real pictures: set OKAPI_TEST_DATA to a folder with hazelnut_toy; drawn parts are used');
    for (let i = 0; i < 7; i++) {
      const { picture } = samplePart('screws', i, i === 6 ? 'missing' : undefined, 256);
      pictures.push(Buffer.from(await encodePicture(picture, 'jpeg')));
    }
  }
  const files = await Promise.all(
    pictures.map(async (bytes, i) => {
      const file = join(dir, `image${i + 1}.jpg`);
      await writeFile(file, await encodePicture(await decodePicture(bytes), 'jpeg', { quality: 95 }));
      return file;
    }),
  );
  return [files.slice(0, 6), files[6]!];
}

/** Runs a line of the README with what stands in it for ids and paths replaced; answers the body. */
async function curl(line: string, values: Readonly<Record<string, string>> = {}): Promise<unknown> {
  let command = line.replace('localhost:8000', `localhost:${port}`).replace(/^curl/, 'curl -sS');
  for (const [name, value] of Object.entries(values)) command = command.replaceAll(name, value);
  const { stdout } = await bash('bash', ['-c', command]);
  return JSON.parse(stdout);
}

async function trained(jobId: string): Promise<string> {
  for (;;) {
    const job = (await curl('curl http://localhost:8000/jobs/{job_id}', { '{job_id}': jobId })) as {
      status: string;
      progress: number;
      model_id?: string;
      detail?: string;
    };
    expect(job.progress).toBeGreaterThanOrEqual(0);
    expect(job.progress).toBeLessThanOrEqual(1);
    if (job.status === 'finished') return job.model_id!;
    expect(['queued', 'running'], job.detail).toContain(job.status);
    await new Promise((next) => setTimeout(next, 300));
  }
}

const testLine = (model: string, file: string) =>
  curl('curl -X POST http://localhost:8000/models/{model_id}/test -F "files=@/path/image1.jpg"', {
    '{model_id}': model,
    '/path/image1.jpg': file,
  }) as Promise<{ model_id: string; items: Record<string, unknown>[] }>;

describe('the scene workflow of the README', () => {
  let model: string;

  it('uploads pictures', async () => {
    const line = `curl -X POST "http://localhost:8000/datasets/pump-01/upload" \\
     -F "files=@/path/image1.jpg" -F "files=@/path/image2.jpg"`;
    for (const i of [0, 2, 4]) {
      const answer = await curl(line, { '/path/image1.jpg': good[i]!, '/path/image2.jpg': good[i + 1]! });
      expect(answer).toMatchObject({ saved: 2, scene_id: 'pump-01' });
    }
    const { items } = (await curl('curl http://localhost:8000/datasets/pump-01/images')) as {
      items: { id: string; filename: string; display_name: string; url: string }[];
    };
    expect(items.map(({ display_name }) => display_name).sort()).toEqual(
      good.map((_, i) => `image${i + 1}.jpg`),
    );
    for (const { filename } of items) expect(filename).toMatch(/^[0-9a-f]{32}\.jpg$/);
  });

  it('trains', { timeout: trainingMs }, async () => {
    const { job_id } = (await curl(`curl -X POST "http://localhost:8000/train" \\
     -H "Content-Type: application/json" \\
     -d '{"scene_id":"pump-01","img_size":256,"epochs":30,"lr":1e-4}'`)) as { job_id: string };
    model = await trained(job_id);
    const models = (await curl('curl http://localhost:8000/models?mode=scene')) as { model_id: string }[];
    expect(models).toEqual([
      expect.objectContaining({
        model_id: model,
        mode: 'scene',
        scene_id: 'pump-01',
        img_size: 256,
        lr: 1e-4,
      }),
    ]);
  });

  it('scores pictures, with heatmaps', async () => {
    const { model_id, items } = await testLine(model, bad);
    expect(model_id).toBe(model);
    expect(items).toHaveLength(1);
    const [item] = items;
    expect(item).toMatchObject({ filename: 'image7.jpg', is_anomaly: item!.score! > item!.thr! });
    expect(item!.threshold).toBe(item!.thr);
    for (const field of ['image_url', 'heatmap_url', 'overlay_url']) {
      const picture = await fetch(`http://localhost:${port}${item![field]}`);
      expect(picture.status).toBe(200);
      expect(picture.headers.get('content-type')).toMatch(/^image\//);
      await decodePicture(new Uint8Array(await picture.arrayBuffer()));
    }
  });

  it('hands out model.pt', async () => {
    const file = join(dir, 'model.pt');
    await bash('bash', [
      '-c',
      `curl -sSf -o ${file} http://localhost:${port}/models/${model}/download?format=pt`,
    ]);
    expect((await stat(file)).size).toBeGreaterThan(1e6);
    expect([...(await readTensors(file)).tensors.keys()].some((name) => /^up\d\./.test(name))).toBe(true);
  });
});

describe('the project workflow of the README', () => {
  let project: string;
  let model: string;

  it('creates a project and uploads pictures', async () => {
    const created = (await curl(`curl -X POST http://localhost:8000/projects \\
     -H "Content-Type: application/json" \\
     -d '{"name":"widget-line","description":"Gear inspection"}'`)) as { project_id: string };
    expect(created).toMatchObject({ name: 'widget-line', num_images: 0, training_mode: 'anomaly' });
    project = created.project_id;
    for (const file of good)
      await curl(
        `curl -X POST "http://localhost:8000/projects/{project_id}/upload" \\
     -F "files=@/path/image1.jpg"`,
        { '{project_id}': project, '/path/image1.jpg': file },
      );
    const found = await curl('curl http://localhost:8000/projects/{project_id}', { '{project_id}': project });
    expect(found).toMatchObject({ num_images: 6, last_model_id: null });
  });

  it('trains', { timeout: trainingMs }, async () => {
    const { job_id } = (await curl(
      `curl -X POST "http://localhost:8000/projects/{project_id}/train" \\
     -H "Content-Type: application/json" \\
     -d '{"img_size":256,"epochs":40,"lr":5e-5}'`,
      { '{project_id}': project },
    )) as { job_id: string };
    model = await trained(job_id);
    const found = await curl('curl http://localhost:8000/projects/{project_id}', { '{project_id}': project });
    expect(found).toMatchObject({ last_model_id: model });
  });

  it('scores pictures and hands out the model', async () => {
    const { items } = await testLine(model, bad);
    expect(Number.isFinite(items[0]!.score)).toBe(true);
    const address = `http://localhost:${port}/projects/${project}/models/${model}/download`;
    const file = join(dir, 'model.safetensors');
    await bash('bash', ['-c', `curl -sSf -o ${file} ${address}`]);
    expect((await readTensors(file)).tensors.size).toBeGreaterThan(10);
  });

  it('deletes the project when its name is given', async () => {
    const line = 'curl -X DELETE "http://localhost:8000/projects/{project_id}?confirm=widget-line"';
    expect(await curl(line, { '{project_id}': project })).toEqual({ ok: true });
    expect(await curl('curl http://localhost:8000/projects')).toEqual([]);
  });
});
