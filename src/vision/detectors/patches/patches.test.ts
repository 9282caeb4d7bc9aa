import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { toOnnx } from '../../../autodiff/onnx/to-onnx.ts';
import { Random } from '../../../autodiff/random.ts';
import { readTensors } from '../../checkpoint/read-tensors.ts';
import { samplePart } from '../../dataset/sample-parts.ts';
import { openEncoder } from '../../encoders/table.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Picture } from '../../image/picture.ts';
import { resize } from '../../image/resize.ts';
import { type DeviceRuntime, openRuntimeOn } from '../../runtime/runtime.ts';
import { peakOf } from '../../scoring/anomaly-map.ts';
import { readCalibration } from '../../scoring/threshold-file.ts';
import { anomalyDetector, type TrainedAnomalyModel } from '../detector.ts';
import { loadDetector } from '../load-detector.ts';
import { plainPicture, writeParts, writePictures } from '../testing/tiny-training.ts';
import { trainDetector } from '../train-detector.ts';
import { levelWidths, widthOf } from './features.ts';
import { distancesGraph, placesGraph } from './graphs.ts';

let runtime: DeviceRuntime;
let dir: string;
let parts: string[];
beforeAll(async () => {
  runtime = await openRuntimeOn('cpu', { threads: 1 });
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  parts = await writeParts(join(dir, 'parts'), 6);
});
afterAll(async () => {
  await runtime.close();
  await rm(dir, { recursive: true });
});

function request(kind: string, name: string, pictures: readonly string[], settings = {}) {
  const folder = join(dir, name);
  const fixed = { folder, stateFolder: `${folder}.training`, resume: false, device: 'cpu', threads: 1 };
  return { kind, pictures, ...fixed, settings: { imageSize: 64, views: 1, bankBytes: 200_000, ...settings } };
}

const codeOf = (training: Promise<unknown>): Promise<ErrorCode | string> =>
  training.then(
    () => 'no error',
    (error: { code: ErrorCode }) => error.code,
  );

const board = (seed: number) => resize(samplePart('boards', seed, undefined, 80).picture, 64, 64, 'area');

/** With a red square of a quarter of its side. */
function spoiled({ width, height, data }: Picture): Picture {
  const red = data.map((level, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return Math.abs(x - 30) < 8 && Math.abs(y - 30) < 8 ? [230, 10, 10][i % 3]! : level;
  });
  return { width, height, data: red };
}

