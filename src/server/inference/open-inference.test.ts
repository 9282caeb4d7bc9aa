// Testing pictures with stored models: right scores, whoever else asks and whatever else was sent.
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { samplePart } from '../../vision/dataset/sample-parts.ts';
import { exifBlock, gradientPicture, withJpegExif } from '../../vision/image/testing/files.ts';
import {
  type AnomalyPrediction,
  anomalyDetector,
  decodePicture,
  encodePicture,
  loadDetector,
  openRuntime,
  type Picture,
  renderPrediction,
} from '../../vision/index.ts';
import { readMapFile } from '../../vision/scoring/map-file.ts';
import type { StagedFile } from '../datasets/image-record.ts';
import { badPictures } from '../datasets/testing/bad-pictures.ts';
import { deleteModel } from '../models/delete-model.ts';
import { folderOf } from '../models/model-documents.ts';
import { thresholdOf } from '../models/model-info.ts';
import type { ModelRecord } from '../models/model-record.ts';
import { patchThreshold } from '../models/patch-threshold.ts';
import type { Config } from '../platform/config.ts';
import type { Context } from '../platform/context.ts';
import { blobKeys, docKeys } from '../platform/layout.ts';
import { type TestClock, type TestContext, testActor, testContext } from '../testing/context.ts';
import { imageRecord } from '../testing/sample-records.ts';
import { inspectImage } from './inspect-image.ts';
import { type Inference, openInference } from './open-inference.ts';
import { openPreview, sweepPreviews } from './previews.ts';
import { listResults } from './results.ts';
import type { TestedItem, TestItem } from './test-item.ts';
import { fixture, staged, storeCopy, trainTiny, uploads, writeOriginal } from './testing/stored-models.ts';

let made: string;
let tiny: string;
let original: string;
/** JPEG files of parts, the even ones good, and what the trained model says of them. */
let parts: { readonly name: string; readonly bytes: Uint8Array; readonly prediction: AnomalyPrediction }[];

beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), 'okapi-'));
  tiny = await trainTiny(made);
  original = await writeOriginal(made);
  const runtime = await openRuntime({ device: 'cpu', threads: 1 });
  const detector = anomalyDetector(await loadDetector(tiny, runtime));
  parts = [];
  for (let i = 0; i < 10; i++) {
    const { picture } = samplePart('boards', 500 + i, i % 2 === 0 ? undefined : 'missing', 80);
    const bytes = await encodePicture(picture, 'jpeg');
    const [prediction] = await detector.predict([await decodePicture(bytes)]);
    parts.push({ name: `part ${i}.jpg`, bytes, prediction: prediction! });
  }
  await detector.close();
  await runtime.close();
});
afterAll(() => rm(made, { recursive: true }));

let test: TestContext;
let context: Context;
let inference: Inference;
beforeAll(async () => {
  test = await testContext();
  context = test.context;
  inference = openInference(context);
});
afterAll(async () => {
  await inference.close();
  await test.close();
});

/** A service with other settings, over the same stores. */
async function withSettings(
  changes: { [K in keyof Config]?: Partial<Config[K]> },
  work: (service: Inference) => Promise<void>,
): Promise<void> {
  const changed = Object.entries(changes).map(([key, value]) => [
    key,
    { ...(context.config[key as keyof Config] as object), ...(value as object) },
  ]);
  const config = { ...context.config, ...Object.fromEntries(changed) };
  const service = openInference({ ...context, config });
  try {
    await work(service);
  } finally {
    await service.close();
  }
}

const upload = (name: string, bytes: Uint8Array) => staged(join(test.folder, 'uploads'), name, bytes);
const uploadParts = () => Promise.all(parts.map(({ name, bytes }) => upload(name, bytes)));
const ask = (id: string, files: readonly StagedFile[], store = false, service = inference) =>
  service.test(id, uploads(files), { store }, testActor);
/** Each test has a model and a project of its own. */
let models = 0;
async function newModel(folder = tiny): Promise<{ readonly id: string; readonly record: ModelRecord }> {
  const id = `m-${++models}`;
  return { id, record: await storeCopy(context, folder, id, { owner: { kind: 'project', id: `p-${id}` } }) };
}
const history = async ({ owner }: ModelRecord) => (await listResults(context, owner)).items;
const tested = (item: TestItem | undefined): TestedItem => {
  if (item === undefined || 'error' in item) throw new Error(`expected a score, got ${JSON.stringify(item)}`);
  return item;
};
const scores = (items: readonly TestItem[]) => items.map((item) => ('error' in item ? null : item.score));
const expected = () => parts.map(({ prediction }) => prediction.score);
const stagedFiles = () => readdir(join(context.config.tmp_dir, 'staging')).catch(() => []);

