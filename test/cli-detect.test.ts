// The command from end to end with labelled boxes: train a detector, test it, measure it, and what it refuses.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { objectsPicture, tinyClasses } from '../src/vision/detectors/yolo/testing/tiny-objects.ts';
import { encodePicture } from '../src/vision/image/encode.ts';
import { type Finished, okapi } from './okapi.ts';

const quick = ['--img-size', '64', '--epochs', '2', '--batch', '4', '--device', 'cpu', '--conf', '0.01'];

let dir: string;
let trained: Finished;
const run = (...args: string[]) => okapi(args, dir);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  for (const [seed, split] of ['train', 'train', 'train', 'train', 'val', 'val'].entries())
    await writeLabelled(join(dir, 'parts', split), seed);
  await writeFile(
    join(dir, 'parts/data.yaml'),
    `train: train/images\nval: val/images\nnames: [${tinyClasses}]\n`,
  );
  trained = await run('train', '--task', 'detect', 'parts/data.yaml', '-o', 'model', ...quick);
}, 120_000);
afterAll(() => rm(dir, { recursive: true }));

async function writeLabelled(split: string, seed: number): Promise<void> {
  const { picture, boxes } = objectsPicture(seed);
  const lines = boxes.map(({ classId, box: [x1, y1, x2, y2] }) =>
    [classId, (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1].join(' '),
  );
  await mkdir(join(split, 'images'), { recursive: true });
  await mkdir(join(split, 'labels'), { recursive: true });
  await writeFile(join(split, 'images', `${seed}.png`), await encodePicture(picture, 'png'));
  await writeFile(join(split, 'labels', `${seed}.txt`), lines.join('\n'));
}

async function zipped(folder: string, path: string): Promise<void> {
  const archive = new ZipFile();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) {
      const file = join(entry.parentPath, entry.name);
      archive.addFile(file, relative(folder, file));
    }
  archive.end();
  await writeFile(path, await buffer(archive.outputStream));
}

describe('okapi train --task detect', () => {
  it('writes a model folder, shows losses and mAP, and says what to type next', async () => {
    expect(trained.stderr).toMatch(/^4 pictures to learn from, 2 to judge by; 2 classes: square, disc$/m);
    expect(trained.stderr).toMatch(
      /^epoch 1 of 2, loss \d\S* \(box \S+ cls \S+ dfl \S+\), map50 0\.\d{3} map50_95 0\.\d{3} precision \S+ recall \S+/m,
    );
    expect(trained.stdout).toMatch(
      /^model +model\nlearnt +6 pictures, 2 epochs .*\nfound +mAP50 0\.\d{3}, mAP50-95 0/,
    );
    expect(trained.stderr).toContain('okapi eval model parts/data.yaml');
    expect(trained.code).toBe(0);
    expect(await readdir(join(dir, 'model'))).toEqual(expect.arrayContaining(['model.onnx', 'metrics.json']));
  });

  it.each([
    [['--encoder', 'none'], '--encoder is an option of --task anomaly, not of detect'],
    [['--variant', 'yolov99'], 'expected --variant to be one of yolov8n'],
    [['--conf', '7'], 'expected --conf to be a number from 0 to 1, got 7'],
    [['--lr', '0'], 'expected --lr to be a number above 0 and at most 1, or null, got 0'],
    [['--weights', 'missing.pt'], 'there is no file of weights missing.pt'],
  ])('%j is refused', async (flags, text) => {
    const { code, stderr } = await run('train', '--task', 'detect', 'parts', '-o', 'other', ...flags);
    expect(stderr).toContain(text);
    expect(code).not.toBe(0);
  });

  it('a file of weights that is no detector of the variant is refused before pictures are read', async () => {
    await writeFile(join(dir, 'cat.pt'), 'meow');
    const weights = join(dir, 'model/model.pt');
    for (const [file, flags, text] of [
      ['cat.pt', [], /cat\.pt: /],
      [
        weights,
        ['--variant', 'yolov8n'],
        /model\.pt: expected weights of yolov8n, got .* of an okapi variant/,
      ],
    ] as const) {
      const { code, stderr } = await run(
        ...['train', '--task', 'detect', 'parts', '-o', 'other', '--weights', file, ...flags],
      );
      expect(stderr).toMatch(text);
      expect(stderr).not.toContain('epoch 1');
      expect(code).toBe(1);
    }
  }, 60_000);

  it('learns from a ZIP archive as from the folder that is in it, and leaves nothing unpacked', async () => {
    await zipped(join(dir, 'parts'), join(dir, 'parts.zip'));
    const scratch = await mkdtemp(join(dir, 'scratch-'));
    const args = ['train', '--task', 'detect', 'parts.zip', '-o', 'from-zip', ...quick];
    const { code, stdout, stderr } = await okapi(args, dir, { TMPDIR: scratch });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^4 pictures to learn from, 2 to judge by; 2 classes: square, disc$/m);
    expect(stderr).toContain('okapi eval from-zip parts.zip');
    expect(stdout).toMatch(/^learnt +6 pictures, 2 epochs/m);
    expect((await readdir(scratch)).filter((name) => name.startsWith('okapi'))).toEqual([]);
    const measured = await run('eval', 'from-zip', 'parts.zip', '--json');
    expect(JSON.parse(measured.stdout).counts).toMatchObject({ pictures: 2, truths: 4 });
  }, 120_000);

  it.each([
    ['is none', async () => Buffer.from('no archive'), 'zip.not_a_zip'],
    ['is cut short', async () => (await readFile(join(dir, 'parts.zip'))).subarray(0, -30), 'zip.truncated'],
  ])('a ZIP archive that %s is refused', async (_, bytes, problem) => {
    await zipped(join(dir, 'parts'), join(dir, 'parts.zip'));
    await writeFile(join(dir, 'bad.zip'), await bytes());
    const { code, stderr } = await run('train', '--task', 'detect', 'bad.zip', '-o', 'other');
    expect(stderr).toContain(problem);
    expect(code).toBe(1);
  });

  it('an option of detectors is no option of the other task', async () => {
    const { stderr } = await run('train', 'parts', '--iou', '0.5');
    expect(stderr).toContain('--iou is an option of --task detect, not of anomaly');
  });
});

