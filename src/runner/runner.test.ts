import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { samplePart } from '../vision/dataset/sample-parts.ts';
import { objectsPicture } from '../vision/detectors/yolo/testing/tiny-objects.ts';
import {
  anomalyDetector,
  type Detector,
  decodePicture,
  loadDetector,
  type OpenedRuntime,
  openRuntime,
  type Picture,
  renderPrediction,
} from '../vision/index.ts';
import { renderDetections } from '../vision/render/detections.ts';
import { type AnomalyRunner, type DrawnImage, type ObjectRunner, openBundle, type Runner } from './index.ts';
import { imageOf } from './rgba.ts';
import { anomalyBundle, objectsBundle, patchBundle, type TestBundle, zipOf } from './testing/bundles.ts';
import { zipEntries } from './zip.ts';

let dir: string;
let runtime: OpenedRuntime;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  runtime = await openRuntime({ device: 'cpu', threads: 1 });
});
afterAll(async () => {
  await runtime.close();
  await rm(dir, { recursive: true });
});

const session = { intraOpNumThreads: 1 };

/** The levels of a drawn image without its alpha. */
const levelsOf = ({ data }: DrawnImage) => Buffer.from(data.filter((_, i) => i % 4 !== 3));

async function filesIn(bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const [name, entry] of zipEntries(bytes)) files.set(name, await entry.read());
  return files;
}

describe('the bundle of a model that finds anomalies', () => {
  let bundle: TestBundle;
  let runner: AnomalyRunner;
  let detector: Detector;
  beforeAll(async () => {
    bundle = await anomalyBundle(join(dir, 'anomaly'));
    runner = anomalyRunner(await openBundle(bundle.bytes, ort, { session }));
    detector = await loadDetector(bundle.folder, runtime);
  }, 180_000);
  afterAll(async () => {
    await runner.close();
    await detector.close();
  });

  const pictures: Picture[] = [
    samplePart('boards', 5, undefined, 80),
    samplePart('boards', 6, 'scratch', 200),
  ].map(({ picture }) => picture);

  it('gives its golden picture the recorded score', async () => {
    const { golden } = runner;
    const { score } = await runner.score(imageOf(await decodePicture(golden.png)));
    expect(Math.abs(score - (golden.record.score as number))).toBeLessThan(1e-4);
    expect(score).toBeGreaterThan(0);
  });

  it('scores, judges and draws as the library does', async () => {
    for (const picture of pictures) {
      const [expected] = await anomalyDetector(detector).predict([picture]);
      const found = await runner.score(imageOf(picture));
      expect(Math.abs(found.score - expected!.score)).toBeLessThan(1e-4);
      expect(found).toMatchObject({
        isAnomaly: expected!.isAnomaly,
        threshold: expected!.threshold,
        regions: expected!.regions.map(({ box }) => ({ box })),
      });
      const { heatmap, overlay } = renderPrediction(picture, found, anomalyDetector(detector).model);
      const { width, height } = picture;
      const drawn = runner.heatmap(found, width, height);
      expect({ width: drawn.width, height: drawn.height }).toEqual({ width, height });
      expect(Buffer.compare(levelsOf(drawn), heatmap.data)).toBe(0);
      expect(Buffer.compare(levelsOf(runner.overlay(imageOf(picture), found)), overlay.data)).toBe(0);
    }
  });

  it('is a model folder once it is unpacked', async () => {
    const folder = join(dir, 'unpacked');
    await mkdir(folder);
    for (const [name, bytes] of await filesIn(bundle.bytes)) await writeFile(join(folder, name), bytes);
    const unpacked = anomalyDetector(await loadDetector(folder, runtime));
    const [prediction] = await unpacked.predict([pictures[1]!]);
    expect(Math.abs(prediction!.score - (await runner.score(imageOf(pictures[1]!))).score)).toBeLessThan(
      1e-4,
    );
    await unpacked.close();
  });

  it('opens when it was packed again with compression, and from an address', async () => {
    const small = await zipOf(await filesIn(bundle.bytes), true);
    expect(small.length).toBeLessThan(bundle.bytes.length);
    const asked: unknown[] = [];
    const fetch: typeof globalThis.fetch = async (address, init) => {
      asked.push([String(address), init?.headers]);
      return new Response(new Uint8Array(small));
    };
    const headers = { Authorization: 'Bearer key' };
    const other = anomalyRunner(await openBundle('http://host/models/m-1', ort, { session, fetch, headers }));
    expect(asked).toEqual([['http://host/models/m-1', headers]]);
    const image = imageOf(pictures[0]!);
    expect((await other.score(image)).score).toBe((await runner.score(image)).score);
    await other.close();
    const missing = async () => new Response('', { status: 404 });
    await expect(openBundle('http://host/none', ort, { fetch: missing })).rejects.toMatchObject({
      code: 'checkpoint.not_found',
      message: expect.stringContaining('404'),
    });
  });

  it('treats what is transparent as black, and refuses what is no image', async () => {
    const image = imageOf(pictures[0]!);
    const half = { ...image, data: image.data.map((level, i) => (i % 4 === 3 ? 0 : level)) };
    const black = { width: 80, height: 80, data: new Uint8Array(3 * 80 * 80) };
    expect((await runner.score(half)).score).toBe((await runner.score(imageOf(black))).score);
    for (const wrong of [
      { ...image, width: 79 },
      { width: 0, height: 0, data: new Uint8Array() },
    ])
      await expect(runner.score(wrong)).rejects.toMatchObject({ code: 'image.corrupt' });
  });

  const changes: [string, string, (files: Map<string, Uint8Array>) => void][] = [
    ['a changed model', 'checkpoint.corrupt', (files) => flip(files, 'model.onnx', 500)],
    ['a changed threshold', 'checkpoint.corrupt', (files) => flip(files, 'threshold.json', 30)],
    ['no model', 'checkpoint.malformed', (files) => files.delete('model.onnx')],
    ['no manifest', 'checkpoint.malformed', (files) => files.delete('manifest.json')],
    ['a manifest that is no JSON', 'checkpoint.malformed', (files) => flip(files, 'manifest.json', 0)],
  ];
  it.each(changes)('is refused with %s', async (_, code, change) => {
    const files = await filesIn(bundle.bytes);
    change(files);
    await expect(openBundle(await zipOf(files, false), ort)).rejects.toMatchObject({ code });
  });
});

