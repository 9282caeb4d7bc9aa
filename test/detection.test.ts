// Object detection from a ZIP to boxes, against a real server that is killed once on the way; and its model in a browser.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RuntimeTensor } from '../src/autodiff/runtime.ts';
import { ApiError, type OkapiClient, okapiClient } from '../src/client/index.ts';
import type { ModelDetail, TestAnswer } from '../src/server/contract/models.ts';
import { trainTiny } from '../src/server/inference/testing/stored-models.ts';
import {
  rectangleClasses,
  rectanglePicture,
  rectanglesZip,
} from '../src/server/training/testing/rectangles.ts';
import { readTensors } from '../src/vision/checkpoint/read-tensors.ts';
import { samplePart } from '../src/vision/dataset/sample-parts.ts';
import { decodePicture } from '../src/vision/image/decode.ts';
import { encodePicture } from '../src/vision/image/encode.ts';
import { resize } from '../src/vision/image/resize.ts';
import { openRuntimeOn } from '../src/vision/runtime/runtime.ts';
import { boxIou } from '../src/vision/scoring/detection-matching.ts';
import { letterbox } from '../src/vision/yolo/letterbox.ts';
import { browserRunsHere, openBrowser } from './browser.ts';
import { openModelPage } from './model-page.ts';
import { type Running, start } from './okapi.ts';

const bash = promisify(execFile);
const trainingMs = 400_000;
const SIZE = 64;

let dir: string;
let server: Running;
let client: OkapiClient;
let address: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  await serve();
});
afterAll(async () => {
  server.interrupt();
  await server.finished;
  await rm(dir, { recursive: true });
});

async function serve(): Promise<void> {
  server = start(['serve', '--port', '0'], dir);
  await server.says('http://');
  [address] = /http:\/\/[^:\s]+:\d+/.exec(server.output())!;
  client = okapiClient({ baseUrl: address, reconnectMs: 100 });
}

/** As the lines of a README are: with the host and the ids filled in. */
async function curl(line: string): Promise<unknown> {
  const command = line.replace('http://localhost:8000', address).replace(/^curl/, 'curl -sS');
  return JSON.parse((await bash('bash', ['-c', command])).stdout);
}

let project: string;
let model: string;

/** A picture that the training has not seen, as a file. */
async function fresh(seed: number): Promise<string> {
  const file = join(dir, `fresh ${seed}.png`);
  await writeFile(file, await encodePicture(rectanglePicture(seed).picture, 'png'));
  return file;
}

const testLine = async (file: string, query = '') =>
  (await curl(
    `curl -X POST "http://localhost:8000/models/${model}/test${query}" -F "files=@${file}"`,
  )) as TestAnswer;