describe('okapi test and eval with a detector', () => {
  it('says what is in each picture, with overlays, JSON and a report', async () => {
    await writeFile(join(dir, 'bad.png'), 'dear diary');
    const flags = ['--conf', '0', '--out', 'marked', '--report', 'found.html'];
    const { code, stdout, stderr } = await run(
      'test',
      'model',
      'parts/val/images',
      'bad.png',
      ...flags,
      '--json',
    );
    expect(code).toBe(1); // one could not be tested
    expect(stderr).toContain('2 pictures tested, 1 not tested (confidence above 0)');
    const output = JSON.parse(stdout);
    expect(output).toMatchObject({
      model: { variant: 'okapi-n', imageSize: 64, classes: tinyClasses, conf: 0, iou: 0.45 },
      ...{ tested: 2, untested: 1 },
    });
    expect(output.items[0].detections.length).toBeGreaterThan(0);
    const { label, box } = output.items[0].detections[0];
    expect(tinyClasses).toContain(label);
    expect(box[2]).toBeGreaterThan(box[0]);
    expect(output.items[2]).toMatchObject({ file: 'bad.png', error: { code: 'image.unsupported_type' } });
    expect((await readdir(join(dir, 'marked'))).sort()).toEqual(['4.overlay.png', '5.overlay.png']);
    const page = await readFile(join(dir, 'found.html'), 'utf8');
    expect(page).toContain('data:image/jpeg;base64,');
    expect(page).toContain('bad.png');
    const plain = await run('test', 'model', 'parts/val/images/4.png', '--conf', '1');
    expect(plain.stdout).toBe('parts/val/images/4.png  nothing\n');
    expect(plain.code).toBe(0);
  });

  it('tests and measures by a confidence and an overlap that the command names', async () => {
    const found = async (...flags: string[]) => {
      const { stdout } = await run('test', 'model', 'parts/val/images', '--json', ...flags);
      const { model, items } = JSON.parse(stdout);
      return { model, count: items.flatMap((item: { detections: object[] }) => item.detections).length };
    };
    const all = await found('--conf', '0', '--iou', '1');
    const apart = await found('--conf', '0', '--iou', '0.1');
    expect(all.model).toMatchObject({ conf: 0, iou: 1 });
    expect(apart.model).toMatchObject({ conf: 0, iou: 0.1 });
    expect(apart.count).toBeLessThan(all.count);
    const measured = async (...flags: string[]) =>
      JSON.parse((await run('eval', 'model', 'parts', '--json', ...flags)).stdout);
    const own = await measured();
    expect(own.model).toMatchObject({ conf: 0.01, iou: 0.45 });
    expect(own.confusion.confidence).toBe(0.01);
    const loose = await measured('--conf', '0', '--iou', '1');
    const strict = await measured('--conf', '0', '--iou', '0.1');
    expect(loose.model).toMatchObject({ conf: 0, iou: 1 });
    expect(strict.confusion.confidence).toBe(0);
    expect(strict.counts.detections).toBeLessThan(loose.counts.detections);
    for (const command of ['test', 'eval'])
      expect((await run(command, 'model', 'parts', '--iou', '2')).stderr).toContain(
        'expected iou to be a number from 0 to 1, got 2',
      );
  }, 120_000);

  it('measures the val pictures as the training did', async () => {
    const { code, stdout } = await run('eval', 'model', 'parts', '--json', '--report', 'eval.html');
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    const { map50, map50_95 } = JSON.parse(await readFile(join(dir, 'model/metrics.json'), 'utf8'));
    expect(found.map50).toBeCloseTo(map50, 6);
    expect(found.map50_95).toBeCloseTo(map50_95, 6);
    expect(found.counts).toMatchObject({ pictures: 2, truths: 4 });
    expect(await readFile(join(dir, 'eval.html'), 'utf8')).toContain('<svg class="chart"');
    const table = await run('eval', 'model', 'parts');
    expect(table.stdout).toMatch(/^2 pictures, 4 boxes\n +class +boxes +AP50 +AP50-95/);
  });
});
