// One training step of a detector: forward, loss with its assignment, backward, clip at 10, AdamW, moving average.
import { adamW, Random, TrainStep } from '../../src/autodiff/index.ts';
import { openRuntime } from '../../src/vision/runtime/open-runtime.ts';
import { yoloNetwork } from '../../src/vision/yolo/network.ts';
import { trainingInputs, trainingLoss } from '../../src/vision/yolo/training-graph.ts';
import { parseVariant } from '../../src/vision/yolo/variants.ts';
import { serve } from './serve.ts';

const [name = 'yolov8n', threads = '2'] = process.argv.slice(2);
const [batch, size, maxBoxes, classes] = [8, 320, 32, 3];
const random = new Random(1);

/** As many boxes a picture as its number says, between a tenth and a half of it wide and high. */
function drawnBoxes(count: number): { boxes: number[]; valid: number[] } {
  const rows = Array.from({ length: maxBoxes }, (_, i) => {
    if (i >= count) return [0, 0, 0, 0];
    const [width, height] = [random.uniform(0.1, 0.5), random.uniform(0.1, 0.5)];
    const [x, y] = [random.uniform(0, 1 - width), random.uniform(0, 1 - height)];
    return [x, y, x + width, y + height].map((share) => share * size);
  });
  return { boxes: rows.flat(), valid: rows.map((_, i) => (i < count ? 1 : 0)) };
}

const network = yoloNetwork({ variant: parseVariant(name), classes, seed: 1 });
const step = await TrainStep.compile({
  runtime: await openRuntime({ device: 'cpu', threads: Number(threads) }),
  parameters: network.parameters,
  inputs: trainingInputs(batch, size, maxBoxes),
  build: trainingLoss(network, { size, maxBoxes }),
  optimizer: adamW({ weightDecay: { weight: 5e-4, trunk: 5e-4 } }),
  clipNorm: 10,
  ema: true,
});
const drawn = Array.from({ length: batch }, (_, i) => drawnBoxes(i + 1));
const pixels = Uint8Array.from({ length: batch * size * size * 3 }, () => random.int(256));
const names = BigInt64Array.from({ length: batch * maxBoxes }, () => BigInt(random.int(classes)));
const feeds = {
  pixels: { type: 'uint8', dims: [batch, size, size, 3], data: pixels },
  boxes: {
    type: 'float32',
    dims: [batch, maxBoxes, 4],
    data: Float32Array.from(drawn.flatMap(({ boxes }) => boxes)),
  },
  classes: { type: 'int64', dims: [batch, maxBoxes], data: names },
  valid: {
    type: 'float32',
    dims: [batch, maxBoxes],
    data: Float32Array.from(drawn.flatMap(({ valid }) => valid)),
  },
};
await serve(async () => ({ loss: (await step.run(feeds, { lr: 1e-3, emaDecay: 0.999 })).loss }));
