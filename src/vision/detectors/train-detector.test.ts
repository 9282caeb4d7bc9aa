import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { decodeModel } from '../../autodiff/onnx/decode-model.ts';
import { samplePart } from '../dataset/sample-parts.ts';
import type { ErrorCode } from '../errors.ts';
import { resize } from '../image/resize.ts';
import { type DeviceRuntime, openRuntimeOn } from '../runtime/runtime.ts';
import type { TrainingEvent } from '../training/events.ts';
import {
  anomalyDetector,
  type TrainContext,
  type TrainedAnomalyModel,
  type TrainRequest,
} from './detector.ts';
import { loadDetector } from './load-detector.ts';
import {
  madeBy,
  namesIn,
  plainPicture,
  tinyRequest,
  writeParts,
  writePictures,
} from './testing/tiny-training.ts';
import { trainDetector as train } from './train-detector.ts';

let runtime: DeviceRuntime;
let dir: string;
let parts: string[];
beforeAll(async () => {
  runtime = await openRuntimeOn('cpu', { threads: 1 });
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  parts = await writeParts(join(dir, 'parts'), 8);
});
afterAll(async () => {
  await runtime.close();
  await rm(dir, { recursive: true });
});

async function trainDetector(request: TrainRequest, context?: Partial<TrainContext>) {
  const model = await train(request, context);
  expect(model.task).toBe('anomaly');
  return model as TrainedAnomalyModel;
}

/** Trains, and stops when an event is the one asked for. */
async function trainUntil(request: TrainRequest, isTheOne: (event: TrainingEvent) => boolean) {
  const stop = new AbortController();
  const events: TrainingEvent[] = [];
  const onEvent = (event: TrainingEvent) => {
    events.push(event);
    if (isTheOne(event)) stop.abort();
  };
  const outcome = await trainDetector(request, { signal: stop.signal, onEvent }).then(
    (model) => ({ model, code: null }),
    (error: { code: ErrorCode }) => ({ model: null, code: error.code }),
  );
  return { ...outcome, events };
}

const never = () => false;

