// The dataset of a detection project over HTTP: uploads good and bad, health, download, from labels, and a real dataset.
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { okapiClient } from '../../client/index.ts';
import { blocksFile, plainDataset } from '../../vision/dataset/detection/testing/dataset-files.ts';
import { zipFile } from '../../vision/dataset/detection/testing/zip-file.ts';
import { yoloSettings } from '../../vision/detectors/yolo/settings.ts';
import { variantNames } from '../../vision/yolo/variants.ts';
import { zipOf } from '../yolo/testing/datasets.ts';
import { files, listen, type TestApp, testApp, upload } from './testing/test-app.ts';

let test: TestApp;
let project: string;
let url: string;
beforeAll(async () => {
  test = await testApp({ rate_limits: { uploads_per_minute: 1000, deletes_per_minute: 1000 } });
  project = await made('finder');
  url = `/projects/${project}/yolo/dataset`;
});
afterAll(() => test.close());

async function made(name: string): Promise<string> {
  const payload = { name, training_mode: 'yolo' };
  return (await test.ask({ method: 'POST', url: '/projects', payload })).json().project_id;
}

const plain = await plainDataset();
const send = (bytes: Buffer, query = '', to = url) =>
  test.ask(upload(`${to}/upload${query}`, [{ name: 'file', filename: 'parts.zip', body: bytes }]));
const leftOvers = () => {
  const { tmp_dir } = test.services.context.config;
  return ['staging', 'jobs'].flatMap((name) => {
    const folder = join(tmp_dir, name);
    return existsSync(folder) ? readdirSync(folder) : [];
  });
};

it('the limits are those of the trainer itself', async () => {
  const { yolo } = (await test.ask({ url: '/limits' })).json();
  expect(yolo).toMatchObject({ variants: variantNames, max_detections_per_image: 300 });
  const { imageSize, epochs, batch } = yoloSettings;
  const { min_img_size, max_img_size, img_size_step, max_epochs, max_batch } = yolo;
  for (const side of [min_img_size, max_img_size, min_img_size + img_size_step])
    expect(imageSize.valid(side)).toBe(true);
  for (const side of [min_img_size - img_size_step, max_img_size + img_size_step, min_img_size + 1])
    expect(imageSize.valid(side)).toBe(false);
  expect([max_epochs, max_epochs + 1].map(epochs.valid)).toEqual([true, false]);
  expect([max_batch, max_batch + 1].map(batch.valid)).toEqual([true, false]);
});

