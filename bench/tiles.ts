// Large pictures with one short scratch each, whole and in tiles: what is found, time and memory.
//   npx tsx bench/tiles.ts [strip|scan|WIDTHxHEIGHT] [--tiles auto] [--defect-size PX] [--method auto] [--scratch 20] [--good 10] [--test 6]
// Memory is the peak of this process, which draws nothing while it trains and tests. Sheets are drawn and kept under the
// system's folder for temporary files.
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { listDataset } from '../src/vision/dataset/folder.ts';
import { anomalyDetector } from '../src/vision/detectors/detector.ts';
import { loadDetector } from '../src/vision/detectors/load-detector.ts';
import { rolledSheet } from '../src/vision/detectors/tiles/testing/rolled-sheet.ts';
import { trainDetector } from '../src/vision/detectors/train-detector.ts';
import { evaluateDetector } from '../src/vision/evaluation/evaluate-detector.ts';
import { encodePicture } from '../src/vision/image/encode.ts';
import { openRuntime } from '../src/vision/runtime/open-runtime.ts';
import { parseTiles } from '../src/vision/scoring/tile-plan.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tiles: { type: 'string', default: 'auto' },
    'defect-size': { type: 'string' },
    method: { type: 'string', default: 'auto' },
    scratch: { type: 'string', default: '20' },
    good: { type: 'string', default: '10' },
    test: { type: 'string', default: '6' },
    draw: { type: 'boolean', default: false },
  },
});
const known: Readonly<Record<string, string>> = { strip: '4096x256', scan: '8000x2000' };
const [name = 'strip'] = positionals;
const [width = 0, height = 0] = (known[name] ?? name).split('x').map(Number);
const [good, test, scratch] = [Number(values.good), Number(values.test), Number(values.scratch)];
const dir = join(tmpdir(), `okapi-tiles-${width}x${height}-${scratch}`);

if (values.draw) await draw();
else await measure();

async function draw(): Promise<void> {
  for (let i = 0; i < good; i++) await put('train/good', i, 0);
  for (let i = 0; i < test; i++) await put('test/good', 1000 + i, 0);
  for (let i = 0; i < test; i++) await put('test/scratch', 2000 + i, scratch);
}

async function put(folder: string, seed: number, length: number): Promise<void> {
  const { picture, mask } = rolledSheet(seed, width, height, length);
  await mkdir(join(dir, folder), { recursive: true });
  await writeFile(join(dir, folder, `${seed}.png`), await encodePicture(picture, 'png'));
  if (mask === null) return;
  await mkdir(join(dir, 'ground_truth/scratch'), { recursive: true });
  await writeFile(join(dir, 'ground_truth/scratch', `${seed}.png`), await encodePicture(mask, 'png'));
}

async function measure(): Promise<void> {
  if (!(await stat(dir).catch(() => null))) throw new Error('draw the sheets first: add --draw');
  const files = await listDataset(dir);
  const folder = join(dir, 'model');
  const startedMs = performance.now();
  await trainDetector(
    {
      kind: values.method,
      pictures: files.train.slice(0, good),
      folder,
      stateFolder: `${folder}.training`,
      resume: false,
      device: 'cpu',
      tiles: /^\d/.test(values.tiles) ? parseTiles({ size: Number(values.tiles) }) : parseTiles(values.tiles),
      ...(values['defect-size'] && { defectSize: Number(values['defect-size']) }),
    },
    { onEvent: (event) => event.type === 'note' && console.log(`  ${event.text}`) },
  );
  const trainedMs = performance.now();
  const trainedPeak = peak();
  const runtime = await openRuntime({ device: 'cpu' });
  const detector = anomalyDetector(await loadDetector(folder, runtime));
  const loadedMs = performance.now();
  const of = { good: files.test.filter((t) => !t.defect), bad: files.test.filter((t) => t.defect) };
  const chosen = [...of.good.slice(0, test), ...of.bad.slice(0, test)];
  const result = await evaluateDetector(detector, chosen);
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  const { confusion } = result;
  console.log(
    [
      `${width}x${height}, ${good} good, ${values.method}, tiles ${JSON.stringify(detector.model.tiles ?? 'off')}`,
      `trained in ${seconds(trainedMs - startedMs)} s, peak ${trainedPeak} MB`,
      `tested in ${seconds((performance.now() - loadedMs) / chosen.length)} s a picture with its pixel figures, peak ${peak()} MB`,
      `AUROC ${result.imageAuroc.value?.toFixed(3)}, pixel ${result.pixelAuroc.value?.toFixed(3)}, AUPRO ${result.aupro.value?.toFixed(3)}`,
      `found ${confusion.truePositives} of ${of.bad.slice(0, test).length}, false alarms ${confusion.falsePositives} of ${of.good.slice(0, test).length}`,
    ].join('\n'),
  );
  await detector.close();
  await runtime.close();
  await rm(folder, { recursive: true });
}

function peak(): string {
  return (process.resourceUsage().maxRSS / 1024).toFixed(0);
}
