// How well each method of finding anomalies does, over real and generated sets and seeds, with one set of defaults for all.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { Random } from '../src/autodiff/random.ts';
import type { RuntimeSession } from '../src/autodiff/runtime.ts';
import { listDataset } from '../src/vision/dataset/folder.ts';
import { anomalyDetector, type TrainedAnomalyModel } from '../src/vision/detectors/detector.ts';
import { loadDetector } from '../src/vision/detectors/load-detector.ts';
import { trainDetector } from '../src/vision/detectors/train-detector.ts';
import { evaluateDetector } from '../src/vision/evaluation/evaluate-detector.ts';
import type { Picture } from '../src/vision/image/picture.ts';
import { resize } from '../src/vision/image/resize.ts';
import { openRuntime } from '../src/vision/runtime/open-runtime.ts';
import { peakOf } from '../src/vision/scoring/anomaly-map.ts';
import { auroc } from '../src/vision/scoring/metrics.ts';
import { aurocDifference, type JudgedTwice } from '../src/vision/scoring/paired-auroc.ts';
import { generatedSets, writeSet } from './quality/write-sets.ts';

const { values: options } = parseArgs({
  options: {
    methods: { type: 'string', default: 'auto,memory-bank,subspace' },
    sets: { type: 'string', default: ['hazelnut_toy', 'aliens', ...generatedSets].join() },
    seeds: { type: 'string', default: '0,1,2' },
    /** Numbers of good pictures to train on; 0 for all. */
    pictures: { type: 'string', default: '0' },
    encoder: { type: 'string', default: 'mobilenetv3-coco' },
    size: { type: 'string', default: '256' },
    defects: { type: 'boolean', default: false },
    /** From 1, 2, 4, 8, 16 and all good pictures. */
    curve: { type: 'boolean', default: false },
  },
});
const list = (text: string) => text.split(',').filter((word) => word !== '');
const realSets = process.env.OKAPI_TEST_DATA ?? '../shared/data';
const folder = await mkdtemp(join(tmpdir(), 'okapi-quality-'));

/** A real set where it lies, a generated one written anew; null for one that is not there. */
async function find(name: string): Promise<string | null> {
  if (!generatedSets.includes(name)) {
    const real = join(realSets, name);
    return existsSync(real) ? real : null;
  }
  const dir = join(process.env.OKAPI_QUALITY_SETS ?? folder, name);
  if (!existsSync(dir)) await writeSet(dir, name, 7, { good: 40, testGood: 30, perDefect: 4 });
  return dir;
}

const figure = (value: number | null | undefined) => (value == null ? '-' : value.toFixed(3));
const columns = [
  'set',
  'method',
  'seed',
  'good',
  'image AUROC',
  'pixel AUROC',
  'AUPRO',
  'recall',
  'false alarms (fresh good)',
  'stated 95 % interval',
  'calm good maps',
  'train s',
  'heads',
  'AUROC of each part alone',
  'all together minus the best of them, 95 % interval',
];
console.log(`| ${columns.join(' | ')} |\n|${columns.map(() => '---').join('|')}|`);

/** The score of each part of a detector by patches alone; none for others. */
async function partScores(session: RuntimeSession, picture: Picture, size: number): Promise<number[]> {
  const { data } = resize(picture, size, size, 'area');
  const out = await session.run({ pixels: { type: 'uint8', dims: [1, size, size, 3], data } });
  return out.shares ? Array.from(out.shares.data as Float32Array) : [];
}

function aurocOf(pictures: readonly JudgedTwice[]): number | null {
  return auroc(pictures.map(({ anomalous, first: score }) => ({ anomalous, score }))).value;
}

/** The best part is known only from these very pictures: a little of what it is ahead is luck. */
function overBest(parts: readonly JudgedTwice[][], seed: number): string {
  if (parts.length < 2) return '-';
  const best = parts.reduce((a, b) => ((aurocOf(b) ?? 0) > (aurocOf(a) ?? 0) ? b : a));
  const { difference, interval } = aurocDifference(best, { seed });
  return `${figure(difference.value)} (${figure(interval?.low)} to ${figure(interval?.high)})`;
}

async function measure(name: string, dir: string, method: string, seed: number, pictures: number) {
  const { train, test } = await listDataset(dir);
  const good = pictures === 0 ? train : new Random(seed).fork('subset').shuffled(train).slice(0, pictures);
  const model = join(folder, 'model');
  const startedMs = performance.now();
  const { threshold } = (await trainDetector({
    kind: method,
    pictures: good,
    folder: model,
    stateFolder: `${model}.training`,
    resume: false,
    settings: { encoder: options.encoder, imageSize: Number(options.size), seed },
    encoderSource: { folders: [process.cwd(), join(process.cwd(), 'weights')] },
  })) as TrainedAnomalyModel;
  const seconds = (performance.now() - startedMs) / 1000;
  const runtime = await openRuntime();
  const detector = anomalyDetector(await loadDetector(model, runtime));
  const session = await runtime.load(await readFile(join(model, 'model.onnx')));
  /** For each part its score beside that of all together. */
  const parts: JudgedTwice[][] = [];
  let [calm, goods] = [0, 0];
  const result = await evaluateDetector(detector, test, {
    onPicture: async ({ picture, prediction }, { defect }) => {
      const anomalous = defect !== null;
      for (const [part, score] of (await partScores(session, picture, detector.model.imageSize)).entries()) {
        parts[part] ??= [];
        parts[part].push({ anomalous, first: score, second: prediction.score });
      }
      if (anomalous) return;
      goods++;
      if (peakOf(prediction.map) <= threshold.pixelValue!) calm++;
    },
  });
  await session.close();
  await detector.close();
  await runtime.close();
  const { heads = [] } = parse(await readFile(join(model, 'config.yaml'), 'utf8')) as {
    heads?: { head: string; weight: number }[];
  };
  const interval = threshold.falseAlarmInterval;
  const cells = [
    name,
    method,
    seed,
    good.length,
    figure(result.imageAuroc.value),
    figure(result.pixelAuroc.value),
    figure(result.aupro.value),
    figure(result.recall.value),
    `${result.falseAlarms.length} of ${goods}`,
    interval ? `${figure(interval.low)} to ${figure(interval.high)}` : '-',
    `${calm} of ${goods}`,
    seconds.toFixed(1),
    heads.map((h) => `${h.head} ${h.weight.toFixed(2)}`).join(', '),
    parts.map((scores) => figure(aurocOf(scores))).join(', '),
    overBest(parts, seed),
  ];
  console.log(`| ${cells.join(' | ')} |`);
  if (options.defects)
    for (const { defect, pictures, found, auroc } of result.defects)
      console.log(`|   ${defect} | ${pictures} pictures | found ${found} | | ${figure(auroc.value)} |`);
}

try {
  for (const name of list(options.sets)) {
    const dir = await find(name);
    if (dir === null) console.log(`| ${name} | is not in ${realSets} |`);
    else
      for (const pictures of list(options.curve ? '1,2,4,8,16,0' : options.pictures).map(Number))
        for (const seed of list(options.seeds).map(Number))
          for (const method of list(options.methods)) await measure(name, dir, method, seed, pictures);
  }
} finally {
  await rm(folder, { recursive: true });
}
