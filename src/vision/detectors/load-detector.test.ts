import { cp, mkdtemp, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openModelFolder, writeModelFolder } from '../checkpoint/model-folder.ts';
import { samplePart } from '../dataset/sample-parts.ts';
import { type DeviceRuntime, openRuntimeOn } from '../runtime/runtime.ts';
import { anomalyDetector } from './detector.ts';
import { loadDetector } from './load-detector.ts';
import { renderPrediction } from './render-prediction.ts';
import { namesIn, tinyRequest, writeParts } from './testing/tiny-training.ts';
import { trainDetector } from './train-detector.ts';

let runtime: DeviceRuntime;
let dir: string;
let model: string;
beforeAll(async () => {
  runtime = await openRuntimeOn('cpu', { threads: 1 });
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  const request = tinyRequest(dir, 'model', await writeParts(join(dir, 'parts'), 8), { epochs: 1 });
  await trainDetector(request);
  model = request.folder;
});
afterAll(async () => {
  await runtime.close();
  await rm(dir, { recursive: true });
});

let copies = 0;
async function copied(): Promise<string> {
  const copy = join(dir, `copy-${copies++}`);
  await cp(model, copy, { recursive: true });
  return copy;
}

const refused = (folder: string, code: string, text: string) =>
  expect(loadDetector(folder, runtime)).rejects.toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(text) }),
  );

describe('loading a model folder', () => {
  it('refuses it when any file has one bit changed, is cut or is gone, and names the file', async () => {
    const folder = await copied();
    const names = (await namesIn(folder)).filter((name) => name !== 'manifest.json');
    expect(names).toHaveLength(7);
    for (const name of names) {
      const path = join(folder, name);
      const bytes = await readFile(path);
      const flipped = Buffer.from(bytes);
      flipped[bytes.length >> 1]! ^= 8;
      await writeFile(path, flipped);
      await refused(folder, 'checkpoint.corrupt', `${name} is not what was written`);
      await writeFile(path, bytes);
      await truncate(path, bytes.length - 1);
      await refused(folder, 'checkpoint.corrupt', `${name} has ${bytes.length - 1} bytes`);
      await unlink(path);
      await refused(folder, 'checkpoint.not_found', `${name} is not there`);
      await writeFile(path, bytes);
    }
    await (await loadDetector(folder, runtime)).close();
  });

  it('does not take it for a model of the original when its manifest is gone', async () => {
    const folder = await copied();
    await unlink(join(folder, 'manifest.json'));
    await refused(folder, 'checkpoint.not_found', 'manifest.json is not there');
  });

  it('refuses a model that no longer gives its golden picture the recorded score', async () => {
    const folder = await copied();
    const names = (await namesIn(folder)).filter((name) => name !== 'manifest.json');
    const opened = await openModelFolder(folder, names);
    const files = new Map(names.map((name) => [name, [opened.file(name)]]));
    const { score } = JSON.parse(new TextDecoder().decode(opened.file('golden.json')));
    const record = (value: number) => [Buffer.from(JSON.stringify({ picture: 'golden.png', score: value }))];
    await writeModelFolder(folder, files.set('golden.json', record(score + 2e-4)));
    await refused(folder, 'checkpoint.corrupt', 'the model gives its golden picture the score');
    await writeModelFolder(folder, files.set('golden.json', record(score + 5e-5)));
    await (await loadDetector(folder, runtime)).close();
    await writeModelFolder(folder, files.set('golden.json', [Buffer.from('{}')]));
    await refused(folder, 'checkpoint.malformed', 'expected a score in golden.json');
    await writeModelFolder(
      folder,
      files.set('golden.json', record(score)).set('config.yaml', [Buffer.from('detector: psychic')]),
    );
    await refused(
      folder,
      'checkpoint.malformed',
      'one of auto, memory-bank, subspace, autoencoder, yolo, got "psychic"',
    );
  });

  it('predicts a picture alike whatever stands beside it, and places regions in its pixels', async () => {
    const detector = anomalyDetector(await loadDetector(model, runtime));
    const pictures = [1, 2].map((seed) => samplePart('boards', seed, 'missing', 200).picture);
    const [first, second] = await detector.predict(pictures);
    const [alone] = await detector.predict([pictures[1]!]);
    expect(alone).toEqual(second);
    expect(first!.score).not.toBe(second!.score);
    for (const { box } of [...first!.regions, ...second!.regions]) {
      expect(Math.min(...box)).toBeGreaterThanOrEqual(0);
      expect(Math.max(box[0] + box[2], box[1] + box[3])).toBeLessThanOrEqual(200);
    }
    const { heatmap, overlay } = renderPrediction(pictures[0]!, first!, detector.model);
    expect([heatmap.width, heatmap.height, overlay.width, overlay.height]).toEqual([200, 200, 200, 200]);
    await detector.close();
  });
});
