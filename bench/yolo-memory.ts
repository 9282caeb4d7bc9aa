// What object detectors take in memory, in MiB, each row by processes of its own:
//   npx tsx bench/yolo-memory.ts [okapi-n:640 yolov8s:320 ...] [--batches 1,4]
// Training: the largest resident set of one epoch of two steps. Serving: the growth of the process by one more loaded model
// that has predicted, a mean over four.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadDetector } from '../src/vision/detectors/load-detector.ts';
import { trainDetector } from '../src/vision/detectors/train-detector.ts';
import { trainingBytes } from '../src/vision/detectors/yolo/batch-size.ts';
import {
  objectsPicture,
  objectsRequest,
  tinyClasses,
  writeObjects,
} from '../src/vision/detectors/yolo/testing/tiny-objects.ts';
import { openRuntimeOn } from '../src/vision/runtime/runtime.ts';
import { parseVariant } from '../src/vision/yolo/variants.ts';

const MIB = 2 ** 20;
const MODELS = 4;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { batches: { type: 'string', default: '1,4' }, row: { type: 'string' }, dir: { type: 'string' } },
});
if (values.row !== undefined) console.log(await measured(values.row.split(':'), values.dir!));
else table(positionals.length > 0 ? positionals : ['okapi-n:640', 'yolov8n:640', 'yolov8s:640']);

function table(models: readonly string[]): void {
  for (const model of models) {
    const dir = mkdtempSync(join(tmpdir(), 'okapi-memory-'));
    for (const batch of values.batches.split(',')) ask(`train:${model}:${batch}`, dir);
    ask(`serve:${model}`, dir);
    rmSync(dir, { recursive: true });
  }
}

function ask(row: string, dir: string): void {
  const args = [...process.execArgv, '--expose-gc', process.argv[1]!, '--row', row, '--dir', dir];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  process.stdout.write(status === 0 ? stdout : `${row}: ${stderr.slice(-2000)}`);
}

async function measured([what, variant = '', size, batch]: string[], dir: string): Promise<string> {
  const imageSize = Number(size);
  return what === 'train' ? trained(variant, imageSize, Number(batch), dir) : served(variant, imageSize, dir);
}

async function trained(variant: string, imageSize: number, batch: number, dir: string): Promise<string> {
  const pictures = await writeObjects(join(dir, 'pictures'), [...Array(2 * batch + 1).keys()]);
  const objects = { classes: tinyClasses, train: pictures.slice(1), val: pictures.slice(0, 1) };
  const settings = { variant, imageSize, batch, epochs: 1, closeMosaic: 0, warmupEpochs: 0 };
  const startedMs = performance.now();
  await trainDetector({ ...objectsRequest(dir, 'model', objects, settings), threads: 2, resume: false });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  const peak = process.resourceUsage().maxRSS / 1024;
  const estimate = trainingBytes(parseVariant(variant), imageSize, batch) / MIB;
  return `train ${variant} ${imageSize} px, ${batch} a step: ${peak.toFixed(0)} MiB, estimate ${estimate.toFixed(0)}, ${seconds} s`;
}

async function served(variant: string, imageSize: number, dir: string): Promise<string> {
  const runtime = await openRuntimeOn('cpu', { threads: 2 });
  const folder = join(dir, 'model');
  const { picture } = objectsPicture(1);
  const load = async () => (await loadDetector(folder, runtime)).predict([picture]);
  const rss = () => {
    (globalThis as { gc?: () => void }).gc?.();
    return process.memoryUsage().rss / MIB;
  };
  await load();
  const before = rss();
  for (let i = 0; i < MODELS; i++) await load();
  const grown = (rss() - before) / MODELS;
  const graph = (await stat(join(folder, 'model.onnx'))).size / MIB;
  return `serve ${variant} ${imageSize} px: ${grown.toFixed(0)} MiB, graph ${graph.toFixed(0)}`;
}
