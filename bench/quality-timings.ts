// How long a memory bank takes to learn from many pictures, the memory it needs, and what scoring costs beyond the encoder.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { add, mean, Parameters, toOnnx, trace } from '../src/autodiff/index.ts';
import { Random } from '../src/autodiff/random.ts';
import { patchRows, pixelInput } from '../src/vision/detectors/patches/features.ts';
import { trainDetector } from '../src/vision/detectors/train-detector.ts';
import { openEncoder } from '../src/vision/encoders/table.ts';
import { encodePicture } from '../src/vision/image/encode.ts';
import { openRuntime } from '../src/vision/runtime/open-runtime.ts';
import { median, sorted } from '../src/vision/scoring/order-statistics.ts';
import { Cores, nearAndFar } from './cores.ts';
import { drawPart } from './quality/drawn-parts.ts';

const { values: options } = parseArgs({
  options: {
    pictures: { type: 'string', default: '200' },
    method: { type: 'string', default: 'memory-bank' },
  },
});
const SIZE = 256;
const folder = await mkdtemp(join(tmpdir(), 'okapi-timings-'));
const random = new Random(7);

async function drawn(count: number): Promise<string[]> {
  const files: string[] = [];
  for (let i = 0; i < count; i++) {
    const file = join(folder, `${i}.png`);
    await writeFile(file, await encodePicture(drawPart('mesh', random.fork(i), SIZE), 'png'));
    files.push(file);
  }
  return files;
}

interface Turn {
  /** Of a run of each model. */
  readonly ms: readonly number[];
  /** From one core to the other and back. */
  readonly tripUs: number;
}

/** Runs of two models that take turns, without the first ten. */
async function turnsOf(models: readonly Uint8Array[]): Promise<Turn[]> {
  const runtime = await openRuntime();
  const sessions = await Promise.all(models.map((model) => runtime.load(model)));
  const { data } = drawPart('mesh', random, SIZE);
  const cores = new Cores();
  const turns: Turn[] = [];
  for (let turn = -10; turn < 50; turn++) {
    const ms: number[] = [];
    // Each comes first in half of the turns: what ran before leaves the caches behind that the next one finds.
    const order = turn % 2 === 0 ? [0, 1] : [1, 0];
    for (const model of order) {
      const startedMs = performance.now();
      await sessions[model]!.run({ pixels: { type: 'uint8', dims: [1, SIZE, SIZE, 3], data } });
      ms[model] = performance.now() - startedMs;
    }
    const tripUs = await cores.roundTrip();
    if (turn >= 0) turns.push({ ms, tripUs });
  }
  await cores.close();
  for (const session of sessions) await session.close();
  await runtime.close();
  return turns;
}

const middle = (values: readonly number[]) => median(sorted(values));

/** What a picture takes where the two cores share a cache, or where they do not. */
function timesOf(turns: readonly Turn[]): string {
  const [whole, encoder] = [0, 1].map((model) => middle(turns.map(({ ms }) => ms[model]!)));
  const beyond = middle(turns.map(({ ms }) => ms[0]! - ms[1]!));
  return (
    `a picture, ${turns.length} turns at ${middle(turns.map(({ tripUs }) => tripUs)).toFixed(2)} us between the cores: ${whole!.toFixed(1)} ms, ` +
    `of it the encoder ${encoder!.toFixed(1)} ms, scoring ${beyond.toFixed(1)} ms`
  );
}

try {
  const pictures = await drawn(Number(options.pictures));
  const before = process.memoryUsage.rss();
  const startedMs = performance.now();
  const cpu = process.cpuUsage();
  const model = join(folder, 'model');
  const state = { folder: model, stateFolder: `${model}.training`, resume: false };
  await trainDetector({ kind: options.method, pictures, ...state });
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - startedMs) / 1000;
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${options.method}, ${pictures.length} pictures of ${SIZE} px: ${seconds.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of processor time), ` +
      `peak ${peak.toFixed(0)} MB, ${(before / 2 ** 20).toFixed(0)} MB before`,
  );
  const encoder = await openEncoder('mobilenetv3-coco', { folders: [] });
  const features = trace(new Parameters(0), {
    inputs: { pixels: pixelInput(SIZE) },
    build: (_, { pixels }) => {
      // Brought to one number, so that nothing but the encoder and the averages of its features is timed.
      const { fine, coarse } = patchRows(encoder, pixels, SIZE);
      return { level: add(mean(fine), mean(coarse)) };
    },
  });
  const turns = await turnsOf([await readFile(join(model, 'model.onnx')), toOnnx(features)]);
  for (const group of nearAndFar(turns)) console.log(timesOf(group));
} finally {
  await rm(folder, { recursive: true });
}