describe('training an autoencoder', () => {
  it('makes a model folder that scores as it was calibrated, and says how it came about', async () => {
    const request = tinyRequest(dir, 'whole', parts, { epochs: 3, falseAlarmRate: 0.3 });
    const { model, events } = await trainUntil({ ...request, record: { model_id: 'm-1' } }, never);
    expect(await namesIn(request.folder)).toEqual([
      'config.yaml',
      'golden.json',
      'golden.png',
      'manifest.json',
      'model.onnx',
      'model.pt',
      'model.safetensors',
      'threshold.json',
    ]);
    expect(await namesIn(request.stateFolder)).toEqual([]);
    expect(model).toMatchObject({
      folder: request.folder,
      epochsRun: 3,
      pictures: { used: 8, copies: 0, refused: [] },
    });
    const config = parse(await readFile(join(request.folder, 'config.yaml'), 'utf8'));
    expect(config).toMatchObject({
      model_id: 'm-1',
      img_size: 64,
      epochs_run: 3,
      lr: 1e-3,
      threshold: model!.threshold.value,
      training_mode: 'anomaly',
      encoder: { name: 'none' },
      dataset: { pictures: 8, training: 6, validation: 2 },
    });
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['device', 'pictures', 'sample', 'epoch']),
    );
    const steps = events.filter((event) => event.type === 'step');
    expect(steps.map(({ progress }) => progress)).toEqual(steps.map((_, i) => (i + 1) / steps.length));
    expect(events.filter((event) => event.type === 'epoch').map(({ learningRate }) => learningRate)).toEqual(
      [1, 0.75, 0.25].map((factor) => expect.closeTo(1e-3 * factor, 12)),
    );

    // Any ONNX runtime gets the score, the map and what it needs to know from model.onnx alone.
    const bytes = await readFile(join(request.folder, 'model.onnx'));
    const { metadata } = decodeModel(new Uint8Array(bytes));
    expect(Number(metadata.threshold)).toBe(model!.threshold.value);
    expect(Number(metadata.threshold_pixel)).toBe(model!.threshold.pixelValue);
    expect(JSON.parse(metadata.preprocessing!)).toMatchObject({ shape: [1, 64, 64, 3], mean: [0, 0, 0] });
    const session = await runtime.load(bytes);
    const small = resize(samplePart('boards', 5, undefined, 80).picture, 64, 64, 'area');
    const out = await session.run({ pixels: { type: 'uint8', dims: [1, 64, 64, 3], data: small.data } });
    const worst = [...(out.map!.data as Float32Array)].sort((a, b) => b - a).slice(0, 4); // 0.1 % of 64 x 64
    expect(Number(out.score!.data[0])).toBeCloseTo(worst.reduce((a, b) => a + b) / 4, 4);
    await session.close();

    const detector = anomalyDetector(await loadDetector(request.folder, runtime));
    expect((await detector.predict([small]))[0]!.score).toBe(Number(out.score!.data[0]));
    const { picture } = samplePart('boards', 1, 'missing', 160);
    const [prediction] = await detector.predict([picture]);
    expect(prediction!.isAnomaly).toBe(prediction!.score > model!.threshold.value);
    expect(prediction!.map).toMatchObject({ width: 64, height: 64 });
    expect(prediction!.reconstruction).toMatchObject({ width: 64, height: 64 });
    await detector.close();
  });

  it('goes on bit for bit wherever it was stopped, in the short trainings of the calibration too', async () => {
    const settings = { folds: 2, epochs: 3 };
    const whole = tinyRequest(dir, 'uninterrupted', parts, settings);
    await trainDetector(whole);
    const expected = await madeBy(whole);
    const stopped = tinyRequest(dir, 'stopped', parts, settings);
    const seen: string[] = [];
    for (let rounds = 0; rounds < 20; rounds++) {
      let steps = 0;
      const { model, code, events } = await trainUntil(
        stopped,
        (event) =>
          event.type === 'step' && (++steps === 3 || (event.phase === 'fold 2 of 2' && rounds === 2)),
      );
      for (const event of events)
        if (event.type === 'resumed') seen.push(`${event.phase} ${event.epoch}/${event.step}`);
      if (model !== null) break;
      expect(code).toBe('train.canceled');
      expect(await namesIn(stopped.folder)).toEqual([]);
    }
    expect(seen).toContain('main 1/1');
    expect(seen.filter((line) => line.startsWith('fold 2 of 2'))).not.toEqual([]);
    expect(await madeBy(stopped)).toEqual(expected);
  });

  it('throws an unfinished training away unless asked to resume it, and refuses to resume another', async () => {
    const request = tinyRequest(dir, 'again', parts);
    const firstStep = ({ type }: TrainingEvent) => type === 'step';
    expect((await trainUntil(request, firstStep)).code).toBe('train.canceled');
    expect(await namesIn(request.stateFolder)).toEqual(['main.0.resume']);
    const other = { ...request, settings: { ...request.settings, epochs: 5, seed: 1 } };
    await expect(trainDetector(other)).rejects.toThrow(
      expect.objectContaining({
        code: 'checkpoint.incompatible',
        message: expect.stringMatching(/epochs was 2, now 5; seed was 42, now 1/),
      }),
    );
    const { events } = await trainUntil({ ...request, resume: false }, firstStep);
    expect(events.some(({ type }) => type === 'resumed')).toBe(false);
  });

  it('keeps to the bounds of its cache, which change nothing but time', async () => {
    const settings = { encoder: 'mobilenetv3-coco', epochs: 3, views: 2 };
    const cached = tinyRequest(dir, 'cached', parts, settings);
    const uncached = tinyRequest(dir, 'uncached', parts, {
      ...settings,
      cacheMemoryBytes: 0,
      cacheDiskBytes: 100_000,
    });
    await trainDetector(cached);
    await trainDetector(uncached);
    expect(await madeBy(uncached)).toEqual(await madeBy(cached));
  });

  it('is decided by its seed, its views and its batch size', async () => {
    const made = async (settings: Record<string, unknown>, i: number) => {
      const request = tinyRequest(dir, `variant-${i}`, parts, { epochs: 1, ...settings });
      await trainDetector(request);
      return (await madeBy(request))['model.safetensors']!;
    };
    const variants = [{}, { seed: 7 }, { views: 1 }, { batchSize: 2 }];
    expect(new Set(await Promise.all(variants.map(made))).size).toBe(variants.length);
  });

  it('works with five pictures and a larger batch, cross-fitted', async () => {
    const request = tinyRequest(dir, 'five', parts.slice(0, 5), { batchSize: 8, folds: 3 });
    const { threshold } = await trainDetector(request);
    expect(threshold).toMatchObject({ source: 'cross-fitted', sampleCount: 5 });
    expect(Number.isFinite(threshold.value) && Number.isFinite(threshold.pixelValue)).toBe(true);
  });

  it('starts from a base model: its weights, its encoder', async () => {
    const base = tinyRequest(dir, 'base', parts, { epochs: 3, learningRate: 1e-3 });
    const { bestLoss } = await trainDetector(base);
    const tuned = { ...tinyRequest(dir, 'tuned', parts, { learningRate: 1e-4 }), base: base.folder };
    const model = await trainDetector(tuned);
    expect(model.bestLoss).toBeLessThanOrEqual(bestLoss);
    expect(parse(await readFile(join(tuned.folder, 'config.yaml'), 'utf8'))).toMatchObject({
      training_mode: 'finetune',
    });
    const fromFile = {
      ...tinyRequest(dir, 'tuned', parts, { epochs: 1 }),
      base: join(base.folder, 'model.pt'),
    };
    expect((await trainDetector(fromFile)).bestLoss).toBeLessThanOrEqual(bestLoss);
    const mixed = { ...tuned, settings: { ...tuned.settings, encoder: 'mobilenetv3-coco' } };
    await expect(trainDetector(mixed)).rejects.toThrow(
      'the base model has the encoder none, asked for was mobilenetv3-coco',
    );
  });
});