describe('object detection over HTTP', () => {
  it('takes a dataset as a ZIP into a project of the mode yolo', async () => {
    const made = (await curl(`curl -X POST http://localhost:8000/projects \\
      -H "Content-Type: application/json" -d '{"name":"finder","training_mode":"yolo"}'`)) as {
      project_id: string;
    };
    project = made.project_id;
    expect(
      await curl(
        `curl -X POST http://localhost:8000/projects/${project}/yolo/train -H "Content-Type: application/json" -d '{}'`,
      ),
    ).toMatchObject({
      code: 'yolo.no_dataset',
    });
    await writeFile(join(dir, 'parts.zip'), await rectanglesZip());
    expect(
      await curl(
        `curl -X POST http://localhost:8000/projects/${project}/yolo/dataset/upload -F "file=@${dir}/parts.zip"`,
      ),
    ).toMatchObject({ ready: true, train_images: 12, val_images: 4, classes: rectangleClasses });
  });

  it('trains, though the server is killed in the middle, and makes one model', {
    timeout: trainingMs,
  }, async () => {
    const { job_id } = (await curl(`curl -X POST http://localhost:8000/projects/${project}/yolo/train \\
      -H "Content-Type: application/json" \\
      -d '{"epochs":30,"img_size":${SIZE},"batch":4,"lr0":0.004}'`)) as { job_id: string };
    for await (const event of client.watchJob(job_id)) if (event.type === 'epoch' && event.epoch === 3) break;
    process.kill(server.pid, 'SIGKILL');
    await server.finished;
    await serve();
    expect(await client.untilJobEnds(job_id)).toMatchObject({
      status: 'finished',
      progress: 1,
      kind: 'train',
    });
    const models = await client.listModels();
    expect(models).toMatchObject([{ project_id: project, training_mode: 'yolo', threshold: 0.25 }]);
    model = models[0]!.model_id;
    expect(model).toMatch(new RegExp(`^${project}-yolo-\\d{8}-\\d{6}$`));
    const epochs: number[] = [];
    for await (const event of client.watchJob(job_id)) if (event.type === 'epoch') epochs.push(event.epoch);
    expect(new Set(epochs).size).toBe(Math.max(...epochs));
  });

  it('says how good the model is', async () => {
    const detail: ModelDetail = await client.getModel({ model_id: model });
    expect(detail).toMatchObject({ task: 'detect', variant: 'okapi-n', classes: [...rectangleClasses] });
    expect(detail.metrics!.map50).toBeGreaterThan(0.8);
    const metrics = await client.getModelMetrics({ model_id: model });
    expect(metrics).toMatchObject({ map50: detail.metrics!.map50, counts: { pictures: 4, truths: 8 } });
    expect(metrics.epochs.length).toBe(detail.epochs_run);
    for (const file of ['pr_curve.svg', 'confusion_matrix.svg']) {
      const answer = await fetch(`${address}/static/projects/${project}/models/${model}/${file}`);
      expect(answer.headers.get('content-type')).toBe('image/svg+xml');
      expect(await answer.text()).toMatch(/^<svg /);
    }
  });

  it('finds the objects of pictures that it has not seen, and draws them', async () => {
    for (const seed of [90, 91]) {
      const { items } = await testLine(await fresh(seed));
      const item = items[0]! as Extract<TestAnswer['items'][number], { score: number }>;
      for (const { classId, place } of rectanglePicture(seed).rectangles) {
        const [x, y, width, height] = place;
        const truth = [x, y, x + width, y + height] as const;
        const found = item.detections.filter(({ label }) => label === rectangleClasses[classId]);
        expect(Math.max(...found.map(({ bbox }) => boxIou(bbox as never, truth)))).toBeGreaterThan(0.5);
      }
      const [surest] = item.detections;
      expect(item).toMatchObject({
        filename: `fresh ${seed}.png`,
        is_anomaly: true,
        score: surest!.confidence,
        thr: 0.25,
        heatmap_url: null,
        result_image: item.overlay_url,
      });
      expect(surest!.box_format).toBe('xyxy');
      const [x1, y1, x2, y2] = surest!.bbox as [number, number, number, number];
      expect(item.bboxes[0]).toEqual([x1, y1, x2 - x1, y2 - y1]);
      const drawn = await fetch(address + item.overlay_url);
      const plain = await fetch(address + item.image_url);
      const [a, b] = [await drawn.arrayBuffer(), await plain.arrayBuffer()].map(
        (bytes) => new Uint8Array(bytes),
      );
      expect((await decodePicture(a!)).width).toBe(96);
      expect(Buffer.compare(a!, b!)).not.toBe(0);
    }
  });

  it('takes thresholds for one request, and new ones as versions of the model', async () => {
    const file = await fresh(92);
    expect((await testLine(file, '?conf=1')).items).toMatchObject([
      { detections: [], bboxes: [], is_anomaly: false, score: 0, thr: 1 },
    ]);
    const many = await testLine(file, '?conf=0.001&iou=1&store=false');
    expect(many.items[0]).toMatchObject({ thr: 0.001, overlay_url: null });
    for (const query of ['?conf=1.5', '?iou=-1', '?conf=x', '?confidence=0.5'])
      expect(await testLine(file, query)).toMatchObject({ status: 422, code: 'request.invalid' });

    await client.patchThreshold({ model_id: model, body: { value: 0.99, note: 'surer' } });
    const { thresholds } = await client.patchThreshold({ model_id: model, body: { iou: 0.3 } });
    expect(thresholds).toMatchObject([
      { value: 0.25, iou: 0.45 },
      { value: 0.99, iou: 0.45, reason: 'surer' },
      { value: 0.99, iou: 0.3 },
    ]);
    expect((await testLine(file)).items).toMatchObject([{ thr: 0.99 }]);
    for (const body of [{ target_false_alarm_rate: 0.1 }, { value: 1.5 }, { note: 'nothing' }])
      await expect(client.patchThreshold({ model_id: model, body })).rejects.toBeInstanceOf(ApiError);
    await client.patchThreshold({ model_id: model, body: { value: 0.25, iou: 0.45 } });
  });

  it('remembers what was found', async () => {
    const { items } = await client.listResults({ project_id: project, query: { search: 'blue' } });
    expect(items.map(({ filename }) => filename)).toEqual(
      expect.arrayContaining(['fresh 90.png', 'fresh 91.png']),
    );
    expect(items[0]!.detections[0]).toMatchObject({ box_format: 'xyxy' });
    const csv = await client.exportResults({ project_id: project, query: { format: 'csv' } });
    expect(await csv.text()).toMatch(/fresh 90\.png.*(red|blue) 0\.\d+ \[/);
  });

  it('hands the model out in every format, and the bundle says how to use it', async () => {
    const names = ['model.pt', 'model.safetensors'] as const;
    const tensors = await Promise.all(
      names.map(async (name) => {
        const answer = await client.downloadModel({
          model_id: model,
          query: { format: name === 'model.pt' ? 'pt' : 'safetensors' },
        });
        await writeFile(join(dir, name), new Uint8Array(await answer.arrayBuffer()));
        return (await readTensors(join(dir, name))).tensors;
      }),
    );
    expect([...tensors[0]!.keys()].sort()).toEqual([...tensors[1]!.keys()].sort());
    const bundle = await client.downloadModel({ model_id: model, query: { format: 'bundle' } });
    const text = Buffer.from(await bundle.arrayBuffer()).toString('latin1');
    for (const part of [
      'metrics.json',
      'golden.png',
      'Letterbox: the longer side to 64',
      '"conf": 0.25',
      'Vladimir Mandic',
    ])
      expect(text).toContain(part);
  });
});

describe.skipIf(!browserRunsHere)('a model in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  /** The same file and inputs in onnxruntime-node and in onnxruntime-web. */
  async function both(file: Uint8Array, feeds: Readonly<Record<string, RuntimeTensor>>) {
    const runtime = await openRuntimeOn('cpu', { threads: 1 });
    const session = await runtime.load(file);
    const here = await session.run(feeds);
    await session.close();
    await runtime.close();
    const page = await openModelPage(browser, file);
    try {
      const there = await page.run(feeds);
      expect(page.outside).toEqual([]);
      return { here, there };
    } finally {
      await page.close();
    }
  }

  it('finds the same boxes within half a pixel', async () => {
    const answer = await client.downloadModel({ model_id: model, query: { format: 'onnx' } });
    const file = new Uint8Array(await answer.arrayBuffer());
    for (const seed of [90, 91, 92]) {
      const { pixels } = letterbox(rectanglePicture(seed).picture, SIZE);
      const { here, there } = await both(file, {
        pixels: { type: 'uint8', dims: [1, SIZE, SIZE, 3], data: pixels.data },
        conf: { type: 'float32', dims: [1], data: Float32Array.of(0.1) },
        iou: { type: 'float32', dims: [1], data: Float32Array.of(0.45) },
      });
      const count = Number(here.count!.data[0]);
      expect(count).toBeGreaterThan(0);
      expect(there.count).toEqual([count]);
      expect(there.classes).toEqual([...here.classes!.data].map(Number));
      for (const [i, side] of there.boxes!.entries())
        expect(Math.abs(side - Number(here.boxes!.data[i]))).toBeLessThan(0.5);
      for (const [i, score] of there.scores!.entries())
        expect(Math.abs(score - Number(here.scores!.data[i]))).toBeLessThan(1e-3);
    }
  });

  it('gives the same score of an anomaly within 1e-4', { timeout: trainingMs }, async () => {
    const file = new Uint8Array(await readFile(join(await trainTiny(dir), 'model.onnx')));
    // A score of a good part is small, so that 1e-4 is more than what any two machines differ by.
    const picture = resize(samplePart('boards', 500, undefined, 80).picture, SIZE, SIZE, 'area');
    const { here, there } = await both(file, {
      pixels: { type: 'uint8', dims: [1, SIZE, SIZE, 3], data: picture.data },
    });
    expect(Math.abs(there.score![0]! - Number(here.score!.data[0]))).toBeLessThan(1e-4);
    expect(here.score!.data[0]).toBeGreaterThan(0);
  });
});

describe('deleting the model', () => {
  it('leaves nothing of it', async () => {
    expect(await client.deleteModel({ model_id: model })).toEqual({ ok: true });
    await expect(client.getModel({ model_id: model })).rejects.toMatchObject({ code: 'model.not_found' });
  });
});
