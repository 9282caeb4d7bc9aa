// The command from end to end: train, test, evaluate, export, stop, go on, and what it says when something is wrong.
import { existsSync } from 'node:fs';
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTensors } from '../src/vision/checkpoint/read-tensors.ts';
import { samplePart, writeSampleParts } from '../src/vision/dataset/sample-parts.ts';
import { decodePicture } from '../src/vision/image/decode.ts';
import { encodePicture } from '../src/vision/image/encode.ts';
import { pngHeader } from '../src/vision/image/testing/files.ts';
import { type Finished, okapi, start } from './okapi.ts';

const quick = ['--img-size', '64', '--epochs', '2', '--batch', '4', '--device', 'cpu'];
const side = 64;

let dir: string;
let trained: Finished;
const run = (...args: string[]) => okapi(args, dir);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  await writeSampleParts(join(dir, 'parts'), {
    kind: 'screws',
    seed: 1,
    size: side,
    good: 8,
    testGood: 2,
    perDefect: 1,
  });
  await addBadPictures(join(dir, 'parts/train/good'));
  await addBadPictures(join(dir, 'parts/test/good'));
  trained = await run('train', 'parts', '-o', 'model', ...quick);
});
afterAll(() => rm(dir, { recursive: true }));

/** Five pictures that are none, and one whose name lies about its type. */
async function addBadPictures(folder: string): Promise<void> {
  const { picture } = samplePart('screws', 77, undefined, side);
  const png = await encodePicture(picture, 'png');
  await writeFile(join(folder, 'cut.png'), png.subarray(0, png.length / 2));
  await writeFile(join(folder, 'empty.jpg'), '');
  await writeFile(join(folder, 'notes.png'), 'dear diary');
  await writeFile(join(folder, 'huge.png'), pngHeader(30_000, 30_000));
  await writeFile(join(folder, 'really-a-jpeg.png'), await encodePicture(picture, 'jpeg'));
}

const badPictures = [
  ['cut.png', 'image.truncated'],
  ['empty.jpg', 'image.empty'],
  ['notes.png', 'image.unsupported_type'],
  ['huge.png', 'image.too_many_pixels'],
] as const;