describe('a detector by patches', () => {
  it('of each kind is trained, written, checked and loaded, and model.onnx alone gives the same score', async () => {
    for (const kind of ['auto', 'memory-bank', 'subspace']) {
      const model = (await trainDetector(request(kind, kind, parts))) as TrainedAnomalyModel;
      expect(model).toMatchObject({ task: 'anomaly', epochsRun: 0, pictures: { used: 6 } });
      const { threshold } = model;
      expect(threshold).toMatchObject({
        method: 'conformal-short',
        source: 'cross-fitted',
        sampleCount: 6,
        targetFalseAlarmRate: 0.01,
      });
      expect(threshold.trust).toContain('6 good pictures are too few for 1 % false alarms');
      expect(threshold.falseAlarmInterval!.high).toBeGreaterThan(0.3);
      expect(threshold.pixelValue).toBeGreaterThanOrEqual(0.5); // so that the middle of good parts has no colour
      const config = parse(await readFile(join(model.folder, 'config.yaml'), 'utf8'));
      const heads = kind === 'auto' ? ['memory-bank', 'subspace', 'autoencoder'] : [kind];
      expect(config.detector).toBe(kind);
      expect(config.heads.map(({ head }: { head: string }) => head)).toEqual(heads);
      const sum = config.heads.reduce((total: number, { weight }: { weight: number }) => total + weight, 0);
      expect(sum).toBeCloseTo(1, 9);

      const detector = anomalyDetector(await loadDetector(model.folder, runtime));
      expect(detector.model.kind).toBe(kind);
      const [good, bad] = await detector.predict([board(7), spoiled(board(7))]);
      expect(bad!.score).toBeGreaterThan(good!.score);
      const session = await runtime.load(await readFile(join(model.folder, 'model.onnx')));
      const pixels = { type: 'uint8', dims: [1, 64, 64, 3], data: board(7).data };
      const out = await session.run({ pixels });
      expect(Number(out.score!.data[0])).toBe(good!.score);
      expect(out.map!.data).toEqual(good!.map.data);
      await session.close();
      await detector.close();
    }
  }, 180_000);

  it('calls no training picture by more than its left-out score, and keeps those scores', async () => {
    const folder = join(dir, 'auto');
    const { scores, peaks } = readCalibration(await readFile(join(folder, 'threshold.json'), 'utf8'))!;
    expect(scores).toHaveLength(6);
    const detector = anomalyDetector(await loadDetector(folder, runtime));
    const known = await detector.predict([board(100), board(101), board(102)]);
    for (const [i, { score, map }] of known.entries()) {
      expect(score).toBeLessThan(scores[i]!); // what was learnt of the picture itself brings it nearer
      expect(peakOf(map)).toBeLessThan(Math.max(0, peaks[i]!) + 1e-3);
    }
    await detector.close();
  });

  it('finds a faint stain on cloth, whatever the light and the balance of white', async () => {
    /** Blue cloth with uneven threads; `light` times as bright, with so much more red. */
    const cloth = (seed: number, light = 1, red = 1, stain = 1): Picture => {
      const random = new Random(seed);
      const data = new Uint8Array(3 * 64 * 64);
      for (let i = 0; i < 64 * 64; i++) {
        const [x, y] = [i % 64, Math.floor(i / 64)];
        const level = light * (0.75 + 0.15 * (x % 4 < 2 ? 1 : -1) + 0.1 * random.normal());
        const own = Math.hypot(x - 28, y - 36) < 10 ? stain : 1;
        const colour = [110 * red * own, 130, 165 / own];
        data.set(
          colour.map((v) => Math.max(0, Math.min(255, Math.round(v * level)))),
          3 * i,
        );
      }
      return { width: 64, height: 64, data };
    };
    const light = (i: number) => 0.85 + (0.3 * (i % 5)) / 4;
    const pictures = Array.from({ length: 12 }, (_, i) => cloth(i, light(i)));
    const bank = request('memory-bank', 'cloth', await writePictures(join(dir, 'cloths'), pictures));
    await trainDetector(bank);
    const detector = anomalyDetector(await loadDetector(bank.folder, runtime));
    const fresh = await detector.predict([cloth(20, 0.9), cloth(21, 1.1), cloth(22, 1, 1.03)]);
    const stained = await detector.predict([cloth(20, 0.9, 1, 1.08), cloth(21, 1.1, 1, 1.08)]);
    await detector.close();
    expect(stained.map(({ isAnomaly }) => isAnomaly)).toEqual([true, true]);
    const highest = Math.max(...fresh.map(({ score }) => score));
    for (const { score } of stained) expect(score).toBeGreaterThan(highest + 1);
  });

  it('is the same for the same seed', async () => {
    const scoresOf = async (name: string, seed: number) => {
      await trainDetector(request('auto', name, parts, { seed }));
      return readFile(join(dir, name, 'threshold.json'), 'utf8');
    };
    const auto = await readFile(join(dir, 'auto', 'threshold.json'), 'utf8'); // of the default seed
    expect(await scoresOf('again', 42)).toBe(auto);
    expect(await scoresOf('other', 1)).not.toBe(auto);
  }, 180_000);

  it('trains the autoencoder from six pictures on, and keeps its weights with the model', async () => {
    const stages: string[] = [];
    const onEvent = (event: { type: string; stage?: string }) => {
      if (event.type === 'work') stages.push(event.stage!);
    };
    await trainDetector(request('auto', 'five', parts.slice(0, 5)), { onEvent });
    expect(stages).not.toContain('autoencoder');
    const five = parse(await readFile(join(dir, 'five', 'config.yaml'), 'utf8'));
    expect(five.heads.map(({ head }: { head: string }) => head)).toEqual(['memory-bank', 'subspace']);
    await trainDetector(request('auto', 'six', parts), { onEvent });
    expect(stages).toContain('autoencoder');
    const { tensors } = await readTensors(await readFile(join(dir, 'six', 'model.safetensors')));
    expect([...tensors.keys()]).toEqual(expect.arrayContaining(['autoencoder.axes', 'gain.autoencoder']));
  }, 120_000);

  it('works from one picture by the subspace alone, and says so', async () => {
    const notes: string[] = [];
    const onEvent = (event: { type: string; text?: string }) => {
      if (event.type === 'note') notes.push(event.text!);
    };
    const model = await trainDetector(request('auto', 'one', parts.slice(0, 1)), { onEvent });
    expect(notes.join('\n')).toContain('1 good picture: the subspace alone is learnt');
    expect(model.pictures.used).toBe(1);
    const config = parse(await readFile(join(model.folder, 'config.yaml'), 'utf8'));
    expect(config.heads).toEqual([{ head: 'subspace', weight: 1 }]);
  }, 120_000);

  it('refuses what cannot work, in words', async () => {
    const one = parts.slice(0, 1);
    expect(await codeOf(trainDetector(request('memory-bank', 'few', one)))).toBe('dataset.too_few_images');
    const same = await writePictures(join(dir, 'same'), Array(6).fill(board(1)));
    expect(await codeOf(trainDetector(request('auto', 'same-model', same)))).toBe('train.degenerate');
    const plain = await writePictures(
      join(dir, 'plain'),
      [90, 100, 110].map((level) => plainPicture(level)),
    );
    expect(await codeOf(trainDetector(request('auto', 'none', parts, { encoder: 'none' })))).toBe(
      'encoder.unknown',
    );
    await expect(trainDetector(request('auto', 'small', parts, { bankBytes: 1000 }))).rejects.toThrow(
      'expected bankBytes to be at least 116000',
    );
    await expect(trainDetector({ ...request('auto', 'based', parts), base: 'x' })).rejects.toThrow(
      'no base model',
    );
    expect(['no error', 'train.degenerate']).toContain(
      await codeOf(trainDetector(request('auto', 'p', plain))),
    );
  }, 180_000);

  it('leaves neither a model nor state behind when it is canceled', async () => {
    const stop = new AbortController();
    const onEvent = ({ type, stage }: { type: string; stage?: string }) => {
      if (type === 'stage' && stage === 'calibrating') stop.abort();
    };
    const training = trainDetector(request('auto', 'canceled', parts), { signal: stop.signal, onEvent });
    expect(await codeOf(training)).toBe('train.canceled');
    await expect(readFile(join(dir, 'canceled', 'config.yaml'))).rejects.toThrow('ENOENT');
  }, 120_000);
});

