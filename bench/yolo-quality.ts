// Trains object detectors on a labelled set and prints the figures by epoch and at the end:
//   npx tsx bench/yolo-quality.ts bccd [--seeds 1,2,3] [--epochs 60] [--set lr0=0.001] [--set augmentation.scale=0.3]
// Sets: bccd, deeppcb, microcontroller (split anew, 80 to 20), found under OKAPI_TEST_DATA; or the path of another.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readDetectionFolder } from '../src/vision/dataset/detection/read-folder.ts';
import type { LabelledDataset } from '../src/vision/dataset/labelled.ts';
import { splitValidation } from '../src/vision/dataset/split.ts';
import { trainDetector } from '../src/vision/detectors/train-detector.ts';
import type { TrainingEvent } from '../src/vision/training/events.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '42' },
    epochs: { type: 'string' },
    threads: { type: 'string' },
    device: { type: 'string', default: 'cpu' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const [name = 'bccd'] = positionals;
const dataset = await labelledSet(name);
const dir = await mkdtemp(join(tmpdir(), 'okapi-quality-'));
const rows: string[][] = [];
for (const seed of values.seeds.split(',').map(Number)) rows.push(await trained(seed));
await rm(dir, { recursive: true });
console.log(
  '\n| seed | minutes | epochs | best | mAP50 | mAP50-95 | precision | recall |\n|---|---|---|---|---|---|---|---|',
);
for (const row of rows) console.log(`| ${row.join(' | ')} |`);

async function labelledSet(set: string): Promise<LabelledDataset> {
  const known = ['bccd', 'deeppcb', 'microcontroller'].includes(set);
  const root = process.env.OKAPI_TEST_DATA ?? '../shared/data';
  const { dataset: found } = await readDetectionFolder(known ? join(root, `${set}-yolo`) : set);
  if (set !== 'microcontroller') return found;
  const { train, validation: val } = splitValidation([...found.train, ...found.val], {
    seed: 42,
    ratio: 0.2,
  });
  return { ...found, train, val };
}

async function trained(seed: number): Promise<string[]> {
  const folder = join(dir, `seed-${seed}`);
  const settings = { seed, ...(values.epochs && { epochs: Number(values.epochs) }), ...given() };
  console.log(`${name}, seed ${seed}, ${JSON.stringify(settings)}`);
  const startedMs = performance.now();
  const minutes = () => ((performance.now() - startedMs) / 60_000).toFixed(1);
  const request = {
    ...{ kind: 'yolo', pictures: [], objects: dataset, folder, settings },
    stateFolder: `${folder}.training`,
    resume: false,
    device: values.device,
    ...(values.threads && { threads: Number(values.threads) }),
  };
  const onEvent = (event: TrainingEvent) => {
    if (event.type === 'note') console.log(event.text);
    if (event.type === 'epoch') console.log(`${minutes()} min  ${epochLine(event)}`);
  };
  const { epochsRun, bestEpoch } = await trainDetector(request, { onEvent });
  const took = minutes();
  const { map50, map50_95, precision, recall, perClass } = JSON.parse(
    await readFile(join(folder, 'metrics.json'), 'utf8'),
  );
  for (const c of perClass)
    console.log(`${c.name}: AP50 ${shown(c.ap50)}, AP50-95 ${shown(c.ap50_95)}, ${c.truths} boxes`);
  return [
    String(seed),
    took,
    String(epochsRun),
    String(bestEpoch),
    ...[map50, map50_95, precision, recall].map(shown),
  ];
}

/** --set NAME=VALUE, where a name may have two parts. */
function given(): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const text of values.set) {
    const [path = '', value = ''] = text.split(/=(.*)/s);
    const [first = '', second] = path.split('.');
    const parsed = /^[-\d.]/.test(value) ? Number(value) : value;
    settings[first] =
      second === undefined ? parsed : { ...(settings[first] as Record<string, unknown>), [second]: parsed };
  }
  return settings;
}

function epochLine({
  epoch,
  epochs,
  loss,
  learningRate,
  metrics = {},
}: Extract<TrainingEvent, { type: 'epoch' }>) {
  const { box, cls, dfl, map50, map50_95, precision, recall } = metrics;
  return (
    `epoch ${epoch}/${epochs} loss ${shown(loss)} (box ${shown(box)} cls ${shown(cls)} dfl ${shown(dfl)}) ` +
    `mAP50 ${shown(map50)} mAP50-95 ${shown(map50_95)} P ${shown(precision)} R ${shown(recall)} lr ${learningRate.toExponential(2)}`
  );
}

function shown(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : value.toFixed(4);
}
