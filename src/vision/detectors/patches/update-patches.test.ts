import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { decodeModel } from '../../../autodiff/onnx/decode-model.ts';
import {
  type FilePieces,
  manifestName,
  openModelFolder,
  writeModelFolder,
} from '../../checkpoint/model-folder.ts';
import { readTensors } from '../../checkpoint/read-tensors.ts';
import { safetensorsPieces } from '../../checkpoint/safetensors.ts';
import type { NamedTensor } from '../../checkpoint/tensors.ts';
import { samplePart } from '../../dataset/sample-parts.ts';
import { encodePicture } from '../../image/encode.ts';
import type { Picture } from '../../image/picture.ts';
import { type DeviceRuntime, openRuntimeOn } from '../../runtime/runtime.ts';
import { readCalibration } from '../../scoring/threshold-file.ts';
import type { TrainingEvent } from '../../training/events.ts';
import { anomalyDetector } from '../detector.ts';
import { loadDetector } from '../load-detector.ts';
import { writeParts } from '../testing/tiny-training.ts';
import { trainDetector } from '../train-detector.ts';
import { COLOURS } from './colour.ts';

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

/** A part with a rectangle from one corner [x, y] to the other. */
function painted(
  seed: number,
  [left, top]: readonly [number, number],
  [right, bottom]: readonly [number, number],
  colour: readonly number[],
): Picture {
  const { picture } = samplePart('boards', seed, undefined, 80);
  const data = picture.data.slice();
  for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) data.set(colour, 3 * (y * 80 + x));
  return { ...picture, data };
}

/** With a label that the others do not have: good, but new. */
const labelled = (seed: number, shift = 0) =>
  painted(seed, [42 + shift, 12], [62 + shift, 30], [205, 190, 60]);

const request = (kind: string, folder: string) => ({
  kind,
  pictures: parts,
  folder: join(dir, folder),
  stateFolder: join(dir, `${folder}-state`),
  resume: false,
  device: 'cpu',
  threads: 1,
});

async function scores(folder: string, pictures: readonly Picture[]) {
  const detector = anomalyDetector(await loadDetector(join(dir, folder), runtime));
  const found = await detector.predict(pictures);
  await detector.close();
  return found.map(({ score, isAnomaly }) => ({ score, isAnomaly }));
}

async function updated(kind: string, folder: string, pictures: readonly Picture[], from = kind) {
  const files = await Promise.all(
    pictures.map(async (picture, i) => {
      const file = join(dir, `${folder}-${i}.png`);
      await writeFile(file, await encodePicture(picture, 'png'));
      return file;
    }),
  );
  const base = join(dir, from);
  const events: TrainingEvent[] = [];
  const own = { ...request(kind, folder), pictures: files, base, update: true } as const;
  const model = await trainDetector(own, { onEvent: (event) => events.push(event) });
  return { model, events };
}

const config = async (folder: string) => parse(await readFile(join(dir, folder, 'config.yaml'), 'utf8'));
const calibration = async (folder: string) =>
  readCalibration(await readFile(join(dir, folder, 'threshold.json'), 'utf8'))!;

describe.each(['auto', 'memory-bank', 'subspace'])('the update of a detector of the kind %s', (kind) => {
  beforeAll(async () => {
    await trainDetector({
      ...request(kind, kind),
      settings: { imageSize: 64, views: 4, falseAlarmRate: 0.3 },
    });
  }, 120_000);

  it('takes a false alarm and parts like it for good, and still finds defects', async () => {
    const defects = [41, 42, 43].map((seed) => painted(seed, [8, 52], [20, 64], [255, 255, 255]));
    const pictures = [labelled(30), labelled(31, 1), ...defects];
    const before = await scores(kind, pictures);
    expect(before.slice(0, 2).map(({ isAnomaly }) => isAnomaly)).toEqual([true, true]);
    const { events } = await updated(kind, `${kind}-2`, [labelled(30)]);
    const after = await scores(`${kind}-2`, pictures);
    expect(after[0]!.isAnomaly).toBe(false);
    expect(after[1]!.score).toBeLessThan(0.7 * before[1]!.score);
    // Distances to what was learnt can only fall, and those to something else hardly do. (Scores count from the middle of good ones.)
    const fall = before[1]!.score - after[1]!.score;
    for (const [i, { score, isAnomaly }] of before.slice(2).entries()) {
      const { score: now, isAnomaly: still } = after[2 + i]!;
      expect([isAnomaly, still]).toEqual([true, true]);
      expect(now).toBeLessThanOrEqual(score + 1e-3);
      expect(score - now).toBeLessThan(0.25 * fall);
    }
    const notes = events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
    expect(notes[0]).toMatch(/^.*-2-0\.png: score .* before, .* now$/);
    expect(notes[1]).toContain('none of these pictures is above it');
  }, 120_000);

  it('rests its threshold on the scores of before and one of each new picture', async () => {
    const [old, now] = [await calibration(kind), await calibration(`${kind}-2`)];
    expect(now.scores).toHaveLength(old.scores.length + 1);
    expect(now.scores.slice(0, -1)).toEqual(old.scores);
    expect(now.names?.at(-1)).toBe(`${kind}-2-0.png`);
    const { threshold, dataset, detector, settings } = await config(`${kind}-2`);
    expect(dataset.pictures).toBe(9);
    expect({ detector, settings }).toEqual({ detector: kind, settings: (await config(kind)).settings });
    const { metadata } = decodeModel(await readFile(join(dir, `${kind}-2`, 'model.onnx')));
    expect(Number(metadata.threshold)).toBe(threshold);
  });
});

