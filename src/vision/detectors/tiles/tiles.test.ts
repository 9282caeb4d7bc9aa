import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { evaluateDetector } from '../../evaluation/evaluate-detector.ts';
import { inspectFiles } from '../../evaluation/inspect-files.ts';
import { crop } from '../../image/crop.ts';
import type { Picture } from '../../image/picture.ts';
import { type DeviceRuntime, openRuntimeOn } from '../../runtime/runtime.ts';
import { readThreshold } from '../../scoring/threshold-file.ts';
import type { TilePlan } from '../../scoring/tile-plan.ts';
import { type AnomalyDetector, anomalyDetector, type TrainRequest } from '../detector.ts';
import { loadDetector } from '../load-detector.ts';
import { completePatchSettings } from '../patches/settings.ts';
import { planViews } from '../patches/views.ts';
import { renderPrediction } from '../render-prediction.ts';
import { madeBy, tinyRequest, writeParts, writePictures } from '../testing/tiny-training.ts';
import { trainDetector } from '../train-detector.ts';
import { rolledSheet } from './testing/rolled-sheet.ts';

/** A strip of 16 to 1; the model sees squares of 64 pixels. */
const [WIDTH, HEIGHT] = [1024, 64];
/** Along the whole of the right half. */
const rightHalf = [
  [0.5, 0],
  [1, 0],
  [1, 1],
  [0.5, 1],
] as const;

let runtime: DeviceRuntime;
let dir: string;
let strips: string[];
beforeAll(async () => {
  runtime = await openRuntimeOn('cpu', { threads: 1 });
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  const good = Array.from({ length: 8 }, (_, i) => rolledSheet(i, WIDTH, HEIGHT).picture);
  strips = await writePictures(join(dir, 'strips'), good);
});
afterAll(async () => {
  await runtime.close();
  await rm(dir, { recursive: true });
});

function request(name: string, rest: Partial<TrainRequest> = {}): TrainRequest {
  const settings = { imageSize: 64, views: 1, bankBytes: 200_000, falseAlarmRate: 0.05 };
  return { ...tinyRequest(dir, name, strips), kind: 'auto', settings, ...rest };
}

async function trained(asked: TrainRequest): Promise<AnomalyDetector> {
  await trainDetector(asked);
  return anomalyDetector(await loadDetector(asked.folder, runtime));
}

const textOf = (folder: string, name: string) => readFile(join(folder, name), 'utf8');
const fresh = [101, 102, 103, 104, 105, 106];
const scratched = fresh.map((seed) => rolledSheet(seed, WIDTH, HEIGHT, 20));

async function evaluated(detector: AnomalyDetector, name: string) {
  const files = await writePictures(
    join(dir, `${name}-bad`),
    scratched.map(({ picture }) => picture),
  );
  const masks = await writePictures(
    join(dir, `${name}-masks`),
    scratched.map(({ mask }) => mask!),
  );
  const good = await writePictures(
    join(dir, `${name}-good`),
    fresh.map((seed) => rolledSheet(seed + 900, WIDTH, HEIGHT).picture),
  );
  return evaluateDetector(detector, [
    ...files.map((file, i) => ({ file, defect: 'scratch', mask: masks[i]! })),
    ...good.map((file) => ({ file, defect: null, mask: null })),
  ]);
}

describe('a scratch of 20 pixels on a strip of 1024x64', () => {
  it('is found in tiles, and marked where it is', async () => {
    const asked = request('tiles');
    const detector = await trained(asked);
    expect(detector.model.tiles).toEqual({ size: 64, overlap: 16 });
    const config = parse(await textOf(asked.folder, 'config.yaml'));
    expect(config).toMatchObject({ tiles: { size: 64, overlap: 16 }, dataset: { pictures: 8, tiles: 168 } });
    // One score for each picture, that of its worst tile, and none for each tile.
    expect(readThreshold(await textOf(asked.folder, 'threshold.json')).sampleCount).toBe(8);
    const { confusion, pixelAuroc, imageAuroc } = await evaluated(detector, 'tiles');
    expect(confusion.truePositives).toBeGreaterThanOrEqual(5);
    expect(confusion.falsePositives).toBeLessThanOrEqual(1);
    expect(imageAuroc.value).toBeGreaterThan(0.95);
    expect(pixelAuroc.value).toBeGreaterThan(0.95);
    const { picture, mask } = scratched[0]!;
    const [found] = await detector.predict([picture]);
    expect([found!.map.width, found!.map.height]).toEqual([WIDTH, HEIGHT]);
    const first = mask!.data.indexOf(255) / 3;
    const [x, y, w, h] = found!.regions[0]!.box;
    expect([first % WIDTH >= x, first % WIDTH < x + w]).toEqual([true, true]);
    expect([first / WIDTH >= y - 1, first / WIDTH < y + h]).toEqual([true, true]);
    expect(w).toBeLessThan(100);
    const { overlay, heatmap } = renderPrediction(picture, found!, detector.model);
    expect([overlay.width, overlay.height, heatmap.width]).toEqual([WIDTH, HEIGHT, WIDTH]);
    await detector.close();
  }, 120_000);

  it('is missed when the strip is looked at whole', async () => {
    const detector = await trained(request('whole', { tiles: 'off' }));
    expect(detector.model.tiles).toBeUndefined();
    const { confusion, imageAuroc } = await evaluated(detector, 'whole');
    expect(confusion.truePositives).toBeLessThanOrEqual(2);
    expect(imageAuroc.value).toBeLessThan(0.9);
    await detector.close();
  }, 120_000);
});