async function preview(url: string | null): Promise<Buffer> {
  const [, , , modelId, name] = (url ?? '').split('/');
  return buffer((await openPreview(context, modelId!, name!)).stream);
}

describe('a test', () => {
  it('gives the very scores and places of the detector, in the order sent', async () => {
    const { id, record } = await newModel();
    const { model_id, items } = await ask(id, await uploadParts());
    expect(model_id).toBe(id);
    expect(scores(items)).toEqual(expected());
    for (const [i, item] of items.map(tested).entries()) {
      const { prediction, name } = parts[i]!;
      expect(item).toMatchObject({
        filename: name,
        thr: thresholdOf(record).value,
        threshold: prediction.threshold,
        is_anomaly: prediction.isAnomaly,
        bboxes: prediction.regions.map(({ box }) => box),
        regions: prediction.regions.map(({ box, area, peak }) => ({ bbox: box, area, peak })),
        detections: [],
      });
    }
  });

  it('scores with a model of the original as the original does', async () => {
    const { id } = await newModel(original);
    const truth = JSON.parse(await readFile(fixture('original-legacy.json'), 'utf8'));
    const file = await upload('part.png', await readFile(fixture('original-part.png')));
    const item = tested((await ask(id, [file])).items[0]);
    expect(Math.abs(item.score - truth.score)).toBeLessThan(1e-4);
    expect(item).toMatchObject({ is_anomaly: true, threshold: 0.2, bboxes: truth.boxes });
    await patchThreshold(context, id, { value: 0.9 }, testActor);
    expect(tested((await ask(id, [file])).items[0])).toMatchObject({ is_anomaly: false, bboxes: [] });
  });

  it('goes by the newest threshold at once, without loading the model again', async () => {
    const { id } = await newModel();
    const files = [(await uploadParts())[0]!];
    const { score } = tested((await ask(id, files)).items[0]);
    const { loads } = inference.stats();
    for (const [value, is_anomaly] of [
      [score - 0.01, true],
      [score + 0.01, false],
      [score, false],
    ] as const) {
      await patchThreshold(context, id, { value }, testActor);
      expect(tested((await ask(id, files)).items[0])).toMatchObject({ thr: value, is_anomaly });
    }
    expect(inference.stats().loads).toBe(loads);
  });

  it('of a picture that is stored has previews, and nothing remembers it', async () => {
    const id = 'looked-at';
    const owner = { kind: 'scene', id: 'line-9' } as const;
    const record = await storeCopy(context, tiny, id, { owner });
    const image = { ...imageRecord('part'), filename: 'part.jpg', display_name: parts[1]!.name };
    await context.docs.put(docKeys.images(owner), { files: { [image.filename]: image } });
    await context.blobs.put(blobKeys.image(owner, image.filename), Buffer.from(parts[1]!.bytes));
    const item = await inspectImage({ context, inference }, id, image.filename, testActor);
    expect(item).toMatchObject({ filename: parts[1]!.name, score: expected()[1], result_id: null });
    expect((await preview(item.heatmap_url)).length).toBeGreaterThan(100);
    expect(await history(record)).toEqual([]);
    const missing = inspectImage({ context, inference }, id, 'other.jpg', testActor);
    await expect(missing).rejects.toMatchObject({ code: 'image.not_found' });
  });

  it('is refused for unknown models', async () => {
    await expect(ask('nobody', [])).rejects.toMatchObject({ code: 'model.not_found' });
  });

  it('of bad files among good ones changes nothing for the good ones', async () => {
    const { id, record } = await newModel();
    const good = await uploadParts();
    const files: StagedFile[] = [];
    // Three bad ones before each good one, and the rest behind the last.
    for (const [i, [name, bytes]] of badPictures.entries()) {
      if (i % 3 === 0 && i / 3 < good.length) files.push(good[i / 3]!);
      files.push(await upload(name, bytes));
    }
    expect(badPictures.length).toBeGreaterThan(27);
    const refused = { code: 'image.too_large', detail: 'too large' };
    files.push({ displayName: 'huge.jpg', refused });
    const { allowed_extensions: usual } = context.config.uploads;
    await withSettings({ uploads: { allowed_extensions: [...usual, '.webp'] } }, async (service) => {
      const { items } = await ask(id, files, true, service);
      expect(items.map(({ filename }) => filename)).toEqual(files.map(({ displayName }) => displayName));
      expect(scores(items.filter((item) => !('error' in item)))).toEqual(expected());
      const errors = items.filter((item) => 'error' in item);
      expect(errors.map((item) => [item.filename, item.error_code])).toEqual([
        ...badPictures.map(([name, , code]) => [name, code]),
        ['huge.jpg', 'image.too_large'],
      ]);
      expect(new Set(errors.map(({ error }) => error))).toEqual(new Set(['cannot decode image']));
      expect(JSON.stringify(items)).not.toContain(test.folder);
      expect(service.stats().retries).toBe(0);
    });
    expect(await history(record)).toHaveLength(10);
    expect(await stagedFiles()).toEqual([]);
  });

  it('of a picture that decodes too long ends that picture alone', async () => {
    const { id } = await newModel();
    const good = await uploadParts();
    const slow = await upload('slow.jpg', await largePicture());
    await withSettings({ uploads: { decode_timeout_seconds: 0.06 } }, async (service) => {
      await ask(id, good.slice(0, 1), false, service);
      const files = [...good.slice(0, 2), slow, ...good.slice(2)];
      const [mixed, other] = await Promise.all([
        ask(id, files, false, service),
        ask(id, good, false, service),
      ]);
      expect(mixed.items[2]).toMatchObject({ filename: 'slow.jpg', error_code: 'image.decode_timeout' });
      expect(scores(mixed.items.filter((_, i) => i !== 2))).toEqual(expected());
      expect(scores(other.items)).toEqual(expected());
      expect(scores((await ask(id, good, false, service)).items)).toEqual(expected());
      expect(service.stats().retries).toBeGreaterThan(0);
    });
  });

  it('goes on when the child is killed', async () => {
    const { id } = await newModel();
    const good = await uploadParts();
    await withSettings({}, async (service) => {
      const before = await children();
      await ask(id, good.slice(0, 1), false, service);
      const child = (await children()).find((pid) => !before.includes(pid))!;
      async function* killing() {
        yield* good.slice(0, 4);
        process.kill(child, 'SIGKILL');
        yield* good.slice(4);
      }
      const { items } = await service.test(id, killing(), { store: false }, testActor);
      expect(scores(items)).toEqual(expected());
      expect(service.stats().retries).toBeGreaterThan(0);
    });
  });

  it('of fifty at once is the same as one after the other, with the model loaded once', async () => {
    const { id } = await newModel();
    const files = await uploadParts();
    const { loads } = inference.stats();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => ask(id, [files[i % files.length]!])),
    );
    const parallel = answers.map(({ items }) => tested(items[0]).score);
    expect(parallel).toEqual(parallel.map((_, i) => expected()[i % files.length]));
    expect(inference.stats()).toMatchObject({ loads: loads + 1, active: 0, waiting: 0, retries: 0 });
  });

  it('is told to come back when too many wait already', async () => {
    const { id } = await newModel();
    const files = (await uploadParts()).slice(0, 1);
    await withSettings({ inference: { max_waiting_requests: 2 } }, async (service) => {
      const asking = Array.from({ length: 10 }, () => ask(id, files, false, service));
      const asked = await Promise.allSettled(asking);
      const refused = asked.filter((result) => result.status === 'rejected').map(({ reason }) => reason);
      expect(refused).toHaveLength(4); // 4 are worked on and 2 wait.
      for (const error of refused) expect(error).toMatchObject({ code: 'server.busy' });
      expect(refused[0].retryAfterSeconds).toBeGreaterThanOrEqual(1);
      expect(scores((await ask(id, files, false, service)).items)).toEqual(expected().slice(0, 1));
    });
  });

  it('holds as many models as fit the memory, and loads the others again', async () => {
    const [one, two] = [await newModel(), await newModel()];
    const files = (await uploadParts()).slice(0, 1);
    await withSettings({ inference: { max_memory_mb: 1 } }, async (service) => {
      expect(service.stats().detectors).toEqual({ loaded: 0, bytes: 0 });
      for (const { id } of [one, one, two, one])
        expect(scores((await ask(id, files, false, service)).items)).toEqual(expected().slice(0, 1));
      expect(service.stats().loads).toBe(3);
      expect(service.stats().detectors).toEqual({ loaded: 1, bytes: expect.any(Number) });
      expect(service.stats().detectors.bytes).toBeGreaterThan(2 ** 20);
    });
  });

  it('breaks off cleanly when the upload does', async () => {
    const { id, record } = await newModel();
    const [file] = await uploadParts();
    async function* broken() {
      yield file!;
      throw new Error('the client is gone');
    }
    await expect(inference.test(id, broken(), { store: true }, testActor)).rejects.toThrow('is gone');
    expect(await history(record)).toEqual([]);
    expect(await stagedFiles()).toEqual([]);
    expect(inference.stats().active).toBe(0);
  });

  it('is refused once the service is closed', async () => {
    const { id } = await newModel();
    const files = await uploadParts();
    await withSettings({}, async (service) => {
      const running = expect(ask(id, files, false, service)).rejects.toMatchObject({
        code: 'server.stopping',
      });
      await service.close();
      await running;
      await expect(ask(id, files, false, service)).rejects.toMatchObject({ code: 'server.stopping' });
    });
  });
});