describe('the dataset of a project', () => {
  it('is none at first, and says so', async () => {
    expect((await test.ask({ url })).json()).toEqual({
      ready: false,
      train_images: 0,
      val_images: 0,
      classes: [],
      yaml_path: null,
      note: null,
      updated_at: null,
      version: null,
      source: null,
      boxes: [],
    });
    for (const request of [
      { url: `${url}/health` },
      { url: `${url}/download` },
      { method: 'DELETE', url } as const,
    ]) {
      const answer = await test.ask(request);
      expect([answer.statusCode, answer.json().code]).toEqual([404, 'yolo.no_dataset']);
    }
  });

  it('is uploaded, asked for, judged, downloaded and deleted', async () => {
    const sent = await send(
      zipOf({ ...plain, 'data.yaml': `${plain['data.yaml']}download: http://127.0.0.1:9/x\n` }),
    );
    expect(sent.statusCode).toBe(200);
    const info = sent.json();
    expect(info).toMatchObject({
      ready: true,
      train_images: 4,
      val_images: 2,
      classes: ['cat', 'dog'],
      note: 'data.yaml: ignored: download',
      source: 'zip',
      boxes: [
        { class: 'cat', train: 2, val: 1 },
        { class: 'dog', train: 2, val: 1 },
      ],
    });
    expect(info.yaml_path).toBe(`projects/${project}/yolo/${info.version}/data.yaml`);
    const yaml = await readFile(join(test.services.context.config.data_dir, info.yaml_path), 'utf8');
    expect(yaml).toBe('path: .\ntrain: train/images\nval: val/images\nnc: 2\nnames: ["cat", "dog"]\n');
    expect((await test.ask({ url })).json()).toEqual(info);
    const health = (await test.ask({ url: `${url}/health` })).json();
    expect(health).toMatchObject({ version: info.version, balance: 1, split: { by: 'dataset', seed: null } });
    const pictures = (await test.ask({ url: `${url}/pictures?limit=4` })).json();
    expect(pictures).toMatchObject({ total: 6, next: pictures.items.at(-1).file });
    const rest = (await test.ask({ url: `${url}/pictures?after=${pictures.next}` })).json();
    expect(rest.items).toHaveLength(2);
    expect((await test.ask({ url: `${url}/pictures?split=val&class=dog` })).json().total).toBe(1);
    const { url: at, boxes } = pictures.items.find((item: { boxes: unknown[] }) => item.boxes.length > 0);
    expect(boxes[0]).toMatchObject({ label: expect.stringMatching(/^(cat|dog)$/) });
    const picture = await test.ask({ url: at });
    expect(picture.headers).toMatchObject({ 'content-type': expect.stringMatching(/^image\//) });
    expect(picture.headers['content-security-policy']).toMatch(/^sandbox;/);
    const none = await test.ask({ url: `${url}/pictures/train-${'0'.repeat(32)}.png` });
    expect(none.json()).toMatchObject({ code: 'image.not_found' });
    const zip = await test.ask({ url: `${url}/download` });
    expect(zip.headers).toMatchObject({
      'content-type': 'application/zip',
      'content-length': String(zip.rawPayload.length),
      etag: `"${info.version}"`,
    });
    expect(zip.headers['content-disposition']).toMatch(/^attachment; filename=".*-dataset.zip"/);
    const again = (await send(zip.rawPayload)).json();
    expect(again).toMatchObject({ train_images: 4, val_images: 2, note: null, boxes: info.boxes });
    expect((await test.ask({ method: 'DELETE', url })).json()).toEqual({ ok: true });
    expect((await test.ask({ url })).json().ready).toBe(false);
  }, 30_000);

  it('C29 leaves pictures out that cannot be read when it is asked to', async () => {
    const bad = zipOf({ ...plain, 'train/images/a0.png': 'no picture' });
    const refused = await send(bad);
    expect(refused.statusCode).toBe(422);
    expect(refused.json()).toMatchObject({ code: 'dataset.pictures' });
    expect(refused.json().detail).toContain('train/images/a0.png: ');
    const taken = await send(bad, '?allow_partial=true');
    expect(taken.json()).toMatchObject({
      train_images: 3,
      note: '1: pictures cannot be read and were left out',
    });
    expect((await test.ask({ url: `${url}/health` })).json().corrupt_images).toMatchObject({
      count: 1,
      examples: [{ file: 'train/images/a0.png', code: 'image.unsupported_type' }],
    });
    expect((await send(bad, '?allow_partial=perhaps')).json().code).toBe('request.invalid');
  });

  it('shows what users wrote as text, and no path of the server', async () => {
    const name = '<img src=x onerror=alert(1)>';
    const sent = await send(zipOf({ ...plain, 'data.yaml': `names: ["${name}", dog]` }));
    expect(sent.json().classes).toEqual([name, 'dog']);
    expect(sent.headers['content-type']).toMatch(/^application\/json/);
    const refused = await send(zipFile([{ name: `../${name}`, content: 'x' }]));
    expect(refused.json().detail).not.toContain(test.folder);
  });

  const link = { name: 'a.png', content: '/etc/passwd', mode: 0o120777 };
  it.each<[string, Buffer, number, string]>([
    ['C1 text', Buffer.from('hello'), 422, 'zip.not_a_zip'],
    ['C2 one that is cut', zipOf(plain).subarray(0, 1500), 422, 'zip.truncated'],
    ['C3 a name that leads out', zipFile([{ name: '../../x.txt', content: 'x' }]), 422, 'zip.unsafe_path'],
    ['C4 a link', zipFile([link]), 422, 'zip.link_not_allowed'],
    ['C5 a bomb', zipFile([{ name: 'a.bin', size: 2 ** 32 - 2 }]), 413, 'zip.too_large'],
    ['C8 an encrypted one', zipFile([{ name: 'a.png', flags: 1 }]), 422, 'zip.encrypted'],
    ['C14 a name twice', zipFile([{ name: 'a' }, { name: 'A' }]), 422, 'zip.duplicate_entry'],
    ['C20 another layout', zipOf({ 'x/y/z/a.png': 'x' }), 422, 'dataset.layout'],
    ['C21 a bad label', zipOf({ ...plain, 'val/labels/a4.txt': '5 0.5 0.5 0.1 0.1' }), 422, 'dataset.labels'],
    [
      'C25 a label file of 2 MiB',
      zipOf({ ...plain, 'val/labels/a4.txt': Buffer.alloc(2 ** 21, 0x20) }),
      413,
      'dataset.too_large',
    ],
    [
      'C26 gaps',
      zipOf({ ...plain, 'data.yaml': '', 'val/labels/a4.txt': '9 0.5 0.5 0.1 0.1' }),
      422,
      'dataset.class_gap',
    ],
    [
      'C27 a tag in data.yaml',
      zipOf({ ...plain, 'data.yaml': 'names: !!js/function x' }),
      422,
      'dataset.names',
    ],
  ])('refuses %s and keeps the one before', async (_, bytes, status, code) => {
    const before = (await test.ask({ url })).json();
    expect(before.ready).toBe(true);
    const answer = await send(bytes);
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect((await test.ask({ url })).json()).toEqual(before);
    expect(leftOvers()).toEqual([]);
  });

  it('takes one file under its name and no other body', async () => {
    const part = { filename: 'a.zip', body: zipOf(plain) };
    const answers = [
      await test.ask(upload(`${url}/upload`, [{ ...part, name: 'files' }])),
      await test.ask(
        upload(`${url}/upload`, [
          { ...part, name: 'file' },
          { ...part, name: 'file' },
        ]),
      ),
      await test.ask({ method: 'POST', url: `${url}/upload`, payload: {} }),
    ];
    expect(answers.map((answer) => answer.json().code)).toEqual([
      'multipart.unexpected_field',
      'upload.too_many_files',
      'request.unsupported_type',
    ]);
  });

  it('is made of labels', async () => {
    const labelled = await made('labelled');
    const pictures = await Promise.all([1, 2, 3].map((i) => blocksFile(i).then(Buffer.from)));
    const sent = await test.ask(upload(`/projects/${labelled}/upload`, files(...pictures)));
    // The probes of this app call every picture 8 x 8.
    const body = {
      image_width: 8,
      image_height: 8,
      boxes: [{ label: 'dent', x: 0.1, y: 0.1, width: 0.5, height: 0.5 }],
    };
    const make = { method: 'POST', url: `/projects/${labelled}/yolo/dataset/from-labels` } as const;
    expect((await test.ask(make)).json().code).toBe('dataset.too_few_images');
    for (const { filename } of sent.json().items)
      await test.ask({ method: 'PUT', url: `/projects/${labelled}/labels/${filename}`, payload: body });
    expect((await test.ask(make)).json()).toMatchObject({
      ready: true,
      source: 'labels',
      train_images: 2,
      val_images: 1,
      classes: ['dent'],
      note: 'there was no val: 1 pictures were drawn for it (seed 42)',
    });
  });
});

const real = join(process.env.OKAPI_TEST_DATA ?? '../shared/data', 'bccd-yolo');

/** The folder as a ZIP, as an archiver of the desktop makes it: a folder around it all. */
async function zipOfFolder(folder: string): Promise<Buffer> {
  const zip = new ZipFile();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) zip.addFile(path, join('bccd', path.slice(folder.length)).replaceAll('\\', '/'));
  }
  zip.end();
  return buffer(zip.outputStream);
}

describe('a real dataset', () => {
  it('is uploaded over a connection and has its figures', async () => {
    const has = existsSync(real);
    if (!has) console.log(`no real dataset in ${real}: a generated one stands in`);
    const bytes = has ? await zipOfFolder(real) : zipOf(plain);
    const client = okapiClient({ baseUrl: `http://127.0.0.1:${await listen(test)}` });
    const project_id = await made('cells');
    const file = { name: 'cells.zip', data: new Blob([new Uint8Array(bytes)]) };
    const info = await client.uploadYoloDataset({ project_id, file });
    const health = await client.getYoloHealth({ project_id });
    expect(health.version).toBe(info.version);
    const figures = {
      images: [info.train_images, info.val_images],
      classes: info.classes,
      boxes: [health.train.boxes, health.val.boxes],
      sides: health.picture_sizes.median,
    };
    expect(figures).toEqual(
      has
        ? {
            images: [292, 72],
            classes: ['RBC', 'WBC', 'Platelets'],
            boxes: [3941, 945],
            sides: { width: 640, height: 480 },
          }
        : { images: [4, 2], classes: ['cat', 'dog'], boxes: [4, 2], sides: { width: 48, height: 40 } },
    );
    expect(health.same_in_train_and_val.count).toBe(0);
    expect(health.corrupt_images.count).toBe(0);
    const download = await client.downloadYoloDataset({ project_id });
    expect((await download.arrayBuffer()).byteLength).toBeGreaterThan(has ? 5e6 : 5e3);
  }, 60_000);
});