describe('bad input to a training', () => {
  const refused = async (request: TrainRequest, code: ErrorCode, message: RegExp) => {
    await expect(trainDetector(request)).rejects.toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
    expect(await namesIn(request.folder)).toEqual([]);
  };

  it.each([
    [{ imageSize: 0 }, /^expected imageSize to be a multiple of 32 from 64 to 1024, got 0$/],
    [{ imageSize: 100 }, /multiple of 32 from 64 to 1024, got 100$/],
    [{ imageSize: 100_000 }, /got 100000$/],
    [{ epochs: 0 }, /^expected epochs to be a whole number from 1 to 10000, got 0$/],
    [{ epochs: -3 }, /got -3$/],
    [{ epochs: '10' }, /got "10"$/],
    [{ learningRate: Number.NaN }, /^expected learningRate to be a number above 0 and at most 1, got NaN$/],
    [{ learningRate: 1e9 }, /got 1000000000$/],
    [{ batchSize: 0 }, /^expected batchSize to be a whole number from 1 to 1024, got 0$/],
    [{ validationRatio: 1 }, /^expected validationRatio to be a number above 0 and below 1, got 1$/],
    [{ patience: 0 }, /got 0$/],
    [{ falseAlarmRate: 1.5 }, /got 1.5$/],
    [{ epoch: 3 }, /^there is no setting "epoch"; there are .*epochs/],
  ])('%j is outside its range', async (settings, message) => {
    await refused(tinyRequest(dir, 'refused', parts, settings), 'option.invalid', message);
  });

  it('an unknown encoder, device or kind is named with those there are', async () => {
    const request = tinyRequest(dir, 'refused', parts);
    const { settings } = request;
    await refused(
      { ...request, settings: { ...settings, encoder: 'resnet' } },
      'encoder.unknown',
      /one of dinov3-convnext-tiny, mobilenetv3-coco, none, got "resnet"/,
    );
    await refused({ ...request, device: 'tpu' }, 'device.unknown', /cpu.*got "tpu"/);
    await refused(
      { ...request, kind: 'psychic' },
      'option.invalid',
      /one of auto, memory-bank, subspace, autoencoder, yolo, got "psychic"/,
    );
    await refused(
      { ...request, settings: { ...settings, encoder: 'dinov3-convnext-tiny' } },
      'encoder.missing_weights',
      /dinov3_convnext_tiny_pretrain_lvd1689m-21b726bb\.pth/,
    );
  });

  it('too few good pictures: how many came, and why the others do not count', async () => {
    const broken = join(dir, 'broken.png');
    await writeFile(broken, (await readFile(parts[0]!)).subarray(0, 500));
    const empty = join(dir, 'empty.jpg');
    await writeFile(empty, '');
    const renamed = join(dir, 'renamed.png');
    await writeFile(renamed, '<html></html>');
    const copy = join(dir, 'copy.png');
    await writeFile(copy, await readFile(parts[1]!));
    const pictures = [...parts.slice(0, 3), broken, empty, renamed, copy, join(dir, 'gone.png')];
    await refused(
      tinyRequest(dir, 'refused', pictures),
      'dataset.too_few_images',
      /^training needs at least 5 different good pictures, got 3; left out:(\n {2}(broken|empty|renamed|copy|gone)\.\w+: .*){5}$/,
    );
    await refused(tinyRequest(dir, 'refused', []), 'dataset.too_few_images', /good pictures, got 0$/);
  });

  it('bad files among enough good ones are passed over and listed', async () => {
    const bad = join(dir, 'bad.png');
    await writeFile(bad, 'no picture');
    const { pictures } = await trainDetector(tinyRequest(dir, 'listed', [bad, ...parts], { epochs: 1 }));
    expect(pictures).toMatchObject({ used: 8, refused: [{ file: bad, code: 'image.unsupported_type' }] });
  });

  it('pictures that are all the same teach nothing; plain but different ones give a finite threshold', async () => {
    const black = await writePictures(join(dir, 'black'), Array(6).fill(plainPicture(0)));
    await refused(
      tinyRequest(dir, 'refused', black),
      'train.degenerate',
      /^all 6 files show the same picture; expected at least 5 different good pictures$/,
    );
    const sizes = await writePictures(
      join(dir, 'sizes'),
      [64, 80, 96, 100, 128].map((size) => plainPicture(9, size)),
    );
    await refused(
      tinyRequest(dir, 'refused', sizes),
      'train.degenerate',
      /all 5 files show the same picture/,
    );
    const greys = await writePictures(
      join(dir, 'greys'),
      [0, 50, 100, 150, 200].map((level) => plainPicture(level)),
    );
    const { threshold } = await trainDetector(tinyRequest(dir, 'greys', greys, { folds: 2 }));
    expect(Number.isFinite(threshold.value) && Number.isFinite(threshold.pixelValue)).toBe(true);
  });

  it('a training that diverges leaves no model and nothing to resume', async () => {
    const settings = { learningRate: 1, epochs: 9, patience: 1, minEpochs: 2 };
    const request = tinyRequest(dir, 'diverged', parts, settings);
    const events: TrainingEvent[] = [];
    await expect(trainDetector(request, { onEvent: (event) => events.push(event) })).rejects.toThrow(
      expect.objectContaining({
        code: 'train.diverged',
        message: expect.stringMatching(/never fell below .* at learning rate 1; try 0.1$/),
      }),
    );
    expect(events.filter(({ type }) => type === 'epoch')).toHaveLength(2); // patience is not waited for in vain
    expect(await namesIn(request.folder)).toEqual([]);
    expect(await namesIn(request.stateFolder)).toEqual([]);
  });

  it('a picture that changes during the training stops it', async () => {
    const folder = join(dir, 'changing');
    const files = await writeParts(folder, 8);
    const request = tinyRequest(dir, 'changed', files, { cacheMemoryBytes: 0, cacheDiskBytes: 0 });
    let changed: Promise<unknown> | null = null;
    const onEvent = ({ type }: TrainingEvent) => {
      if (type === 'step') changed ??= writePictures(folder, Array(8).fill(plainPicture(7)));
    };
    await expect(trainDetector(request, { onEvent })).rejects.toThrow(
      expect.objectContaining({
        code: 'dataset.changed',
        message: expect.stringMatching(/0\d\.png was changed/),
      }),
    );
    await changed;
  });

  it('a single held-out picture is no ground for a threshold', async () => {
    await refused(
      tinyRequest(dir, 'refused', parts.slice(0, 6)),
      'dataset.too_few_images',
      /6 pictures hold out 1 .* expected at least 2, or folds of at least 2/,
    );
  });

  it('a base model that is missing, malicious, cut or of another net is refused', async () => {
    const request = { ...tinyRequest(dir, 'refused', parts), base: join(dir, 'no-such-base') };
    await refused(request, 'checkpoint.not_found', /there is no model .*no-such-base/);
    const evil = join(dir, 'evil.pt');
    await writeFile(evil, Buffer.from("cos\nsystem\n(S'echo pwned > pwned'\ntR."));
    await refused({ ...request, base: evil }, 'checkpoint.unsupported_global', /evil\.pt: .*os.*system/);
    const cut = join(dir, 'cut.safetensors');
    await writeFile(cut, Uint8Array.of(99, 0, 0, 0, 0, 0, 0, 0, 0x7b));
    await refused({ ...request, base: cut }, 'checkpoint.malformed', /cut\.safetensors/);
  });
});