describe('the bank of each level', () => {
  const width = 5;
  let random: Random;
  let run: (graph: Parameters<typeof toOnnx>[0]) => Promise<(name: string) => Float32Array>;
  let encoder: Awaited<ReturnType<typeof openEncoder>>;
  beforeAll(async () => {
    random = new Random(3);
    encoder = await openEncoder('mobilenetv3-coco', { folders: [] });
    run = async (graph) => {
      const session = await runtime.load(toOnnx(graph));
      const pixels = { type: 'uint8', dims: [1, 64, 64, 3], data: board(3).data };
      const out = await session.run({ pixels });
      await session.close();
      return (name) => out[name]!.data as Float32Array;
    };
  });

  /** So many that no single product finds all distances. */
  const remembered = 2000;

  /** Distances [2 * 64] by the graph, and by a search over the rows of places and banks that it works on. */
  async function both(placeWeight: number, reweightNeighbours: number) {
    const channels = widthOf(encoder);
    const [fine] = levelWidths(encoder);
    const numbers = (count: number) => Float32Array.from({ length: count }, () => random.normal());
    const scale = { mean: numbers(channels), deviation: new Float32Array(channels).fill(2) };
    const planOf = (own: number) => {
      const data = numbers(width * own).map((v) => v / Math.sqrt(own));
      return { axes: { data, count: width }, placeWeight, reweightNeighbours };
    };
    const plans = { fine: planOf(fine!), coarse: planOf(channels - fine!) };
    const numbersOfRow = width + (placeWeight > 0 ? 2 : 0);
    const rows = { fine: numbers(numbersOfRow * remembered), coarse: numbers(numbersOfRow * remembered) };
    const placesOf = await run(placesGraph(encoder, 64, scale, plans));
    const bank = (level: 'fine' | 'coarse') => ({ ...plans[level], rows: rows[level] });
    const learnt = { scale, banks: { fine: bank('fine'), coarse: bank('coarse') }, subspace: null };
    const found = (await run(distancesGraph(encoder, 64, learnt)))('distances');
    expect(found).toHaveLength(2 * 64);
    const cut = (data: Float32Array, i: number) => data.slice(numbersOfRow * i, numbersOfRow * (i + 1));
    const apart = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((v, k) => v - b[k]!));
    const expected = (level: 'fine' | 'coarse', patch: number) => {
      const all = Array.from({ length: remembered }, (_, b) => cut(rows[level], b));
      const own = cut(placesOf(level), patch);
      const distances = all.map((row) => apart(own, row));
      const distance = Math.min(...distances);
      if (reweightNeighbours === 0) return distance;
      const nearest = all[distances.indexOf(distance)]!;
      const order = all.map((_, b) => b).sort((a, b) => apart(nearest, all[a]!) - apart(nearest, all[b]!));
      const around = order.slice(0, reweightNeighbours + 1).map((b) => Math.exp(distances[b]!));
      return distance * (1 - Math.exp(distance) / around.reduce((a, b) => a + b, 0));
    };
    return { found, expected, placesOf };
  }

  it.each([
    ['finds the nearest remembered patch as a search over all of them does', 0, 0],
    ['counts the place of a patch where it is asked to', 0.3, 0],
    ['weighs the distance by the patches around the nearest one where it is asked to', 0, 4],
  ])('%s', async (_, placeWeight, reweightNeighbours) => {
    const { found, expected, placesOf } = await both(placeWeight, reweightNeighbours);
    for (let patch = 0; patch < 64; patch++) expect(found[patch]).toBeCloseTo(expected('fine', patch), 3);
    // The coarse level has half the grid and is drawn between its patches: the corners are theirs.
    for (const [corner, patch] of [
      [0, 0],
      [7, 3],
      [56, 12],
      [63, 15],
    ] as const)
      expect(found[64 + corner]).toBeCloseTo(expected('coarse', patch), 3);
    if (placeWeight === 0) return;
    // From the middle of the first patch to that of the last; half a picture is a deviation in each channel.
    const way = placeWeight * Math.sqrt(levelWidths(encoder)[0]!) * (7 / 8);
    expect([...placesOf('fine').slice(0, 2)].map((v) => v / way)).toEqual([
      expect.closeTo(-1, 5),
      expect.closeTo(-1, 5),
    ]);
    expect(placesOf('fine')[63 * 7]! / way).toBeCloseTo(1, 5);
  });

  it('is kept with its places and neighbours, scores otherwise by them, and grows by an update', async () => {
    const scoreOf = async (folder: string) => {
      const detector = anomalyDetector(await loadDetector(folder, runtime));
      const [prediction] = await detector.predict([board(7)]);
      await detector.close();
      return prediction!.score;
    };
    const plain = request('memory-bank', 'bank-plain', parts);
    const own = request('memory-bank', 'bank-placed', parts, { placeWeight: 0.3, reweightNeighbours: 4 });
    await trainDetector(plain);
    await trainDetector(own);
    const [before, score] = [await scoreOf(plain.folder), await scoreOf(own.folder)];
    expect(Math.abs(score - before)).toBeGreaterThan(1e-3);
    const { tensors } = await readTensors(await readFile(join(own.folder, 'model.safetensors')));
    const axes = tensors.get('bank.fine.axes')!.shape[0]!;
    expect(tensors.get('bank.fine.rows')!.shape[1]).toBe(axes + 2);
    const [fresh] = await writePictures(join(dir, 'fresh'), [board(7)]);
    const folder = join(dir, 'bank-grown');
    const { settings: _, ...rest } = own;
    await trainDetector({ ...rest, folder, pictures: [fresh!], base: own.folder, update: true });
    expect(await scoreOf(folder)).toBeLessThan(score);
  }, 180_000);
});
