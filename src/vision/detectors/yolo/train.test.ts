import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { decodeModel } from '../../../autodiff/onnx/decode-model.ts';
import { readTensors } from '../../checkpoint/read-tensors.ts';
import type { LabelledDataset, LabelledPicture } from '../../dataset/labelled.ts';
import type { ErrorCode } from '../../errors.ts';
import { type DeviceRuntime, openRuntimeOn } from '../../runtime/runtime.ts';
import { evaluateDetections } from '../../scoring/detection-metrics.ts';
import type { TrainingEvent } from '../../training/events.ts';
import type { ObjectDetector, TrainedDetectModel, TrainRequest } from '../detector.ts';
import { checkGolden } from '../golden.ts';
import { loadDetector } from '../load-detector.ts';
import { trainDetector } from '../train-detector.ts';
import {
  learntBy,
  namesIn,
  objectsPicture,
  objectsRequest,
  tinyClasses,
  writeObjects,
} from './testing/tiny-objects.ts';

let runtime: DeviceRuntime;
let dir: string;
let pictures: LabelledPicture[];
let objects: LabelledDataset;
beforeAll(async () => {
  runtime = await openRuntimeOn('cpu', { threads: 1 });
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  pictures = await writeObjects(join(dir, 'pictures'), [...Array(12).keys()]);
  objects = { classes: tinyClasses, train: pictures.slice(0, 8), val: pictures.slice(8) };
});
afterAll(async () => {
  await runtime.close();
  await rm(dir, { recursive: true });
});

interface Outcome {
  readonly model: TrainedDetectModel | null;
  readonly code: ErrorCode | null;
  readonly events: TrainingEvent[];
}

/** Trains, and stops when an event is the one asked for. */
async function trainUntil(
  request: TrainRequest,
  isTheOne: (event: TrainingEvent) => boolean = () => false,
): Promise<Outcome> {
  const stop = new AbortController();
  const events: TrainingEvent[] = [];
  const onEvent = (event: TrainingEvent) => {
    events.push(event);
    if (isTheOne(event)) stop.abort();
  };
  return trainDetector(request, { signal: stop.signal, onEvent }).then(
    (model) => ({ model: model as TrainedDetectModel, code: null, events }),
    (error: { code: ErrorCode }) => ({ model: null, code: error.code, events }),
  );
}

async function opened(folder: string): Promise<ObjectDetector> {
  const detector = await loadDetector(folder, runtime);
  expect(detector.task).toBe('detect');
  return detector as ObjectDetector;
}

const refused = async (request: TrainRequest, code: ErrorCode, message: RegExp) => {
  await expect(trainDetector(request)).rejects.toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  );
  expect(await namesIn(request.folder)).toEqual([]);
};

/** No chance in the samples. */
const still = { scale: 0, translate: 0, flipHorizontal: 0, hue: 0, saturation: 0, value: 0 };

