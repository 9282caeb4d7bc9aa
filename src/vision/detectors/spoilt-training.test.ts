// A defective picture among the good ones: the check before a training names it, and the training goes on and says so too.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { samplePart } from '../dataset/sample-parts.ts';
import { openEncoder } from '../encoders/table.ts';
import { checkPictures } from '../hygiene/check-pictures.ts';
import type { Picture } from '../image/picture.ts';
import { type OpenedRuntime, openRuntime } from '../runtime/open-runtime.ts';
import { anomalyDetector } from './detector.ts';
import { loadDetector } from './load-detector.ts';
import { writePictures } from './testing/tiny-training.ts';
import { trainDetector } from './train-detector.ts';

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

const good = (i: number) => samplePart('textures', 300 + i, undefined, 128).picture;
/** With a dark hole of 28 pixels square. */
function holed(i: number): Picture {
  const picture = good(i);
  const data = picture.data.slice();
  for (let y = 40; y < 68; y++)
    for (let x = 50; x < 78; x++) data.fill(20, 3 * (y * 128 + x), 3 * (y * 128 + x) + 3);
  return { ...picture, data };
}

it('is flagged, does not stop the training, and hides no other defect from the model', async () => {
  const pictures = await writePictures(join(dir, 'good'), [
    ...Array.from({ length: 13 }, (_, i) => good(i)),
    holed(20),
  ]);
  const spoilt = pictures.at(-1)!;
  const encoder = await openEncoder('mobilenetv3-coco', { folders: [] });
  const files = pictures.map((file) => ({ name: file, file }));
  const { flags } = await checkPictures(files, { runtime, encoder });
  expect(flags.filter(({ kind }) => kind === 'odd').map(({ name }) => name)).toEqual([spoilt]);

  const folder = join(dir, 'model');
  const request = { kind: 'memory-bank', pictures, folder, stateFolder: join(dir, 'state'), resume: false };
  const settings = { imageSize: 64, views: 1 };
  const trained = await trainDetector({ ...request, device: 'cpu', threads: 1, settings });
  if (trained.task !== 'anomaly') throw new Error('expected a model that finds anomalies');
  expect(trained.threshold.trust).toMatch(
    /one of them stands apart and does not count: look whether it is good/,
  );
  const detector = anomalyDetector(await loadDetector(folder, runtime));
  const [fine, bad] = await detector.predict([
    good(30),
    { ...good(31), data: good(31).data.map((v, i) => (i % 3000 < 900 ? 250 : v)) },
  ]);
  await detector.close();
  expect([fine!.isAnomaly, bad!.isAnomaly]).toEqual([false, true]);
});
