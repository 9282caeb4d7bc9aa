import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { input } from '../../autodiff/index.ts';
import { writeSafetensors } from '../checkpoint/safetensors.ts';
import { encoderNames } from './encoder.ts';
import { defaultEncoder, dinov3File, encoderTable, openEncoder, weightsFolders } from './table.ts';
import { fixtureTensors, readFixture } from './testing/fixture.ts';

let root: string;
let folders: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'okapi-'));
  folders = weightsFolders(root, 'data');
});
afterEach(() => rm(root, { recursive: true }));

async function writeDinov3(path: string): Promise<void> {
  await writeFile(path, writeSafetensors(fixtureTensors(readFixture('dinov3-convnext-tiny.json'))));
}

describe('openEncoder', () => {
  it('lists the names when there is no such encoder', async () => {
    await expect(openEncoder('resnet50', { folders })).rejects.toMatchObject({
      code: 'encoder.unknown',
      message: 'expected one of dinov3-convnext-tiny, mobilenetv3-coco, none; got "resnet50"',
    });
    await expect(openEncoder('toString', { folders })).rejects.toMatchObject({ code: 'encoder.unknown' });
  });

  it('says which DINOv3 file is missing, where it looked and what to do', async () => {
    const opening = openEncoder('dinov3-convnext-tiny', { folders });
    await expect(opening).rejects.toMatchObject({ code: 'encoder.missing_weights' });
    const message = await opening.catch((error: Error) => error.message);
    for (const part of [dinov3File, ...folders, '--encoder-weights', '--encoder mobilenetv3-coco', 'licence'])
      expect(message).toContain(part);
  });

  it('finds DINOv3 weights in a folder by their official name, whichever format the bytes have', async () => {
    await mkdir(join(root, 'weights'));
    await writeDinov3(join(root, 'weights', dinov3File));
    const encoder = await openEncoder('dinov3-convnext-tiny', { folders });
    expect([encoder.name, encoder.levels.length]).toEqual(['dinov3-convnext-tiny', 4]);
  });

  it('opens a weights file that was named, and says so when it is missing or not needed', async () => {
    const weightsFile = join(root, 'mine.safetensors');
    await expect(openEncoder('dinov3-convnext-tiny', { folders: [], weightsFile })).rejects.toMatchObject({
      code: 'encoder.missing_weights',
      message: `expected weights in ${weightsFile}, there is no such file`,
    });
    await writeDinov3(weightsFile);
    const encoder = await openEncoder('dinov3-convnext-tiny', { folders: [], weightsFile });
    expect(encoder.name).toBe('dinov3-convnext-tiny');
    await expect(openEncoder('none', { folders: [], weightsFile })).rejects.toMatchObject({
      code: 'option.invalid',
    });
    await expect(openEncoder('mobilenetv3-coco', { folders: [], weightsFile })).rejects.toMatchObject({
      code: 'checkpoint.key_mismatch',
      message: expect.stringMatching(/^mine.safetensors: expected the \d+ tensors/),
    });
  });

  it('opens the encoders that need no file, without looking into a folder', async () => {
    const levels = { 'mobilenetv3-coco': [72, 192, 528], none: [3] };
    for (const [name, channels] of Object.entries(levels)) {
      const encoder = await openEncoder(name, { folders: [] });
      const maps = encoder.features(input('x', [2, 3, 64, 96]));
      const shapes = encoder.levels.map(({ stride }, i) => [2, channels[i], 64 / stride, 96 / stride]);
      expect(encoder.name).toBe(name);
      expect(maps.map((map) => map.type.shape)).toEqual(shapes);
    }
  });
});

describe('defaultEncoder', () => {
  it('is dinov3-convnext-tiny where its file lies, else mobilenetv3-coco', async () => {
    expect(await defaultEncoder(folders)).toBe('mobilenetv3-coco');
    for (const file of [dinov3File, dinov3File.replace('.pth', '.safetensors')]) {
      await writeFile(join(root, file), '');
      expect(await defaultEncoder(folders)).toBe('dinov3-convnext-tiny');
      await rm(join(root, file));
    }
  });
});

describe('encoderTable', () => {
  it('has a line of help for each encoder', () => {
    expect(encoderNames.every((name) => encoderTable[name].about.length > 20)).toBe(true);
  });
});