describe('training an object detector', () => {
  it('learns eight pictures by heart, and what it writes finds them again', async () => {
    const eight = { ...objects, val: objects.train };
    const settings = {
      ...{ imageSize: 96, epochs: 35, batch: 8, closeMosaic: 35, augmentation: still },
      ...{ conf: 0.3, iou: 0.5 },
    };
    const request = { ...objectsRequest(dir, 'overfit', eight, settings), record: { model_id: 'm-1' } };
    const { model, events } = await trainUntil(request);
    expect(model!.metrics.map50).toBeGreaterThanOrEqual(0.95);
    expect(await namesIn(request.stateFolder)).toEqual([]);

    const detector = await opened(request.folder);
    expect(detector.model).toMatchObject({
      ...{ kind: 'yolo', variant: 'okapi-n', imageSize: 96, classes: tinyClasses, conf: 0.3, iou: 0.5 },
      metrics: model!.metrics,
    });
    // Served as it was judged: the figures are those of predictions on the pictures as they are.
    const judged = [];
    for (const [seed, { boxes }] of objects.train.entries()) {
      const { picture } = objectsPicture(seed);
      const [prediction] = await detector.predict([picture], { conf: 1e-3 });
      const { width, height } = picture;
      const truths = boxes.map(({ classId, box: [a, b, c, d] }) => ({
        classId,
        box: [a * width, b * height, c * width, d * height] as const,
      }));
      judged.push({ detections: prediction!.detections, truths });
    }
    const { map50, map50_95 } = evaluateDetections(judged, tinyClasses);
    expect(map50).toBeCloseTo(model!.metrics.map50, 6);
    expect(map50_95).toBeCloseTo(model!.metrics.map50_95, 6);
    const epochs = events.filter((event) => event.type === 'epoch');
    const { metrics } = epochs[model!.bestEpoch - 1]!;
    expect(metrics!.map50_95).toBeCloseTo(model!.metrics.map50_95, 3);
    expect(Object.keys(metrics!)).toEqual(['box', 'cls', 'dfl', 'map50', 'map50_95', 'precision', 'recall']);

    const [all, sure] = await Promise.all(
      [0.001, 0.9].map((conf) => detector.predict([objectsPicture(3).picture], { conf })),
    );
    expect(all![0]!.detections.length).toBeGreaterThan(sure![0]!.detections.length);
    await expect(detector.predict([objectsPicture(3).picture], { iou: 1.5 })).rejects.toThrow(
      'expected iou to be a number from 0 to 1, got 1.5',
    );
    await detector.close();

    const config = parse(await readFile(join(request.folder, 'config.yaml'), 'utf8'));
    expect(config).toMatchObject({
      ...{ model_id: 'm-1', detector: 'yolo', training_mode: 'yolo', model_variant: 'okapi-n' },
      ...{ img_size: 96, threshold: 0.3, classes: tinyClasses, batch: 8 },
      dataset: { training: 8, validation: 8 },
    });
    const { metadata } = decodeModel(new Uint8Array(await readFile(join(request.folder, 'model.onnx'))));
    expect(JSON.parse(metadata.classes!)).toEqual(tinyClasses);
    expect(metadata).toMatchObject({ conf: '0.3', iou: '0.5', task: 'detect' });
    const { tensors } = await readTensors(join(request.folder, 'model.pt'));
    expect(tensors.get('model.22.cv3.0.2.bias')!.shape).toEqual([2]);
    expect(await namesIn(request.folder)).toEqual(
      expect.arrayContaining(['last.safetensors', 'metrics.json', 'pr_curve.svg', 'confusion_matrix.svg']),
    );
  }, 120_000);

  it('goes on bit for bit wherever it was stopped, between mosaics too', async () => {
    const settings = { epochs: 2, batch: 4 }; // an epoch of mosaics and one without, two steps each
    const whole = objectsRequest(dir, 'uninterrupted', objects, settings);
    await trainDetector(whole);
    const expected = await learntBy(whole);
    const stopped = objectsRequest(dir, 'stopped', objects, settings);
    const seen: string[] = [];
    for (let rounds = 0; rounds < 4; rounds++) {
      let steps = 0;
      const { model, code, events } = await trainUntil(
        stopped,
        (event) => event.type === 'step' && ++steps === rounds + 1,
      );
      for (const event of events) if (event.type === 'resumed') seen.push(`${event.epoch}/${event.step}`);
      if (model !== null) break;
      expect(code).toBe('train.canceled');
      expect(await namesIn(stopped.folder)).toEqual([]);
    }
    expect(seen).toEqual(['0/1', '1/1']);
    expect(await learntBy(stopped)).toEqual(expected);
  }, 120_000);

  it('starts from a model of its own, and from a file in a weights folder that is called as the variant', async () => {
    const first = objectsRequest(dir, 'first', objects, { epochs: 1 });
    await trainDetector(first);
    const based = { ...objectsRequest(dir, 'based', objects, { epochs: 1 }), base: first.folder };
    const { events } = await trainUntil(based);
    expect(notesIn(events)).toContainEqual(
      expect.stringMatching(/^starting from first: (\d+) of \1 weights/),
    );
    const weights = join(dir, 'weights');
    const named = {
      ...objectsRequest(dir, 'named', objects, { epochs: 1 }),
      encoderSource: { folders: [weights] },
    };
    await writeFileIn(weights, 'okapi-n.pt', await readFile(join(first.folder, 'model.pt')));
    expect(notesIn((await trainUntil(named)).events)).toContainEqual(
      expect.stringMatching(/^starting from okapi-n.pt: /),
    );
    expect(parse(await readFile(join(named.folder, 'config.yaml'), 'utf8')).started_from).toBe('okapi-n.pt');
    await writeFileIn(weights, 'cat.pt', Buffer.from('meow'));
    const wrong = (given: string) => ({ ...named, folder: join(dir, 'wrong'), settings: { weights: given } });
    await refused(wrong('cat.pt'), 'checkpoint.unsupported_format', /cat\.pt/);
    await refused(
      wrong('dog.pt'),
      'checkpoint.not_found',
      /there is no file of weights dog\.pt, nor in .*weights$/,
    );
  }, 120_000);
});

const notesIn = (events: readonly TrainingEvent[]) =>
  events.flatMap((event) => (event.type === 'note' ? [event.text] : []));

async function writeFileIn(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), bytes);
}

