// Updates of models that look at tiles, at a part of the picture, or at both.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Picture } from '../image/picture.ts';
import { type DeviceRuntime, openRuntimeOn } from '../runtime/runtime.ts';
import { readCalibration } from '../scoring/threshold-file.ts';
import { anomalyDetector } from './detector.ts';
import { loadDetector } from './load-detector.ts';
import { writePictures } from './testing/tiny-training.ts';
import { rolledSheet } from './tiles/testing/rolled-sheet.ts';
import { trainDetector } from './train-detector.ts';

let dir: string;
let runtime: DeviceRuntime;
let parts: string[];
beforeAll(async () => {
  runtime = await openRuntimeOn('cpu', { threads: 1 });
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  parts = await writePictures(join(dir, 'parts'), [1, 2, 3, 4, 5, 6].map(good));
});
afterAll(async () => {
  await runtime.close();
  await rm(dir, { recursive: true });
});

const [width, height] = [112, 64];
const good = (seed: number) => rolledSheet(seed, width, height).picture;

/** With a bright label, in the right half or in the left one. */
function labelled(seed: number, left: number): Picture {
  const picture = good(seed);
  const data = picture.data.slice();
  for (let y = 20; y < 40; y++)
    for (let x = left; x < left + 20; x++) data.set([240, 230, 40], 3 * (y * width + x));
  return { ...picture, data };
}

const tiles = { size: 64, overlap: 16 };
/** The right half. */
const regions = {
  include: [
    [
      [0.5, 0],
      [1, 0],
      [1, 1],
      [0.5, 1],
    ],
  ],
  ignore: [],
} as const;

async function scores(folder: string, ...pictures: Picture[]): Promise<number[]> {
  const detector = anomalyDetector(await loadDetector(folder, runtime));
  const found = await detector.predict(pictures);
  await detector.close();
  return found.map(({ score }) => score);
}

const configOf = async (folder: string) => parse(await readFile(join(folder, 'config.yaml'), 'utf8'));
const calibrationOf = async (folder: string) =>
  readCalibration(await readFile(join(folder, 'threshold.json'), 'utf8'))!;

describe('an update of a model that was trained', () => {
  it.each([
    ['memory-bank', 'with tiles and regions', { tiles, regions }],
    ['autoencoder', 'with tiles and regions', { tiles, regions }],
  ])('as %s %s knows the new picture, and keeps where and how it looks', async (kind, what, given) => {
    const common = { kind, stateFolder: join(dir, 'state'), resume: false, device: 'cpu', threads: 1 };
    const [base, next] = ['base', 'next'].map((name) => join(dir, `${name} ${kind} ${what}`)) as [
      string,
      string,
    ];
    const settings = {
      ...{ imageSize: 64, encoder: kind === 'autoencoder' ? 'none' : 'mobilenetv3-coco' },
      ...(kind === 'autoencoder'
        ? { epochs: 1, batchSize: 4, folds: 0, validationRatio: 0.34 }
        : { views: 1 }),
    };
    await trainDetector({ ...common, pictures: parts, folder: base, settings, ...given } as never);
    const [file] = await writePictures(join(dir, `new ${kind} ${what}`), [labelled(9, 80)]);
    await trainDetector({ ...common, pictures: [file!], folder: next, base, update: true });
    const [before, after] = [await configOf(base), await configOf(next)];
    expect([after.tiles, after.regions]).toEqual([before.tiles, before.regions]);
    expect((await calibrationOf(next)).scores).toHaveLength((await calibrationOf(base)).scores.length + 1);
    const [was] = await scores(base, labelled(9, 80));
    const [is, left, plain] = await scores(next, labelled(9, 80), labelled(8, 10), good(8));
    if (kind !== 'autoencoder') expect(is).toBeLessThan(was!);
    // What lies outside of the regions is not looked at, before and after.
    expect(left).toBeCloseTo(plain!, 4);
  });
});
