// The child that probe.ts forks: runs the probe net on one device and on the CPU, and reports.

import { backends, type Device } from './backends.ts';
import { parentChannel } from './child.ts';
import { readable } from './engine-errors.ts';
import type { Verdict } from './probe.ts';
import { probeInput, probeModel } from './probe-model.ts';
import { openRuntimeOn } from './runtime.ts';

const parent = parentChannel<never, Verdict>();
await parent.send(await judge(process.argv[2] as Device));
parent.close();

async function judge(device: Device): Promise<Verdict> {
  try {
    if (!Object.hasOwn(backends, device)) throw new Error(`internal: unknown device ${device}`);
    const theirs = await timedRun(device);
    const ours = await timedRun('cpu');
    const error = largestDifference(theirs.y, ours.y);
    return { works: true, error, milliseconds: theirs.milliseconds, cpuMilliseconds: ours.milliseconds };
  } catch (error) {
    return { works: false, why: readable(error) };
  }
}

/** The quickest of three runs after one that compiles; one run is enough to know a slow device. */
async function timedRun(device: Device): Promise<{ y: Float32Array; milliseconds: number }> {
  const runtime = await openRuntimeOn(device);
  const session = await runtime.load(probeModel());
  const feeds = { x: probeInput() };
  let { y } = await session.run(feeds);
  let milliseconds = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 3 && (n === 0 || milliseconds < 100); n++) {
    const start = performance.now();
    ({ y } = await session.run(feeds));
    milliseconds = Math.min(milliseconds, performance.now() - start);
  }
  await runtime.close();
  return { y: y!.data as Float32Array, milliseconds };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    // NaN compares false with everything, and must not pass.
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
