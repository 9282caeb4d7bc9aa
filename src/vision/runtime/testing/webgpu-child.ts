// The child of webgpu.test.ts: runs on the software GPU of its environment and reports what came out.

import { adam, Parameters, Random, TrainStep } from '../../../autodiff/index.ts';
import type { Runtime } from '../../../autodiff/runtime.ts';
import { decode } from '../../detectors/autoencoder/decoder.ts';
import { reconstructionLoss } from '../../detectors/autoencoder/loss.ts';
import { parentChannel } from '../child.ts';
import { openRuntime } from '../open-runtime.ts';
import { rememberProbes } from '../probe.ts';
import { openRuntimeOn } from '../runtime.ts';
import { convInput, convModel, lineModel, vector } from './small-model.ts';

export interface Report {
  readonly auto: { readonly device: string; readonly reason: string };
  readonly asked: { readonly device: string; readonly reason: string };
  readonly cpu: Float32Array;
  readonly gpu: Float32Array;
  readonly inPlace: Float32Array;
  readonly kept: { readonly y: Float32Array; readonly z: Float32Array; readonly again: Float32Array };
  readonly closed: string;
  /** The loss of each training step of a small decoder. */
  readonly training: { readonly cpu: readonly number[]; readonly gpu: readonly number[] };
}

const parent = parentChannel<never, Report>();
await parent.send(await report());
parent.close();

async function report(): Promise<Report> {
  const probe = rememberProbes();
  const auto = await openRuntime({ device: 'auto', probe });
  const cpu = await openRuntimeOn('cpu');
  const gpu = await openRuntime({ device: 'webgpu', probe });
  const x = convInput();

  const onCpu = await (await cpu.load(convModel())).run({ x });
  const onGpu = await (await gpu.load(convModel())).run({ x });

  const y = vector(0, 0);
  await (await gpu.load(lineModel(2))).run({ x: vector(1, 2) }, { y });

  // y -> 2y + 1, three times over, without leaving the device.
  const loop = await gpu.load(lineModel(2), { keepOnDevice: ['y'] });
  let { kept, results } = await loop.runKeeping!({ x: vector(1, 2) });
  for (let n = 0; n < 2; n++) {
    const last = kept.y!;
    ({ kept, results } = await loop.runKeeping!({ x: last }));
    last.close();
  }
  const read = await kept.y!.read();
  const again = await loop.run({ x: vector(1, 2) });
  kept.y!.close();
  const closed = await loop.runKeeping!({ x: kept.y! }).then(
    () => 'ran',
    (error: Error) => error.message,
  );
  const out: Report = {
    auto: { device: auto.device, reason: auto.reason },
    asked: { device: gpu.device, reason: gpu.reason },
    cpu: onCpu.y!.data as Float32Array,
    gpu: onGpu.y!.data as Float32Array,
    inPlace: y.data as Float32Array,
    kept: {
      y: read.data as Float32Array,
      z: results.z!.data as Float32Array,
      again: again.y!.data as Float32Array,
    },
    closed,
    training: { cpu: await trainDecoder(cpu), gpu: await trainDecoder(gpu) },
  };
  for (const runtime of [auto, cpu, gpu]) await runtime.close();
  return out;
}

/** Four steps of the real decoder at a small size, from the same weights and batch everywhere. */
async function trainDecoder(runtime: Runtime): Promise<number[]> {
  const size = 32;
  const shapes = [8, 12, 16, 24].map((channels, level) => [
    2,
    channels,
    size / (4 << level),
    size / (4 << level),
  ]);
  const step = await TrainStep.compile({
    runtime,
    parameters: new Parameters(1),
    inputs: Object.fromEntries(
      [...shapes, [2, 3, size, size]].map((shape, i) => [`x${i}`, { shape }]),
    ) as Record<string, { shape: number[] }>,
    build: (s, x) => ({ loss: reconstructionLoss(decode(s, [x.x0!, x.x1!, x.x2!, x.x3!]), x.x4!).loss }),
    optimizer: adam({ weightDecay: 1e-5 }),
    clipNorm: 1,
  });
  const random = new Random(2);
  const feeds = Object.fromEntries(
    [...shapes, [2, 3, size, size]].map((dims, i) => {
      const count = dims.reduce((a, b) => a * b, 1);
      return [
        `x${i}`,
        { type: 'float32', dims, data: Float32Array.from({ length: count }, () => random.uniform()) },
      ];
    }),
  );
  const losses: number[] = [];
  for (let n = 0; n < 4; n++) losses.push((await step.run(feeds, { lr: 1e-3 })).loss);
  await step.close();
  return losses;
}
