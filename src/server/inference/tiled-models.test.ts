// A stored model that looks at tiles: over HTTP, in evaluations and in its bundle it answers as the library and the command do.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBundle } from '../../runner/index.ts';
import { imageOf } from '../../runner/rgba.ts';
import { tinyRequest, writePictures } from '../../vision/detectors/testing/tiny-training.ts';
import { rolledSheet } from '../../vision/detectors/tiles/testing/rolled-sheet.ts';
import { defaultLimits } from '../../vision/image/decode.ts';
import {
  type AnomalyDetector,
  anomalyDetector,
  encodePicture,
  evaluateDetector,
  loadDetector,
  type OpenedRuntime,
  openRuntime,
  renderPrediction,
  trainDetector,
} from '../../vision/index.ts';
import { EvaluationSession } from '../evaluation/evaluation-steps.ts';
import { getModel } from '../models/get-model.ts';
import { openDownload } from '../models/open-download.ts';
import { type TestContext, testActor, testContext } from '../testing/context.ts';
import { modelToLoad } from './model-to-load.ts';
import { type Inference, openInference } from './open-inference.ts';
import { staged, storeCopy, uploads } from './testing/stored-models.ts';

const sheet = (seed: number, scratch = 0) => rolledSheet(seed, 512, 64, scratch);
/** All but a corner. */
const regions = {
  include: [],
  ignore: [
    [
      [0, 0],
      [0.1, 0],
      [0, 0.5],
    ],
  ],
} as const;

let dir: string;
let folder: string;
let runtime: OpenedRuntime;
let detector: AnomalyDetector;
let opened: TestContext;
let inference: Inference;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  runtime = await openRuntime({ device: 'cpu', threads: 1 });
  const good = await writePictures(
    join(dir, 'good'),
    [1, 2, 3, 4].map((seed) => sheet(seed).picture),
  );
  const request = {
    ...tinyRequest(dir, 'tiled', good),
    kind: 'subspace',
    settings: { imageSize: 64, views: 1 },
  };
  ({ folder } = await trainDetector({ ...request, regions }));
  detector = anomalyDetector(await loadDetector(folder, runtime));
  opened = await testContext();
  await storeCopy(opened.context, folder, 'm-1', {
    detector: 'subspace',
    encoder: 'mobilenetv3-coco',
    img_size: 64,
  });
  inference = openInference(opened.context);
}, 120_000);
afterAll(async () => {
  await inference.close();
  await opened.close();
  await detector.close();
  await runtime.close();
  await rm(dir, { recursive: true });
});

it('gives a test the score and the places that the library gives', async () => {
  expect(detector.model.tiles).toEqual({ size: 64, overlap: 16 });
  const { picture } = sheet(50, 20);
  const [expected] = await detector.predict([picture]);
  const small = sheet(51).picture;
  const files = [
    await staged(dir, 'scratch.png', await encodePicture(picture, 'png')),
    await staged(
      dir,
      'small.png',
      await encodePicture({ ...small, width: 32, height: 32, data: small.data.slice(0, 3072) }, 'png'),
    ),
  ];
  const { items } = await inference.test('m-1', uploads(files), { store: false }, testActor);
  expect(items[0]).toMatchObject({
    score: expected!.score,
    regions: expected!.regions.map(({ box }) => ({ bbox: box })),
  });
  expect(items[1]).toMatchObject({
    error_code: 'image.too_small',
    error_detail: expect.stringMatching(/tiles of 64 px.*32x32/),
  });
});

it('is evaluated by masks as the library evaluates it', async () => {
  const pictures = await writePictures(
    join(dir, 'bad'),
    [60, 61].map((seed) => sheet(seed, 20).picture),
  );
  const masks = await writePictures(
    join(dir, 'masks'),
    [60, 61].map((seed) => sheet(seed, 20).mask!),
  );
  const [fine] = await writePictures(join(dir, 'fine'), [sheet(70).picture]);
  const bad = pictures.map((file, i) => ({ file, defect: 'ng', mask: masks[i]! }));
  const expected = await evaluateDetector(detector, [...bad, { file: fine!, defect: null, mask: null }]);
  const session = new EvaluationSession(Promise.resolve(runtime));
  const { context } = opened;
  const model = await modelToLoad(context, await getModel(context, 'm-1'));
  const { value: threshold } = detector.model.threshold;
  const judgedBy = { task: 'anomaly', threshold } as const;
  await session.take({ do: 'open', model, judgedBy, classes: [], limits: defaultLimits });
  const look = (name: string, path: string, mask: string | null, isDefective: boolean) =>
    session.take({ do: 'picture', name, path, truth: { task: 'anomaly', mask, isDefective } });
  for (const { file, mask } of bad) await look(file, file, mask, true);
  await look('fine', fine!, null, false);
  const tooSmall = join(dir, 'thumb.png');
  await writeFile(
    tooSmall,
    await encodePicture({ width: 40, height: 40, data: new Uint8Array(4800) }, 'png'),
  );
  await look('thumb', tooSmall, null, false);
  const answer = await session.take({ do: 'finish', seed: 42, leftOut: [] });
  if (answer.kind !== 'anomaly') throw new Error('expected the figures');
  const { evaluation } = answer;
  expect(evaluation.untested).toMatchObject([{ file: 'thumb', code: 'image.too_small' }]);
  expect(evaluation.pixelAuroc).toEqual(expected.pixelAuroc);
  expect(evaluation.aupro).toEqual(expected.aupro);
  expect(evaluation.pictures.map(({ score }) => score)).toEqual(expected.pictures.map(({ score }) => score));
  expect(evaluation.masks.used).toBe(2);
});

it('runs from its bundle alone, cut and judged in the same way', async () => {
  const { stream } = await openDownload(opened.context, 'm-1', 'bundle');
  const runner = await openBundle(new Uint8Array(await buffer(stream)), ort, {
    session: { intraOpNumThreads: 1 },
  });
  if (runner.task !== 'anomaly') throw new Error('expected a model that finds anomalies');
  expect(runner.model.tiles).toEqual({ size: 64, overlap: 16 });
  const { picture } = sheet(80, 20);
  const [expected] = await detector.predict([picture]);
  const found = await runner.score(imageOf(picture));
  expect(Math.abs(found.score - expected!.score)).toBeLessThan(1e-4);
  expect([found.map.width, found.map.height]).toEqual([512, 64]);
  expect(found.map.data[0]).toBe(-100); // the corner that is left out
  expect(found.regions.map(({ box }) => box)).toEqual(expected!.regions.map(({ box }) => box));
  const { overlay } = renderPrediction(picture, found, detector.model);
  const drawn = runner.overlay(imageOf(picture), found);
  expect(Buffer.compare(Buffer.from(drawn.data.filter((_, i) => i % 4 !== 3)), overlay.data)).toBe(0);
  await runner.close();
});
