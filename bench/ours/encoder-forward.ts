// DINOv3 ConvNeXt-Tiny forward: the given number of pictures of 256 px.
import { Parameters, Random, toOnnx, trace } from '../../src/autodiff/index.ts';
import { dinov3ConvNextTiny } from '../../src/vision/encoders/dinov3-convnext.ts';
import { openRuntime } from '../../src/vision/runtime/open-runtime.ts';
import { randomDinov3 } from './random-dinov3.ts';
import { serve } from './serve.ts';

const dims = [Number(process.argv[2]), 3, 256, 256];
const encoder = dinov3ConvNextTiny(randomDinov3());
const graph = trace(new Parameters(1), {
  inputs: { x: { shape: dims } },
  build: (_, { x }) => Object.fromEntries(encoder.features(x).map((map, level) => [`level${level}`, map])),
});
const runtime = await openRuntime({ device: 'cpu', threads: 2 });
const session = await runtime.load(toOnnx(graph));
const random = new Random(2);
const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal());
await serve(async () => {
  await session.run({ x: { type: 'float32', dims, data } });
  return {};
});
