// A program that says what one more loaded detector takes, in bytes: loaded-detectors.ts GRAPH SIZE. A process of its own,
// since what a process of tests holds besides would be measured too.
import { readFileSync } from 'node:fs';
import { detectIn } from '../../../vision/detectors/yolo/detect.ts';
import { openRuntimeOn } from '../../../vision/runtime/runtime.ts';

const MODELS = 3;
const [graph = '', side = ''] = process.argv.slice(2);
const size = Number(side);
const runtime = await openRuntimeOn('cpu', { threads: 1 });
const pixels = new Uint8Array(3 * size * size).fill(114);

await load();
const before = held();
for (let i = 0; i < MODELS; i++) await load();
console.log(Math.round((held() - before) / MODELS));

/** Memory for a run is taken in the first one and kept. */
async function load(): Promise<void> {
  const session = await runtime.load(readFileSync(graph));
  await detectIn(session, pixels, size, { conf: 0.25, iou: 0.45 });
}

function held(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().rss;
}
