// Models of the original app, against scripts/fixtures/original_app.py, which runs its code path in PyTorch.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeterministicTensor, deterministicValues } from '../../autodiff/testing/deterministic.ts';
import { safetensorsPieces } from '../checkpoint/safetensors.ts';
import type { Tensors } from '../checkpoint/tensors.ts';
import { torchPieces } from '../checkpoint/torch-writer.ts';
import { decodePicture } from '../image/decode.ts';
import type { Picture } from '../image/picture.ts';
import { type DeviceRuntime, openRuntimeOn } from '../runtime/runtime.ts';
import { anomalyDetector } from './detector.ts';
import { loadDetector } from './load-detector.ts';
import { renderPrediction } from './render-prediction.ts';

interface Summary {
  readonly norm: number;
  readonly at: readonly number[];
  readonly values: readonly number[];
}

interface Fixture {
  readonly imageSize: number;
  readonly score: number;
  readonly reconstruction: Summary;
  readonly map: Summary;
  readonly boxes: readonly (readonly number[])[];
  readonly parameters: readonly DeterministicTensor[];
}

const fixtureFile = (name: string) => readFile(new URL(`./fixtures/original-${name}`, import.meta.url));
const readFixture = async (name: string): Promise<Fixture> =>
  JSON.parse((await fixtureFile(`${name}.json`)).toString());

/** threshold.json as the original writes it. */
const thresholdText = (value: number) =>
  JSON.stringify({ threshold_score: value, threshold_mse: value, score_type: 'mix', val_size: 8 });

let runtime: DeviceRuntime;
let parent: string;
beforeAll(async () => {
  runtime = await openRuntimeOn('cpu');
  parent = await mkdtemp(join(tmpdir(), 'okapi-'));
});
afterAll(async () => {
  await runtime.close();
  await rm(parent, { recursive: true });
});

function tensorsOf({ parameters }: Fixture): Tensors {
  const row = (p: DeterministicTensor) =>
    [p.name, { dtype: 'float32', shape: p.shape, data: deterministicValues(p) }] as const;
  return new Map(parameters.map(row));
}

async function writeOriginal(
  name: string,
  weights: { file: string; pieces: readonly Uint8Array[] } | null,
  { config = '', threshold = thresholdText(0.2) } = {},
): Promise<string> {
  const folder = join(parent, name);
  await mkdir(folder, { recursive: true });
  if (weights) await writeFile(join(folder, weights.file), weights.pieces);
  await writeFile(join(folder, 'config.yaml'), config);
  await writeFile(join(folder, 'threshold.json'), threshold);
  return folder;
}

const worst = (values: ArrayLike<number>, { at, values: expected }: Summary) =>
  Math.max(...at.map((i, k) => Math.abs(values[i]! - expected[k]!)));

/** The largest difference of two pictures, and its mean. */
function difference(a: Picture, b: Picture): { largest: number; mean: number } {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  const gaps = a.data.map((level, i) => Math.abs(level - b.data[i]!));
  return {
    largest: gaps.reduce((x, y) => Math.max(x, y)),
    mean: gaps.reduce((x, y) => x + y, 0) / gaps.length,
  };
}

