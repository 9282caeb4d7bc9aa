import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { decodeModel } from '../../autodiff/onnx/decode-model.ts';
import { samplePart } from '../dataset/sample-parts.ts';
import type { Picture } from '../image/picture.ts';
import { type DeviceRuntime, openRuntimeOn } from '../runtime/runtime.ts';
import type { Regions } from '../scoring/region-mask.ts';
import { type AnomalyDetector, anomalyDetector } from './detector.ts';
import { loadDetector } from './load-detector.ts';
import { tinyRequest, writeParts } from './testing/tiny-training.ts';
import { trainDetector } from './train-detector.ts';

/** The left three quarters of the picture without a square in the middle of them. */
const regions: Regions = {
  include: [
    [
      [0, 0],
      [0.75, 0],
      [0.75, 1],
      [0, 1],
    ],
  ],
  ignore: [
    [
      [0.25, 0.25],
      [0.5, 0.25],
      [0.5, 0.5],
      [0.25, 0.5],
    ],
  ],
};

let dir: string;
let runtime: DeviceRuntime;
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

const good = samplePart('boards', 7, undefined, 80).picture;

/** The part with a white square, its sides in shares of the picture. */
function spoiled(
  [x, y, side]: readonly [number, number, number],
  { width, height, data }: Picture = good,
): Picture {
  const copy = data.slice();
  for (let v = Math.round(y * height); v < Math.round((y + side) * height); v++)
    for (let u = Math.round(x * width); u < Math.round((x + side) * width); u++)
      copy.fill(255, 3 * (v * width + u), 3 * (v * width + u) + 3);
  return { width, height, data: copy };
}

const kinds: [string, Record<string, unknown>][] = [
  ['autoencoder', { encoder: 'mobilenetv3-coco' }],
  ['memory-bank', { imageSize: 64, views: 2, falseAlarmRate: 0.3 }],
  ['subspace', { imageSize: 64, views: 2, falseAlarmRate: 0.3 }],
  ['auto', { imageSize: 64, views: 2, falseAlarmRate: 0.3 }],
];

describe.each(kinds)('a detector with regions of the kind %s', (kind, settings) => {
  let folder: string;
  let detector: AnomalyDetector;
  const score = async (picture: Picture) => (await detector.predict([picture]))[0]!;
  beforeAll(async () => {
    const request = tinyRequest(dir, kind, parts, settings);
    const own = kind === 'autoencoder' ? request : { ...request, kind, settings };
    folder = (await trainDetector({ ...own, regions })).folder;
    detector = anomalyDetector(await loadDetector(folder, runtime));
  }, 180_000);
  afterAll(() => detector?.close());

  it('gives no heed to a defect outside, wherever that is, and sees one inside', async () => {
    const plain = await score(good);
    for (const outside of [
      [0.8, 0.1, 0.15],
      [0.3, 0.3, 0.15],
    ] as const) {
      const found = await score(spoiled(outside));
      expect({ ...found, reconstruction: null }).toEqual({ ...plain, reconstruction: null });
    }
    const inside = await score(spoiled([0.05, 0.55, 0.4]));
    expect(inside.score).toBeGreaterThan(plain.score + 1);
    expect(inside.isAnomaly).toBe(true);
  });

  it('has a map below every threshold outside, and no region there', async () => {
    const { map, regions: found } = await score(spoiled([0.5, 0.3, 0.45]));
    for (let y = 0; y < map.height; y++)
      for (let x = 0; x < map.width; x++) {
        const [u, v] = [(x + 0.5) / map.width, (y + 0.5) / map.height];
        const isIgnored = u > 0.75 || (u > 0.25 && u < 0.5 && v > 0.25 && v < 0.5);
        if (isIgnored) expect(map.data[y * map.width + x]).toBe(-100);
      }
    expect(found.length).toBeGreaterThan(0);
    for (const { box } of found) expect(box[0] + box[2]).toBeLessThanOrEqual(60);
  });

  it('keeps them in its config and in the model itself', async () => {
    expect(parse(await readFile(join(folder, 'config.yaml'), 'utf8')).regions).toEqual(regions);
    const { metadata } = decodeModel(await readFile(join(folder, 'model.onnx')));
    expect(JSON.parse(metadata.regions!)).toEqual(regions);
  });
});

describe('regions that a training is given', () => {
  it.each([
    [
      'leave nothing',
      {
        include: [],
        ignore: [
          [
            [0, 0],
            [1, 0],
            [1, 1],
            [0, 1],
          ],
        ],
      } as Regions,
      'autoencoder',
      'regions.ignore[0] leaves nothing',
    ],
    ['are for a kind that takes none', regions, 'yolo', 'takes no regions'],
  ])('are refused before anything is read when they %s', async (_, given, kind, text) => {
    const request = { ...tinyRequest(dir, 'refused', ['nowhere.png']), kind, regions: given };
    await expect(trainDetector(request)).rejects.toMatchObject({
      code: 'option.invalid',
      message: expect.stringContaining(text),
    });
  });
});
