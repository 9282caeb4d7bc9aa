// A detector as it is served, without the suppression of boxes: one picture of 640 px to the boxes and scores of all anchors.
import { Random, toOnnx, trace } from '../../src/autodiff/index.ts';
import { openRuntime } from '../../src/vision/runtime/open-runtime.ts';
import { candidatesOf } from '../../src/vision/yolo/candidate-graph.ts';
import { pixelInput, yoloNetwork } from '../../src/vision/yolo/network.ts';
import { parseVariant } from '../../src/vision/yolo/variants.ts';
import { serve } from './serve.ts';

const size = 640;
const [name = 'yolov8n', threads = '2'] = process.argv.slice(2);
const network = yoloNetwork({ variant: parseVariant(name), classes: 80, seed: 1 });
const graph = trace(network.parameters, {
  inputs: { pixels: pixelInput(1, size) },
  build: (s, { pixels }) => ({ ...candidatesOf(network.head(s, pixels), size) }),
});
const runtime = await openRuntime({ device: 'cpu', threads: Number(threads) });
const session = await runtime.load(toOnnx(graph));
const random = new Random(2);
const data = Uint8Array.from({ length: size * size * 3 }, () => random.int(256));
await serve(async () => {
  await session.run({ pixels: { type: 'uint8', dims: [1, size, size, 3], data } });
  return {};
});