describe('a model folder of the original', () => {
  it.each([
    ['dinov3', 'model.safetensors', safetensorsPieces, 'dinov3-convnext-tiny'],
    ['legacy', 'model.pt', torchPieces, 'none'],
  ] as const)(
    'with the %s net gives its score, map, boxes, heatmap and overlay',
    async (name, file, pieces, encoder) => {
      const fixture = await readFixture(name);
      const config = `img_size: ${fixture.imageSize}\nepochs_run: 30\nlr: 0.0001\n`;
      const folder = await writeOriginal(name, { file, pieces: pieces(tensorsOf(fixture)) }, { config });
      const picture = await decodePicture(await fixtureFile('part.png'));
      const detector = anomalyDetector(await loadDetector(folder, runtime));
      expect(detector.model).toMatchObject({ imported: true, encoder, imageSize: fixture.imageSize });
      const [prediction] = await detector.predict([picture]);
      await detector.close();
      expect(Math.abs(prediction!.score - fixture.score)).toBeLessThan(1e-4);
      expect(prediction!.isAnomaly).toBe(true);
      expect(worst(prediction!.map.data, fixture.map)).toBeLessThan(1e-3);
      expect(prediction!.regions.map(({ box }) => box)).toEqual(fixture.boxes);
      const { heatmap } = renderPrediction(picture, prediction!, detector.model);
      // Levels are cut, not rounded: a difference in the last digit may show as one level.
      const levels = difference(heatmap, await decodePicture(await fixtureFile(`${name}-heatmap.png`)));
      expect(levels.largest).toBeLessThanOrEqual(1);
      expect(levels.mean).toBeLessThan(0.01);
      const { overlay } = renderPrediction(picture, { ...prediction!, regions: [] }, detector.model);
      const colours = difference(overlay, await decodePicture(await fixtureFile(`${name}-overlay.png`)));
      expect(colours.mean).toBeLessThan(0.05);
    },
  );

  it('draws no box on a picture under its threshold', async () => {
    const fixture = await readFixture('legacy');
    const options = { config: 'img_size: 64', threshold: thresholdText(0.3) };
    const weights = { file: 'model.pt', pieces: torchPieces(tensorsOf(fixture)) };
    const detector = anomalyDetector(
      await loadDetector(await writeOriginal('calm', weights, options), runtime),
    );
    const [prediction] = await detector.predict([await decodePicture(await fixtureFile('part.png'))]);
    expect(prediction).toMatchObject({ isAnomaly: false, regions: [], threshold: 0.3 });
    await detector.close();
  });

  it.each([
    ['no weights', 'checkpoint.not_found', 'expected model.safetensors or model.pt', () => null],
    [
      'missing keys',
      'checkpoint.key_mismatch',
      'out.bias',
      (t: Tensors) => new Map([...t].filter(([name]) => name !== 'out.bias')),
    ],
    [
      'unexpected keys',
      'checkpoint.key_mismatch',
      'surplus',
      (t: Tensors) => t.set('surplus', { dtype: 'float32', shape: [1], data: Float32Array.of(1) }),
    ],
    [
      'a wrong shape',
      'checkpoint.key_mismatch',
      'expected [3], got [4]',
      (t: Tensors) => t.set('out.bias', { dtype: 'float32', shape: [4], data: new Float32Array(4) }),
    ],
    [
      'NaN weights',
      'checkpoint.not_finite',
      'out.bias',
      (t: Tensors) =>
        t.set('out.bias', { dtype: 'float32', shape: [3], data: Float32Array.of(1, Number.NaN, 1) }),
    ],
    [
      'weights that explode',
      'checkpoint.not_finite',
      'no finite score',
      (t: Tensors) =>
        t.set('down1.net.0.weight', {
          dtype: 'float32',
          shape: [32, 3, 3, 3],
          data: new Float32Array(864).fill(3e38),
        }),
    ],
    [
      'another network',
      'checkpoint.key_mismatch',
      'names under "encoder." or "down1."',
      () => new Map([['fc.weight', { dtype: 'float32', shape: [1], data: Float32Array.of(1) }]]) as Tensors,
    ],
  ] as const)('is refused with %s', async (what, code, text, change) => {
    const tensors = change(tensorsOf(await readFixture('legacy')));
    const weights = tensors && { file: 'model.pt', pieces: torchPieces(tensors) };
    const folder = await writeOriginal(what.replaceAll(' ', '-'), weights, { config: 'img_size: 64' });
    await expect(loadDetector(folder, runtime)).rejects.toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(text) }),
    );
  });

  it('is refused without a threshold, with a size the net cannot take, and when it is not there', async () => {
    const weights = { file: 'model.pt', pieces: torchPieces(tensorsOf(await readFixture('legacy'))) };
    const folder = await writeOriginal('odd', weights, { config: 'img_size: 100' });
    await expect(loadDetector(folder, runtime)).rejects.toThrow(
      'expected img_size to be a multiple of 8, got 100',
    );
    await rm(join(folder, 'threshold.json'));
    await expect(loadDetector(folder, runtime)).rejects.toThrow('expected threshold.json');
    await expect(loadDetector(join(parent, 'nowhere'), runtime)).rejects.toThrow('there is no model folder');
  });
});