describe('the bundle of a detector that compares patches', () => {
  let bundle: TestBundle;
  beforeAll(async () => {
    bundle = await patchBundle(join(dir, 'patches'));
  }, 180_000);

  it('scores and draws as the library does', async () => {
    const runner = anomalyRunner(await openBundle(bundle.bytes, ort, { session }));
    const detector = anomalyDetector(await loadDetector(bundle.folder, runtime));
    const golden = await runner.score(imageOf(await decodePicture(runner.golden.png)));
    expect(Math.abs(golden.score - (runner.golden.record.score as number))).toBeLessThan(1e-4);
    const { picture } = samplePart('boards', 6, 'scratch', 200);
    const [expected] = await detector.predict([picture]);
    const found = await runner.score(imageOf(picture));
    expect(Math.abs(found.score - expected!.score)).toBeLessThan(1e-4);
    const { overlay } = renderPrediction(picture, found, detector.model);
    expect(Buffer.compare(levelsOf(runner.overlay(imageOf(picture), found)), overlay.data)).toBe(0);
    await runner.close();
    await detector.close();
  });

  it('is refused by name when its kind is not known', async () => {
    const files = await filesIn(bundle.bytes);
    const manifest = JSON.parse(new TextDecoder().decode(files.get('manifest.json')));
    manifest.model.detector = 'crystal-ball';
    files.set('manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
    await expect(openBundle(await zipOf(files, false), ort)).rejects.toMatchObject({
      code: 'checkpoint.malformed',
      message: expect.stringContaining('crystal-ball'),
    });
  });
});

describe('the bundle of an object detector', () => {
  let bundle: TestBundle;
  let runner: ObjectRunner;
  beforeAll(async () => {
    bundle = await objectsBundle(join(dir, 'objects'));
    const opened = await openBundle(bundle.bytes, ort, { session });
    if (opened.task !== 'detect') throw new Error('expected an object detector');
    runner = opened;
  }, 180_000);
  afterAll(() => runner.close());

  it('finds and draws what the library finds', async () => {
    const detector = await loadDetector(bundle.folder, runtime);
    if (detector.task !== 'detect') throw new Error('expected an object detector');
    expect(runner.model).toMatchObject({ ...detector.model, conf: 0.01, iou: 0.45 });
    const { picture } = objectsPicture(21, { width: 150, height: 70 });
    const thresholds = { conf: 0.001, iou: 0.5 };
    const [expected] = await detector.predict([picture], thresholds);
    const found = await runner.detect(imageOf(picture), thresholds);
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBe(expected!.detections.length);
    for (const [i, { classId, confidence, box }] of found.entries()) {
      const wanted = expected!.detections[i]!;
      expect(classId).toBe(wanted.classId);
      expect(Math.abs(confidence - wanted.confidence)).toBeLessThan(1e-4);
      for (const [k, side] of box.entries()) expect(Math.abs(side - wanted.box[k]!)).toBeLessThan(0.01);
    }
    const drawn = runner.overlay(imageOf(picture), found.slice(0, 3));
    const wanted = renderDetections(picture, found.slice(0, 3), runner.model.classes);
    expect(Buffer.compare(levelsOf(drawn), wanted.data)).toBe(0);
    await detector.close();
  });
});

function anomalyRunner(runner: Runner): AnomalyRunner {
  if (runner.task !== 'anomaly') throw new Error('expected a model that finds anomalies');
  return runner;
}

function flip(files: Map<string, Uint8Array>, name: string, at: number): void {
  const bytes = files.get(name)!.slice();
  bytes[at]! ^= 1;
  files.set(name, bytes);
}