describe('a damaged model', () => {
  it.each([
    ['model.onnx', async (path: string) => flip(path)],
    ['manifest.json', async (path: string) => flip(path)],
    ['threshold.json', async (path: string) => flip(path)],
    ['golden.png', async (path: string) => rm(path)],
    ['config.yaml', async (path: string) => rm(path)],
  ])('gives no score (%s), and others answer', async (file, damage) => {
    const [bad, good] = [await newModel(), await newModel()];
    const path = await context.blobs.localPath(`${folderOf(bad.record)}/${file}`);
    await chmod(path, 0o600);
    await damage(path);
    const files = (await uploadParts()).slice(0, 1);
    await expect(ask(bad.id, files)).rejects.toMatchObject({
      code: 'model.corrupt',
      message: expect.stringMatching(new RegExp(`^(?!.*${test.folder}).*${bad.id} is damaged`)),
    });
    expect(scores((await ask(good.id, files)).items)).toEqual(expected().slice(0, 1));
  });

  it('of the original gives no score either', async () => {
    const { id, record } = await newModel(original);
    await flip(await context.blobs.localPath(`${folderOf(record)}/model.pt`));
    const files = (await uploadParts()).slice(0, 1);
    await expect(ask(id, files)).rejects.toMatchObject({ code: 'model.corrupt' });
  });

  async function flip(path: string): Promise<void> {
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
  }
});

