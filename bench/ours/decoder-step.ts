// One training step of the decoder on given features: forward, loss, backward, clip at 1, Adam.
import { adam, Parameters, Random, TrainStep } from '../../src/autodiff/index.ts';
import { decode } from '../../src/vision/detectors/autoencoder/decoder.ts';
import { reconstructionLoss } from '../../src/vision/detectors/autoencoder/loss.ts';
import { openRuntime } from '../../src/vision/runtime/open-runtime.ts';
import { serve } from './serve.ts';

const batch = 8;
const size = 256;
const shapes = [96, 192, 384, 768].map((channels, level) => [
  batch,
  channels,
  size / (4 << level),
  size / (4 << level),
]);
const random = new Random(1);
const tensor = (dims: readonly number[], sample: () => number) => {
  const count = dims.reduce((a, b) => a * b, 1);
  return { type: 'float32', dims, data: Float32Array.from({ length: count }, sample) };
};

const runtime = await openRuntime({ device: 'cpu', threads: 2 });
const step = await TrainStep.compile({
  runtime,
  parameters: new Parameters(1),
  inputs: {
    ...Object.fromEntries(shapes.map((shape, i) => [`feature${i}`, { shape }])),
    target: { shape: [batch, 3, size, size] },
  } as Record<string, { shape: number[] }>,
  build: (s, inputs) => {
    const features = shapes.map((_, i) => inputs[`feature${i}`]!);
    return { loss: reconstructionLoss(decode(s, features), inputs.target!).loss };
  },
  optimizer: adam({ weightDecay: 1e-5 }),
  clipNorm: 1,
});
const feeds = {
  ...Object.fromEntries(shapes.map((shape, i) => [`feature${i}`, tensor(shape, () => random.normal())])),
  target: tensor([batch, 3, size, size], () => random.uniform()),
};
await serve(async () => ({ loss: (await step.run(feeds, { lr: 1e-4 })).loss }));