/** A model as it was written before patches had colours: the same numbers but for those. */
async function withoutColours(folder: string, into: string): Promise<void> {
  const { files: listed } = JSON.parse(await readFile(join(dir, folder, manifestName), 'utf8'));
  const names = Object.keys(listed);
  const whole = await openModelFolder(join(dir, folder), names);
  const { tensors } = await readTensors(whole.file('model.safetensors'));
  const fine = tensors.get('bank.fine.axes')!.shape[1]!;
  const cut = [...tensors].map(([name, tensor]): [string, NamedTensor] => {
    const width = tensor.shape.at(-1)!;
    if (!['scale.mean', 'scale.deviation', 'bank.fine.axes', 'subspace.axes'].includes(name))
      return [name, tensor];
    const isFeature = (_: number, i: number) => i % width < fine - COLOURS || i % width >= fine;
    const data = (tensor.data as Float32Array).filter(isFeature);
    return [name, { ...tensor, shape: [...tensor.shape.slice(0, -1), width - COLOURS], data }];
  });
  const files = new Map<string, FilePieces>(names.map((name) => [name, [whole.file(name)]]));
  files.set('model.safetensors', safetensorsPieces(new Map(cut), { format: 'pt' }));
  await writeModelFolder(join(dir, into), files);
}

describe('an update', () => {
  it('goes on from a model that was made before patches had colours', async () => {
    await withoutColours('memory-bank', 'colourless');
    const [before] = await scores('memory-bank', [labelled(30)]);
    await updated('memory-bank', 'colourless-2', [labelled(30)], 'colourless');
    const [after] = await scores('colourless-2', [labelled(30)]);
    expect(after!.score).toBeLessThan(0.7 * before!.score);
    const { tensors } = await readTensors(await readFile(join(dir, 'colourless-2', 'model.safetensors')));
    const older = await readTensors(await readFile(join(dir, 'colourless', 'model.safetensors')));
    expect(tensors.get('scale.mean')!.shape).toEqual(older.tensors.get('scale.mean')!.shape);
  }, 60_000);

  it.each([
    [{ kind: 'subspace', base: () => join(dir, 'auto') }, 'a auto detector, asked for was subspace'],
    [{ kind: 'auto', base: () => null }, 'the folder of the model to update'],
    [{ kind: 'yolo', base: () => join(dir, 'auto') }, 'cannot be updated'],
    [
      { kind: 'auto', base: () => join(dir, 'auto'), settings: { imageSize: 128 } },
      'takes regions, tiles and all settings',
    ],
  ])('is refused for %o', async ({ base, ...more }, message) => {
    const own = { ...request('auto', 'refused'), ...more, base: base(), update: true } as const;
    await expect(trainDetector(own)).rejects.toMatchObject({
      code: 'option.invalid',
      message: expect.stringContaining(message),
    });
  });

  it('needs a picture that can be read', async () => {
    const bad = join(dir, 'bad.png');
    await writeFile(bad, 'no picture');
    const own = {
      ...request('auto', 'none'),
      pictures: [bad],
      base: join(dir, 'auto'),
      update: true,
    } as const;
    await expect(trainDetector(own)).rejects.toMatchObject({ code: 'dataset.too_few_images' });
    await expect(readFile(join(dir, 'none', 'config.yaml'))).rejects.toThrow();
  });
});