describe('odd and bad input to a training of objects', () => {
  it.each([
    [{ variant: 'yolov9c' }, /^expected variant to be one of yolov8n, .*okapi-s .*, got "yolov9c"$/],
    [{ imageSize: 100 }, /^expected imageSize to be a multiple of 32 from 64 to 1536, got 100$/],
    [{ conf: 2 }, /^expected conf to be a number from 0 to 1, got 2$/],
    [{ iou: '0.5' }, /got "0.5"$/],
    [{ batch: 0 }, /^expected batch to be a whole number from 1 to 1024, or null, got 0$/],
    [{ lr0: -1 }, /^expected lr0 to be a number above 0 and at most 1, or null, got -1$/],
    [{ optimizer: 'adagrad' }, /^expected optimizer to be one of adamw, sgd, got "adagrad"$/],
    [{ augmentation: { spin: 1 } }, /^expected augmentation to be numbers .*flipHorizontal/],
    [{ threshold: 3 }, /^there is no setting "threshold"; there are variant, /],
  ])('%j is outside its range', async (settings, message) => {
    await refused(objectsRequest(dir, 'refused', objects, settings), 'option.invalid', message);
  });

  it('no boxes at all, no classes, or labels that are none', async () => {
    const without = (list: readonly LabelledPicture[]) => list.map(({ file }) => ({ file, boxes: [] }));
    const none = { ...objects, train: without(objects.train) };
    await refused(
      objectsRequest(dir, 'refused', none),
      'train.degenerate',
      /^expected boxes to learn from, got none on 8 training pictures$/,
    );
    await refused(
      objectsRequest(dir, 'refused', { ...objects, classes: [] }),
      'dataset.layout',
      /names of one or more classes, got none/,
    );
    const box = { classId: 7, box: [0, 0, Number.NaN, 1] as const };
    await refused(
      objectsRequest(dir, 'refused', { ...objects, train: [{ file: 'a.png', boxes: [box] }] }),
      'dataset.layout',
      /^a\.png: expected boxes of 2 classes with sides from 0 to 1, got class 7, \[0, 0, NaN, 1\]$/,
    );
    const gone = [{ file: join(dir, 'gone.png'), boxes: objects.train[0]!.boxes }];
    await refused(
      objectsRequest(dir, 'refused', { ...objects, train: gone }),
      'dataset.too_few_images',
      /at least one training picture with boxes that can be read, got none; left out:\n {2}.*gone\.png/,
    );
  });

  it('one picture, one class, and no val with boxes: judged by the training picture, with a word', async () => {
    const one = {
      classes: ['thing'],
      train: objects.train.slice(0, 1).map(({ file, boxes }) => ({
        file,
        boxes: boxes.map(({ box }) => ({ classId: 0, box })),
      })),
      val: [{ file: objects.val[0]!.file, boxes: [] }],
    };
    const request = objectsRequest(dir, 'one', one, { batch: null });
    const { model, events } = await trainUntil(request);
    expect(model).toMatchObject({ pictures: { used: 2 }, epochsRun: 2 });
    expect(notesIn(events)).toContainEqual(expect.stringMatching(/^no val picture has boxes/));
    expect(parse(await readFile(join(request.folder, 'config.yaml'), 'utf8'))).toMatchObject({
      note: expect.stringContaining('training pictures, since no val picture has boxes'),
      dataset: { training: 1, validation: 0 },
    });
    await (await opened(request.folder)).close();
  }, 60_000);

  it('a picture that cannot be read is passed over and listed', async () => {
    const bad = join(dir, 'bad.png');
    await writeFile(bad, 'no picture');
    const train = [{ file: bad, boxes: objects.train[0]!.boxes }, ...objects.train];
    const { model } = await trainUntil(objectsRequest(dir, 'listed', { ...objects, train }, { epochs: 1 }));
    expect(model!.pictures).toMatchObject({
      used: 12,
      refused: [{ file: bad, code: 'image.unsupported_type' }],
    });
  }, 60_000);

  it('a learning rate that is far too high leaves no model and nothing to resume', async () => {
    const settings = { lr0: 1, optimizer: 'sgd', epochs: 6, closeMosaic: 0, warmupEpochs: 0, trunkRate: 1 };
    const request = objectsRequest(dir, 'diverged', objects, settings);
    await refused(request, 'train.diverged', /learning rate 1; try 0.1$/);
    expect(await namesIn(request.stateFolder)).toEqual([]);
  }, 60_000);

  it('a golden picture in which something else is found is an error when the model is loaded', async () => {
    const folder = join(dir, 'overfit');
    const detector = await opened(folder);
    const picture = await readFile(join(folder, 'golden.png'));
    const record = JSON.parse(await readFile(join(folder, 'golden.json'), 'utf8'));
    const check = (change: { confidence?: number; right?: number } = {}) => {
      const [{ confidence, box, ...same }, ...others] = record.detections;
      const [left, top, right, bottom] = box;
      const first = {
        ...same,
        confidence: confidence + (change.confidence ?? 0),
        box: [left, top, right + (change.right ?? 0), bottom],
      };
      return checkGolden(detector, picture, bytesOf({ ...record, detections: [first, ...others] }));
    };
    await check();
    await check({ confidence: 5e-5, right: 5e-3 });
    const broken = expect.objectContaining({ code: 'checkpoint.corrupt' });
    await expect(check({ confidence: 2e-4 })).rejects.toThrow(broken);
    await expect(check({ right: 0.02 })).rejects.toThrow(broken);
    await expect(checkGolden(detector, picture, bytesOf({ detections: 3 }))).rejects.toThrow(
      'expected detections in golden.json, found none',
    );
    await detector.close();
  });
});

const bytesOf = (value: object) => new TextEncoder().encode(JSON.stringify(value));
