// What testing through the service costs beside the same work in a loop: time added to one picture, and throughput.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { StagedFile } from '../../src/server/datasets/image-record.ts';
import { decodeWithin, inspectPicture, readPictureFile } from '../../src/server/inference/inspect-picture.ts';
import { openInference } from '../../src/server/inference/open-inference.ts';
import { storeCopy, uploads } from '../../src/server/inference/testing/stored-models.ts';
import { systemClock } from '../../src/server/platform/clock.ts';
import { systemIds } from '../../src/server/platform/ids.ts';
import { testActor, testContext } from '../../src/server/testing/context.ts';
import { samplePart } from '../../src/vision/dataset/sample-parts.ts';
import { defaultLimits } from '../../src/vision/image/decode.ts';
import {
  anomalyDetector,
  encodePicture,
  loadDetector,
  openRuntime,
  trainDetector,
} from '../../src/vision/index.ts';

const rounds = Number(process.argv[2] ?? 40);
const callers = 8;
const size = 256;

const dir = await mkdtemp(join(tmpdir(), 'okapi-'));
const test = await testContext({ clock: systemClock, ids: systemIds, log: pino({ level: 'warn' }) });
const config = { ...test.context.config, inference: { ...test.context.config.inference, threads: null } };
const context = { ...test.context, config };
const service = openInference(context);
try {
  const parts = await Promise.all(Array.from({ length: 12 }, (_, i) => part(i)));
  const folder = await train(parts.map(({ path }) => path));
  await storeCopy(context, folder, 'm-1');
  const runtime = await openRuntime({ device: 'cpu' });
  const detector = anomalyDetector(await loadDetector(folder, runtime));
  const limits = { limits: defaultLimits, accepted: ['jpeg' as const] };
  const drawn = { image: join(dir, 'i'), heatmap: join(dir, 'h'), overlay: join(dir, 'o') };
  const previews = { ...drawn, map: null, reconstruction: null };

  /** The work itself, without the service. */
  const direct = async ({ path }: { path: string }, store: boolean) => {
    const picture = await decodeWithin(await readPictureFile(path, limits), defaultLimits, 5000);
    await inspectPicture(detector, picture, { task: 'anomaly', threshold: 1 }, store ? previews : null);
  };
  const served = (file: StagedFile, store: boolean) =>
    service.test('m-1', uploads([file]), { store }, testActor);
  const predictAlone = async ({ path }: { path: string }) => {
    const picture = await decodeWithin(await readPictureFile(path, limits), defaultLimits, 5000);
    const from = performance.now();
    await detector.predict([picture]);
    return performance.now() - from;
  };

  for (const store of [true, false]) {
    const [ours, base]: [number[], number[]] = [[], []];
    for (let i = -5; i < rounds; i++) {
      const file = parts[(i + 12) % 12]!;
      await pause();
      const b = await timed(() => direct(file, store));
      await pause();
      const o = await timed(() => served(file, store));
      if (i >= 0) {
        base.push(b);
        ours.push(o);
      }
    }
    const added = ours.map((ms, i) => ms - base[i]!);
    console.log(
      `store=${store}: the work ${ms(median(base))}, through the service ${ms(median(ours))}, added ${ms(median(added))} (median of ${rounds}; goal <= 8 ms)`,
    );

    // Taking turns, a third each, so that a slow moment of the machine hits both.
    let [loopMs, servedMs] = [0, 0];
    for (let turn = 0; turn < 3; turn++) {
      loopMs += await timed(async () => {
        for (let i = 0; i < rounds; i++) await direct(parts[i % 12]!, store);
      });
      servedMs += await timed(async () => {
        let next = 0;
        const caller = async () => {
          while (next < rounds) await served(parts[next++ % 12]!, store);
        };
        await Promise.all(Array.from({ length: callers }, caller));
      });
    }
    const rate = (total: number) => `${((3 * rounds) / (total / 1000)).toFixed(1)} pictures/s`;
    console.log(
      `store=${store}: in a loop ${rate(loopMs)}, ${callers} callers of the service ${rate(servedMs)}: ${(loopMs / servedMs).toFixed(2)} (goal >= 0.9)`,
    );
  }
  const alone: number[] = [];
  for (let i = 0; i < rounds; i++) alone.push(await predictAlone(parts[i % 12]!));
  console.log(`predict alone ${ms(median(alone))}; models loaded by the service: ${service.stats().loads}`);
  await detector.close();
  await runtime.close();
} finally {
  await service.close();
  await test.close();
  await rm(dir, { recursive: true });
}

async function part(i: number) {
  const { picture } = samplePart('boards', 100 + i, undefined, 512);
  const bytes = await encodePicture(picture, 'jpeg');
  const path = join(dir, `${i}.jpg`);
  await writeFile(path, bytes);
  return { displayName: `${i}.jpg`, path, sizeBytes: bytes.length };
}

async function train(pictures: string[]): Promise<string> {
  const model = await trainDetector({
    kind: 'autoencoder',
    pictures,
    folder: join(dir, 'model'),
    stateFolder: join(dir, 'state'),
    resume: false,
    device: 'cpu',
    settings: { imageSize: size, epochs: 2, folds: 0 },
  });
  return model.folder;
}

/** The engine's threads wait for more work at full speed for a moment, which would slow the other process down. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