describe('okapi train', () => {
  it('writes a model folder and says where it is, what the threshold means and what to type next', () => {
    expect(trained.code).toBe(0);
    expect(trained.stdout).toMatch(/^model +model\n/);
    expect(trained.stdout).toMatch(/learnt +9 good pictures, 2 epochs/);
    expect(trained.stdout).toMatch(
      /threshold +\d+\.\d+; above it a picture is NG\n +9 good pictures: a false-alarm rate under 10 %/,
    );
    expect(trained.stderr).toContain('okapi test model PICTURES... --report report.html');
  });

  it('shows a line for each epoch where there is no terminal', () => {
    expect(trained.stderr).toMatch(/^epoch 1 of 2, loss 0\.\d+, held-out 0\.\d+/m);
    expect(trained.stderr).toMatch(/^epoch 2 of 2, .* left$/m);
    expect(trained.stderr).not.toContain('\u001b');
  });

  it.each(badPictures)('names %s with the reason and goes on', (file, code) => {
    const line = trained.stderr.split('\n').find((text) => text.includes(file));
    expect(line).toMatch(new RegExp(`left out .*train/good/${file}: .* \\(${code}\\)`));
  });

  it('leaves a complete model folder and nothing beside it', async () => {
    const files = [
      'config.yaml',
      'manifest.json',
      'model.onnx',
      'model.pt',
      'model.safetensors',
      'threshold.json',
    ];
    expect(await readdir(join(dir, 'model'))).toEqual(expect.arrayContaining(files));
    expect((await readdir(dir)).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('okapi test', () => {
  it('gives every picture a verdict, with pictures, a report and JSON', async () => {
    const args = [
      'test',
      'model',
      'parts/test',
      '--device',
      'cpu',
      '--json',
      '--out',
      'marked',
      '--report',
      'out/report.html',
    ];
    const { code, stdout, stderr } = await run(...args);
    const output = JSON.parse(stdout);
    const anomalous = output.items.filter((item: { verdict: string }) => item.verdict === 'NG').length;
    expect(code).toBe(anomalous > 0 ? 3 : 1);
    expect(output).toMatchObject({ untested: 4, ng: anomalous, ok: 8 - anomalous, device: 'cpu' });
    expect(stderr).toMatch(
      /8 pictures: \d OK, \d NG(, \d of them uncertain)?, 4 not tested \(threshold \d+\.\d+\)/,
    );

    const scratch = output.items.find(({ file }: { file: string }) => file.includes('scratch'));
    expect(scratch).toMatchObject({
      file: 'parts/test/scratch/000.png',
      overlay: 'marked/scratch/000.overlay.png',
    });
    expect(scratch.verdict).toBe(scratch.score > scratch.threshold ? 'NG' : 'OK');
    expect(output.model.threshold).toBe(scratch.threshold);
    for (const file of [scratch.overlay, scratch.heatmap]) {
      const { width, height } = await decodePicture(await readFile(join(dir, file)));
      expect([width, height]).toEqual([side, side]);
    }
    for (const [name, errorCode] of badPictures) {
      const item = output.items.find(({ file }: { file: string }) => file === `parts/test/good/${name}`);
      expect(item).toMatchObject({ verdict: null, error: { code: errorCode } });
    }

    const html = await readFile(join(dir, 'out/report.html'), 'utf8');
    for (const text of [
      'model: 12 pictures tested',
      'scratch/000.png',
      'Not tested',
      'image.truncated',
      'data:image/jpeg',
    ])
      expect(html).toContain(text);
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
  });

  it('prints a line for each picture, and a file of any name is judged by its bytes', async () => {
    const { stdout, stderr, code } = await run(
      'test',
      'model',
      'parts/test/good/really-a-jpeg.png',
      'gone.png',
    );
    expect(stdout).toMatch(
      /^(OK|NG) {2}\d+\.\d+ +\d\.\d\d x threshold {2}parts\/test\/good\/really-a-jpeg\.png/,
    );
    expect(stderr).toMatch(/not tested gone\.png: .*\(disk\.io_error\)/);
    expect(code).toBe(stdout.startsWith('NG') ? 3 : 1);
  });
});

describe('okapi eval', () => {
  it('measures against the folders and the masks', async () => {
    const { code, stdout, stderr } = await run(
      'eval',
      'model',
      'parts',
      '--device',
      'cpu',
      '--report',
      'eval.html',
    );
    expect(code).toBe(0);
    for (const text of [
      /8 pictures: 3 good, 5 defective/,
      /image AUROC +\d\.\d{4} +95 % interval/,
      /AUPRO +\d\.\d{4}/,
      /scratch +1 +[01]/,
    ])
      expect(stdout).toMatch(text);
    expect(stderr).toMatch(/not tested .*good\/cut\.png: .*\(image\.truncated\)/);
    expect(await readFile(join(dir, 'eval.html'), 'utf8')).toContain('Image AUROC');
  });

  it('has no AUROC of one class and says why, also as JSON', async () => {
    await cp(join(dir, 'parts/test/good/000.png'), join(dir, 'one-class/test/good/000.png'), {
      recursive: true,
    });
    const { code, stdout } = await run('eval', 'model', 'one-class', '--device', 'cpu', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      imageAuroc: { value: null, reason: 'there is no anomalous picture among them' },
      imageAurocInterval: { low: null, reason: 'there is no anomalous picture among them' },
      bestF1: { f1: null, reason: 'there is no anomalous picture among them' },
      falseAlarmInterval: { low: expect.any(Number), high: expect.any(Number) },
      falseAlarmRate: { value: expect.any(Number) },
    });
  });
});

describe('okapi eval with two models', () => {
  it('puts them side by side on the same pictures', async () => {
    await cp(join(dir, 'model'), join(dir, 'second'), { recursive: true });
    const paths = ['model', 'second', 'parts', '--device', 'cpu'];
    const { code, stdout } = await run('eval', ...paths, '--report', 'compare.html');
    expect(code).toBe(0);
    expect(stdout).toMatch(/2 models on the same 8 pictures\n +model +second/);
    expect(stdout).toContain('The image AUROC of second is +0.0000 against model');
    expect(stdout).toContain('They judge every picture alike.');
    expect(await readFile(join(dir, 'compare.html'), 'utf8')).toContain('Where they do not agree');
    const json = JSON.parse((await run('eval', ...paths, '--json')).stdout);
    expect(json.models.map(({ name }: { name: string }) => name)).toEqual(['model', 'second']);
    expect(json.comparison.pictures).toHaveLength(8);
  });
});

describe('okapi export', () => {
  it('hands out the weights of a whole model', async () => {
    const { code, stdout } = await run('export', 'model', '--format', 'safetensors');
    expect([code, stdout]).toEqual([0, 'model.safetensors  (the weights)\n']);
    const { tensors } = await readTensors(join(dir, 'model.safetensors'));
    expect(tensors.size).toBeGreaterThan(10);
  });
});

describe('Ctrl-C', () => {
  const long = ['train', 'parts', '-o', 'stopped', ...quick, '--epochs', '6'];

  it('stops in good order, says how to go on, and --resume goes on', async () => {
    const running = start(long, dir);
    await running.says('epoch 2 of 6');
    running.interrupt();
    const { code, stderr, stdout } = await running.finished;
    expect(stderr).toContain('stopping after this step; Ctrl-C again stops at once');
    expect(stderr).toMatch(/error: the training was canceled.*\(train\.canceled\)/);
    expect(stderr).toContain(`okapi ${long.join(' ')} --resume`);
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(existsSync(join(dir, 'stopped'))).toBe(false);

    const resumed = await run(...long, '--resume');
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toMatch(/going on after epoch \d/);
    expect(resumed.stderr).not.toContain('epoch 1 of 6');
    expect(resumed.stdout).toMatch(/learnt .* 6 epochs/);
    expect(existsSync(join(dir, 'stopped/manifest.json'))).toBe(true);
  });

  it('twice stops at once and leaves no half model', async () => {
    const running = start(['train', 'parts', '-o', 'twice', ...quick, '--epochs', '500'], dir);
    await running.says('epoch   1 of 500');
    running.interrupt();
    await running.says('Ctrl-C again');
    running.interrupt();
    expect((await running.finished).code).toBe(130);
    expect(existsSync(join(dir, 'twice'))).toBe(false);
  });
});

describe('bad input', () => {
  it('too few good pictures are counted, and those left out named', async () => {
    for (const name of ['000.png', '001.png', 'cut.png'])
      await cp(join(dir, 'parts/train/good', name), join(dir, 'few', name), { recursive: true });
    const { code, stderr } = await run('train', 'few', ...quick);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'error: training needs at least 5 different good pictures, got 2; left out:\n  cut.png: the PNG ends too early',
    );
    expect(existsSync(join(dir, 'few-model'))).toBe(false);
  });

  it('copies of one picture are nothing to learn from', async () => {
    for (const name of ['a.png', 'b.png', 'c.png', 'd.png', 'e.png', 'f.png'])
      await cp(join(dir, 'parts/train/good/000.png'), join(dir, 'copies', name), { recursive: true });
    const { code, stderr } = await run('train', 'copies', ...quick);
    expect(stderr).toContain(
      'error: all 6 files show the same picture; expected at least 5 different good pictures',
    );
    expect(code).toBe(1);
  });

  it('a training that diverges says what to try and leaves no model', async () => {
    const { code, stderr } = await run('train', 'parts', '-o', 'wild', ...quick, '--lr', '1');
    expect(stderr).toMatch(/error: .*at learning rate 1; try 0\.1 \(train\.diverged\)/);
    expect(code).toBe(1);
    expect(existsSync(join(dir, 'wild'))).toBe(false);
  });

  it('a damaged model is refused, whichever file it is', async () => {
    await cp(join(dir, 'model'), join(dir, 'short'), { recursive: true });
    await truncate(join(dir, 'short/model.onnx'), 1000);
    const short = await run('test', 'short', 'parts/test/good/000.png', '--device', 'cpu');
    expect(short.stderr).toMatch(
      /error: the model in short cannot be used: model\.onnx has 1000 bytes, expected \d+ \(checkpoint\.corrupt\)/,
    );
    await cp(join(dir, 'model'), join(dir, 'changed'), { recursive: true });
    await appendFile(join(dir, 'changed/threshold.json'), ' ');
    const changed = await run('export', 'changed');
    expect(changed.stderr).toMatch(/error: .*threshold\.json .*\(checkpoint\.corrupt\)/);
    expect([short.code, changed.code]).toEqual([1, 1]);
  });

  it.each([
    [['train', 'nowhere'], 1, 'error: there is no folder nowhere (dataset.not_found)'],
    [['train', 'no-pictures'], 1, 'found nothing of the kind (dataset.not_found)'],
    [
      ['train', 'parts', '-o', 'parts'],
      2,
      'error: expected a folder of its own for the model, got parts, which holds the pictures (option.invalid)',
    ],
    [['train', 'parts', '--device', 'tpu'], 2, 'got "tpu" (device.unknown)'],
    [
      ['train', 'parts', '--encoder', 'dinov3-convnext-tiny', '--device', 'cpu'],
      1,
      'Or use --encoder mobilenetv3-coco, which needs no download.',
    ],
    [['train', 'parts', '--encoder', 'resnet'], 2, 'got "resnet" (encoder.unknown)'],
    [
      ['test', 'nowhere', 'parts/test', '--device', 'cpu'],
      1,
      'error: there is no model folder nowhere (checkpoint.not_found)',
    ],
    [['test', 'model', 'no-pictures'], 1, 'found none (dataset.not_found)'],
    [['eval', 'model', 'parts/train/good'], 1, 'expected pictures in parts/train/good/test/good'],
  ])('%j is refused in words', async (args, code, expected) => {
    await mkdir(join(dir, 'no-pictures'), { recursive: true });
    const result = await run(...args);
    expect(result.stderr).toContain(expected);
    expect(result.stderr).not.toContain('    at ');
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: '' });
  });
});