describe('previews', () => {
  it('show each upload its own picture, heatmap and overlay, under names nobody can guess', async () => {
    const { id, record } = await newModel();
    const runtime = await openRuntime({ device: 'cpu', threads: 1 });
    const detector = anomalyDetector(await loadDetector(tiny, runtime));
    const { picture: one } = samplePart('boards', 1, undefined, 80);
    const { picture: two } = samplePart('boards', 2, 'missing', 80);
    const [png, jpeg] = [await encodePicture(one, 'png'), await encodePicture(two, 'jpeg')];
    const answers = await Promise.all([
      ask(id, [await upload('a.png', png), await upload('a.jpg', jpeg)], true),
      ask(id, [await upload('a.png', jpeg)], true),
    ]);
    const items = answers.flatMap(({ items }) => items).map(tested);
    const urls = items.flatMap((item) => [item.image_url, item.heatmap_url, item.overlay_url]);
    expect(new Set(urls).size).toBe(9);
    for (const url of urls) expect(url).toMatch(/^\/static\/preview\/m-\d+\/[0-9a-f]{32}\.jpg$/);
    for (const [i, bytes] of [png, jpeg, jpeg].entries()) {
      const picture = await decodePicture(bytes);
      const [prediction] = await detector.predict([picture]);
      const { heatmap, overlay } = renderPrediction(picture, prediction!, detector.model);
      const item = items[i]!;
      const shown: [string | null, Picture][] = [
        [item.image_url, picture],
        [item.heatmap_url, heatmap],
        [item.overlay_url, overlay],
      ];
      for (const [url, drawn] of shown)
        expect(sha(await preview(url))).toBe(sha(await encodePicture(drawn, 'jpeg', { quality: 90 })));
      expect(item.result_image).toBe(item.overlay_url);
    }
    await detector.close();
    await runtime.close();
    expect((await history(record)).map(({ image_url }) => image_url).sort()).toEqual(
      items.map(({ image_url }) => image_url).sort(),
    );
  });

  it('have the map in absolute scores and the reconstruction when these are asked for', async () => {
    const { id } = await newModel();
    const runtime = await openRuntime({ device: 'cpu', threads: 1 });
    const detector = anomalyDetector(await loadDetector(tiny, runtime));
    const { picture } = samplePart('boards', 2, 'missing', 80);
    const file = await upload('a.png', await encodePicture(picture, 'png'));
    const { items } = await inference.test(id, uploads([file]), { store: true, map: true }, testActor);
    const item = tested(items[0]);
    const [prediction] = await detector.predict([picture]);
    expect(readMapFile(await preview(item.map_url))).toEqual(prediction!.map);
    expect(item.pixel_threshold).toBe(detector.model.threshold.pixelValue);
    const drawn = await encodePicture(prediction!.reconstruction!, 'jpeg', { quality: 90 });
    expect(sha(await preview(item.reconstruction_url))).toBe(sha(drawn));
    expect(await stagedFiles()).toEqual([]);
    await detector.close();
    await runtime.close();
    const without = tested((await ask(id, [file], true)).items[0]);
    expect(without).toMatchObject({ map_url: null, reconstruction_url: null });
  });

  it('carry no metadata of the upload, and stand upright', async () => {
    const { id } = await newModel();
    const turned = withJpegExif(await encodePicture(gradientPicture(80, 40), 'jpeg'), exifBlock(6));
    const item = tested((await ask(id, [await upload('turned.jpg', turned)], true)).items[0]);
    const bytes = await preview(item.image_url);
    expect(bytes.includes('Exif')).toBe(false);
    expect(await decodePicture(bytes)).toMatchObject({ width: 40, height: 80 });
  });

  it('and history are left out when nothing is to be stored', async () => {
    const { id, record } = await newModel();
    const item = tested((await ask(id, await uploadParts())).items[0]);
    expect(item).toMatchObject({
      image_url: null,
      heatmap_url: null,
      overlay_url: null,
      result_image: null,
      result_id: null,
    });
    expect(await context.blobs.list(`preview/${id}`)).toEqual([]);
    expect(await history(record)).toEqual([]);
  });

  it('expire by the clock, and only those', async () => {
    const { id } = await newModel();
    const clock = context.clock as TestClock;
    clock.advance(1000 * 3_600_000);
    await sweepPreviews(context);
    const file = (await uploadParts()).slice(0, 1);
    const old = tested((await ask(id, file, true)).items[0]);
    clock.advance(23 * 3_600_000);
    const fresh = tested((await ask(id, file, true)).items[0]);
    await context.blobs.put(`preview/${id}/of-the-original.png`, Buffer.from('x'));
    expect(await sweepPreviews(context)).toBe(0);
    clock.advance(3 * 3_600_000);
    expect(await sweepPreviews(context)).toBe(3);
    await expect(preview(old.image_url)).rejects.toMatchObject({ code: 'blob.not_found' });
    expect((await preview(fresh.image_url)).length).toBeGreaterThan(100);
    expect(await context.blobs.list('preview')).toHaveLength(4);
    expect(await sweepPreviews(context)).toBe(0);
  });

  it('that a power cut took a part of are not shown, and go with the others', async () => {
    const { id } = await newModel();
    const { image_url } = tested((await ask(id, (await uploadParts()).slice(0, 1), true)).items[0]);
    const [, , , , name] = image_url!.split('/');
    const path = await context.blobs.localPath(`preview/${id}/${name}`);
    const whole = await readFile(path);
    for (const left of [Buffer.alloc(0), Buffer.alloc(whole.length), whole.subarray(0, whole.length / 2)]) {
      await writeFile(path, left);
      await expect(preview(image_url)).rejects.toMatchObject({ code: 'blob.not_found' });
    }
    await writeFile(path, whole);
    expect(await preview(image_url)).toEqual(whole);
  });

  it.each([
    ['m-1', '../../projects/p-1/meta.json'],
    ['..', `${'a'.repeat(32)}.jpg`],
    ['m-1', `${'a'.repeat(32)}.svg`],
    ['m-1', `${'a'.repeat(32)}.jpg`],
  ])('are not found under %s/%s', async (modelId, name) => {
    await expect(openPreview(context, modelId, name)).rejects.toMatchObject({ code: 'blob.not_found' });
  });
});

describe('deleting a model', () => {
  it('lets the requests that work with it finish', async () => {
    const { id, record } = await newModel();
    const files = await uploadParts();
    let begun = () => {};
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });
    async function* slowly() {
      begun();
      yield* files;
    }
    const running = inference.test(id, slowly(), { store: false }, testActor);
    await started;
    await deleteModel(context, id, testActor, inference);
    expect(scores((await running).items)).toEqual(expected());
    await expect(ask(id, files)).rejects.toMatchObject({ code: 'model.not_found' });
    expect(await context.blobs.list(folderOf(record))).toEqual([]);
  });
});

/** A picture just under the limits, which takes a quarter of a second to decode. */
async function largePicture(): Promise<Buffer> {
  const create = { width: 6900, height: 7200, channels: 3, background: '#123456' } as const;
  return sharp({ create }).jpeg({ progressive: true }).toBuffer();
}

/** Processes of ours. */
async function children(): Promise<number[]> {
  const text = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8');
  return text.trim().split(' ').map(Number);
}

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
