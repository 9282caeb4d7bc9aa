// Downloads of models: formats, names, the bundle, and that nothing damaged is handed out.
import { createHash } from 'node:crypto';
import { chmod, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { fromBuffer, type ZipFile } from 'yauzl';
import { type TestContext, testActor, testContext } from '../testing/context.ts';
import { type DownloadFormat, openDownload } from './open-download.ts';
import { openModelFile } from './open-model-file.ts';
import { patchThreshold } from './patch-threshold.ts';
import { storeFake } from './testing/fake-model.ts';

let test: TestContext;
beforeEach(async () => {
  test = await testContext();
});
afterEach(() => test.close());

const store = (id: string, changes = {}, files?: Record<string, string>) =>
  storeFake(test.context, test.folder, id, changes, files);
const scene = { owner: { kind: 'scene', id: 's' } } as const;

async function download(id: string, format: DownloadFormat | null = null) {
  const { stream, ...rest } = await openDownload(test.context, id, format);
  const bytes = await buffer(stream);
  expect(bytes.length).toBe(rest.sizeBytes);
  return { ...rest, bytes };
}

async function unzip(bytes: Buffer): Promise<Map<string, Buffer>> {
  const zip = await new Promise<ZipFile>((resolve, reject) =>
    fromBuffer(bytes, { lazyEntries: true }, (error, opened) => (error ? reject(error) : resolve(opened))),
  );
  const files = new Map<string, Buffer>();
  return new Promise((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', () => resolve(files));
    zip.on('entry', (entry) =>
      zip.openReadStream(entry, async (error, stream) => {
        if (error) return reject(error);
        files.set(entry.fileName, await buffer(stream as Readable));
        zip.readEntry();
      }),
    );
    zip.readEntry();
  });
}

describe('a download', () => {
  it.each([
    ['pt', 'm-1.pt', 'torch weights of m-1'],
    ['onnx', 'm-1.onnx', 'graph of m-1'],
    ['safetensors', 'm-1.safetensors', 'weights of m-1'],
  ] as const)('of the format %s is that file', async (format, filename, text) => {
    await store('m-1');
    const { bytes, ...rest } = await download('m-1', format);
    expect(String(bytes)).toBe(text);
    expect(rest).toMatchObject({ filename, contentType: 'application/octet-stream' });
  });

  it('without a format is what the original gives: safetensors of projects, model.pt of scenes', async () => {
    await store('m-1');
    await store('m-2', scene);
    await store('m-3', {}, { 'model.pt': 'only', 'threshold.json': '{}' });
    expect((await download('m-1')).filename).toBe('m-1.safetensors');
    expect((await download('m-2')).filename).toBe('m-2.pt');
    expect((await download('m-3')).filename).toBe('m-3.pt');
  });

  it('says what there is when the format is missing', async () => {
    await store('m-3', {}, { 'model.pt': 'only', 'threshold.json': '{}' });
    await expect(openDownload(test.context, 'm-3', 'onnx')).rejects.toMatchObject({
      code: 'model.no_format',
      message: expect.stringContaining('there is model.pt'),
    });
    await expect(openDownload(test.context, 'none')).rejects.toMatchObject({ code: 'model.not_found' });
  });

  it.each([
    ['a changed bit', (path: string) => writeFile(path, 'graph of m-2')],
    ['a lost end', (path: string) => truncate(path, 3)],
    ['no file', (path: string) => rm(path)],
  ])('with %s is refused before the first byte, alone and in a bundle', async (_, damage) => {
    const { files } = await store('m-1');
    expect(Object.keys(files)).toContain('model.onnx');
    const path = await test.context.blobs.localPath('projects/p-1/models/m-1/model.onnx');
    await chmod(path, 0o600);
    await damage(path);
    for (const format of ['onnx', 'bundle'] as const)
      await expect(openDownload(test.context, 'm-1', format)).rejects.toMatchObject({
        code: 'model.corrupt',
        message: expect.not.stringContaining(test.folder),
      });
    expect(String((await download('m-1', 'pt')).bytes)).toBe('torch weights of m-1');
  });
});

describe('a bundle', () => {
  it('holds model, weights, preprocessing, a picture, licences and the threshold that holds now', async () => {
    await store('m-1', { encoder: 'mobilenetv3-coco' });
    await patchThreshold(test.context, 'm-1', { value: 7, note: 'stricter' }, testActor);
    const { bytes, filename, contentType } = await download('m-1', 'bundle');
    expect({ filename, contentType }).toEqual({ filename: 'm-1.zip', contentType: 'application/zip' });
    const files = await unzip(bytes);
    expect([...files.keys()].sort()).toEqual([
      'LICENCES.txt',
      'README.txt',
      'config.yaml',
      'golden.json',
      'golden.png',
      'manifest.json',
      'model.onnx',
      'model.safetensors',
      'threshold.json',
    ]);
    const text = (name: string) => String(files.get(name));
    expect(text('model.onnx')).toBe('graph of m-1');
    expect(parse(text('config.yaml'))).toEqual({ img_size: 64 });
    expect(JSON.parse(text('threshold.json'))).toMatchObject({
      threshold_score: 7,
      threshold_mse: 7,
      threshold_pixel: 19.1,
      note: 'stricter',
      set_by: 'tester',
      val_size: 10,
    });
    expect(text('README.txt')).toContain('anomalous above 7');
    expect(text('README.txt')).toContain('uint8 [1, 64, 64, 3]');
    expect(text('LICENCES.txt')).toContain('Copyright (c) Vladimir Mandic');
    const { model, files: listed } = JSON.parse(text('manifest.json'));
    expect(model).toMatchObject({ model_id: 'm-1', task: 'anomaly', image_size: 64 });
    const hashes = [...files]
      .filter(([name]) => name !== 'manifest.json')
      .map(([name, bytes]) => {
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        return [name, { bytes: bytes.length, sha256 }] as const;
      });
    expect(listed).toEqual(Object.fromEntries(hashes));
  });

  it('is the same bytes each time', async () => {
    await store('m-1');
    const [a, b] = [await download('m-1', 'bundle'), await download('m-1', 'bundle')];
    expect(a.bytes.equals(b.bytes)).toBe(true);
  });

  it('of a model of the original holds what it has', async () => {
    await store('old', scene, { 'model.pt': 'weights', 'threshold.json': '{"threshold_score": 2}' });
    const files = await unzip((await download('old', 'bundle')).bytes);
    expect([...files.keys()].sort()).toEqual([
      'LICENCES.txt',
      'README.txt',
      'manifest.json',
      'model.pt',
      'threshold.json',
    ]);
    expect(String(files.get('README.txt'))).toContain('taken over from another program');
  });
});

describe('a file of a model', () => {
  it('is found by a name that the record lists, and by no other', async () => {
    await store('m-1');
    await writeFile(`${test.folder}/data/projects/p-1/models/m-1/secret.txt`, 'secret');
    const { stream, sizeBytes, contentType } = await openModelFile(test.context, 'm-1', 'threshold.json');
    const path = await test.context.blobs.localPath('projects/p-1/models/m-1/threshold.json');
    expect(await buffer(stream)).toEqual(await readFile(path));
    expect({ sizeBytes, contentType }).toMatchObject({ contentType: 'application/json' });
    for (const name of ['secret.txt', '../m-1/model.pt', '__proto__', 'toString', ''])
      await expect(openModelFile(test.context, 'm-1', name)).rejects.toMatchObject({
        code: 'blob.not_found',
      });
  });
});