describe('a model that looks at tiles', () => {
  it('leaves ordinary pictures whole by itself, with the same bytes as without tiles', async () => {
    const parts = await writeParts(join(dir, 'parts'), 4);
    const made = async (name: string, tiles: 'auto' | 'off') => {
      const asked = request(name, { pictures: parts, tiles });
      await trainDetector(asked);
      return madeBy(asked);
    };
    expect(await made('ordinary', 'auto')).toEqual(await made('ordinary-off', 'off'));
  }, 120_000);

  it('gives its worst tile as score, the same as the tile alone', async () => {
    const detector = anomalyDetector(await loadDetector(join(dir, 'tiles'), runtime));
    const { picture } = scratched[1]!;
    const [whole] = await detector.predict([picture]);
    const scores: number[] = [];
    for (let i = 0; i < 21; i++) {
      const tile = crop(picture, {
        left: Math.floor((i * (WIDTH - 64)) / 20),
        top: 0,
        width: 64,
        height: HEIGHT,
      });
      scores.push((await detector.predict([tile]))[0]!.score);
    }
    expect(whole!.score).toBe(Math.max(...scores));
    await detector.close();
  });

  it('is blind outside of its regions, which every tile has its part of', async () => {
    const asked = request('regions', { regions: { include: [rightHalf], ignore: [] } });
    const detector = await trained(asked);
    const { picture } = rolledSheet(200, WIDTH, HEIGHT);
    const [calm] = await detector.predict([picture]);
    const [left] = await detector.predict([painted(picture, 300)]);
    const [right] = await detector.predict([painted(picture, 800)]);
    expect(left!.score).toBe(calm!.score);
    expect(left!.map).toEqual(calm!.map);
    expect(right!.score).toBeGreaterThan(calm!.score + 1);
    expect(calm!.map.data[300]).toBe(-100);
    expect(parse(await textOf(asked.folder, 'config.yaml')).dataset.tiles).toBe(8 * 11);
    await detector.close();
  }, 120_000);

  it('is trained as an autoencoder too, and held-out pictures are judged whole', async () => {
    const settings = { encoder: 'none', imageSize: 64, epochs: 1, batchSize: 16, folds: 2 };
    const asked = request('autoencoder', {
      kind: 'autoencoder',
      tiles: { size: 512, overlap: 0 },
      settings,
    });
    const detector = await trained(asked);
    expect(detector.model.threshold).toMatchObject({ sampleCount: 8, source: 'cross-fitted' });
    const [found] = await detector.predict([scratched[0]!.picture]);
    expect([found!.map.width, found!.map.height]).toEqual([128, 8]);
    await detector.close();
  }, 120_000);

  it('names both sizes when a picture cannot be cut so', async () => {
    const refused = (tiles: TilePlan, pictures: readonly string[] = strips) =>
      trainDetector(request('refused', { tiles, pictures })).then(
        () => 'no error',
        ({ code, message }) => `${code}: ${message}`,
      );
    expect(await refused({ size: 2048, overlap: 0 })).toMatch(
      /option.invalid: .*2048 px.*1024x64 \(00.png\)/,
    );
    const [large] = await writePictures(join(dir, 'large'), [rolledSheet(1, 3000, 100).picture]);
    expect(await refused({ size: 32, overlap: 16 }, [large!])).toMatch(
      /256 tiles of 32 px.*3000x100 has 1122/,
    );
  });

  it('says of a picture that is too small that it could not be tested, and goes on', async () => {
    const detector = anomalyDetector(await loadDetector(join(dir, 'tiles'), runtime));
    const files = await writePictures(join(dir, 'sizes'), [
      rolledSheet(1, 60, 40).picture,
      rolledSheet(1, 300, 64).picture,
    ]);
    const found: unknown[] = [];
    for await (const { status, ...rest } of inspectFiles(detector, files))
      found.push([status, 'code' in rest && rest.code]);
    expect(found).toEqual([
      ['untested', 'image.too_small'],
      ['tested', false],
    ]);
    await detector.close();
  });
});

describe('what is learnt of tiles', () => {
  const source = (pictures: number, tiles: number) => {
    const pieces = Array.from({ length: pictures * tiles }, (_, i) => Math.floor(i / tiles));
    return { count: pictures, pieces, learnt: [...pieces.keys()].filter((i) => i % 2 === 0), cut: null };
  };
  const settings = completePatchSettings({});

  it('leaves out pictures and never single tiles', () => {
    const { views, scored, samples, folds } = planViews(source(7, 30), settings);
    expect(folds).toBeGreaterThanOrEqual(5);
    const foldOf = new Map<number, Set<number>>();
    for (const { picture, fold } of [...views, ...scored]) {
      const owner = Math.floor(picture / 30);
      foldOf.set(owner, (foldOf.get(owner) ?? new Set()).add(fold));
    }
    expect([...foldOf.values()].map(({ size }) => size)).toEqual(Array(7).fill(1));
    expect(scored).toHaveLength(210);
    expect(samples).toEqual(Array.from({ length: 210 }, (_, i) => Math.floor(i / 30)));
  });

  it('leaves out views of a single picture, and every fold learns some', () => {
    const { views, scored, samples, folds } = planViews(source(1, 600), settings);
    expect(new Set(views.map(({ fold }) => fold)).size).toBe(folds);
    expect(views.length).toBeLessThanOrEqual(1000);
    expect(scored).toHaveLength(4800);
    expect(new Set(samples).size).toBe(8);
    for (const [i, { view }] of scored.entries()) expect(samples[i]).toBe(view);
  });
});

/** With a dark square of 24 pixels from the given column on. */
function painted(picture: Picture, left: number): Picture {
  const data = picture.data.slice();
  for (let y = 20; y < 44; y++)
    data.fill(10, 3 * (y * picture.width + left), 3 * (y * picture.width + left + 24));
  return { ...picture, data };
}
