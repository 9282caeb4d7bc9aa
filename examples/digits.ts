// Trains a small convolutional net to read handwritten-looking digits, all of them drawn here, in a few seconds.
// Run it from a clone: node --import tsx examples/digits.ts
import { pathToFileURL } from 'node:url';
import {
  adamW,
  argMax,
  cast,
  cosine,
  equal,
  gatherElements,
  layers,
  logSoftmax,
  maxPool2d,
  mean,
  neg,
  Parameters,
  Random,
  relu,
  reshape,
  type Scope,
  TrainStep,
  toOnnx,
  trace,
  type Value,
} from '../src/autodiff/index.ts';
import { cpuRuntime } from './cpu-runtime.ts';

const side = 20; // pixels

/** The net: two convolutions with pooling, then one linear layer. x: [N, 1, side, side] -> logits [N, 10]. */
function net(s: Scope, x: Value): Value {
  const a = maxPool2d(relu(layers.conv(s.at('conv1'), x, { out: 12, kernel: 5, pad: 2 })), { kernel: 2 });
  const b = maxPool2d(relu(layers.conv(s.at('conv2'), a, { out: 24, kernel: 3, pad: 1 })), { kernel: 2 });
  return layers.linear(s.at('head'), reshape(b, [x.type.shape[0]!, -1]), { out: 10 });
}

/** Mean cross-entropy of logits [N, 10] and labels [N]. */
function crossEntropy(logits: Value, label: Value): Value {
  return neg(mean(gatherElements(logSoftmax(logits), reshape(label, [-1, 1]), 1)));
}

export interface DigitsOptions {
  readonly epochs: number;
  readonly pictures: number;
  readonly seed: number;
  readonly log: (line: string) => void;
}

/** Trains, and returns the share of unseen pictures that the net reads right. */
export async function trainDigits({ epochs, pictures, seed, log }: DigitsOptions): Promise<number> {
  const batch = 25;
  const random = new Random(seed);
  const parameters = new Parameters(seed);
  const batches = Math.floor(pictures / batch);
  const seen = draw(batches * batch, random.fork('seen'));
  const unseen = draw(500, random.fork('unseen'));

  const step = await TrainStep.compile({
    runtime: cpuRuntime,
    parameters,
    inputs: { x: { shape: [batch, 1, side, side] }, label: { shape: [batch], dtype: 'int64' } },
    build: (s, { x, label }) => ({ loss: crossEntropy(net(s, x), label) }),
    optimizer: adamW({ weightDecay: { weight: 0.01 } }),
    clipNorm: 1,
  });
  const schedule = cosine(epochs * batches);
  let accuracy = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = random.shuffled([...Array(batches).keys()]);
    let loss = 0;
    for (const [i, at] of order.entries()) {
      const feeds = slice(seen, at * batch, batch);
      loss += (await step.run(feeds, { lr: 0.007 * schedule(step.step) })).loss / order.length;
      if (!Number.isFinite(loss)) throw new Error(`the loss is ${loss} in batch ${i}`);
    }
    step.writeTo(parameters);
    accuracy = await accuracyOn(parameters, unseen);
    log(`epoch ${epoch + 1}/${epochs}  loss ${loss.toFixed(3)}  accuracy ${(100 * accuracy).toFixed(1)} %`);
  }
  await step.close();
  return accuracy;
}

/** The trained net as a model of its own, asked about pictures it has not seen. */
async function accuracyOn(parameters: Parameters, { images, labels }: Drawn): Promise<number> {
  const count = labels.length;
  const model = trace(parameters, {
    inputs: { x: { shape: [count, 1, side, side] }, label: { shape: [count], dtype: 'int64' } },
    build: (s, { x, label }) => ({ right: mean(cast(equal(argMax(net(s, x), 1), label), 'float32')) }),
  });
  const session = await cpuRuntime.load(toOnnx(model));
  const { right } = await session.run(slice({ images, labels }, 0, count));
  await session.close();
  return Number(right!.data[0]);
}

interface Drawn {
  readonly images: Float32Array; // [count, 1, side, side] in about 0..1
  readonly labels: BigInt64Array;
}

function slice({ images, labels }: Drawn, start: number, count: number) {
  const area = side * side;
  const data = images.subarray(start * area, (start + count) * area);
  return {
    x: { type: 'float32', dims: [count, 1, side, side], data },
    label: { type: 'int64', dims: [count], data: labels.subarray(start, start + count) },
  };
}

/** Corners of the strokes of each digit, in a square of 1. */
const strokes: readonly (readonly (readonly [number, number])[])[] = [
  [
    [0.3, 0.1],
    [0.7, 0.1],
    [0.8, 0.5],
    [0.7, 0.9],
    [0.3, 0.9],
    [0.2, 0.5],
    [0.3, 0.1],
  ],
  [
    [0.35, 0.25],
    [0.55, 0.1],
    [0.55, 0.9],
  ],
  [
    [0.2, 0.25],
    [0.5, 0.1],
    [0.8, 0.3],
    [0.2, 0.9],
    [0.8, 0.9],
  ],
  [
    [0.2, 0.15],
    [0.7, 0.1],
    [0.75, 0.35],
    [0.4, 0.5],
    [0.8, 0.65],
    [0.7, 0.9],
    [0.2, 0.85],
  ],
  [
    [0.65, 0.9],
    [0.65, 0.1],
    [0.2, 0.6],
    [0.85, 0.6],
  ],
  [
    [0.75, 0.1],
    [0.3, 0.1],
    [0.25, 0.45],
    [0.7, 0.45],
    [0.75, 0.8],
    [0.25, 0.9],
  ],
  [
    [0.7, 0.1],
    [0.3, 0.45],
    [0.25, 0.8],
    [0.6, 0.9],
    [0.75, 0.65],
    [0.3, 0.55],
  ],
  [
    [0.2, 0.1],
    [0.8, 0.1],
    [0.4, 0.9],
  ],
  [
    [0.5, 0.5],
    [0.25, 0.3],
    [0.5, 0.1],
    [0.75, 0.3],
    [0.25, 0.7],
    [0.5, 0.9],
    [0.75, 0.7],
    [0.5, 0.5],
  ],
  [
    [0.75, 0.45],
    [0.35, 0.5],
    [0.25, 0.2],
    [0.65, 0.1],
    [0.75, 0.4],
    [0.6, 0.9],
  ],
];

/** Pictures of digits: every corner a little off, slanted, shifted, thick or thin, with noise. */
function draw(count: number, random: Random): Drawn {
  const images = new Float32Array(count * side * side);
  const labels = new BigInt64Array(count);
  for (let k = 0; k < count; k++) {
    const digit = random.int(10);
    labels[k] = BigInt(digit);
    drawOne(images.subarray(k * side * side, (k + 1) * side * side), digit, random);
  }
  return { images, labels };
}

function drawOne(picture: Float32Array, digit: number, random: Random): void {
  const size = side * random.uniform(0.55, 0.8);
  const slant = random.uniform(-0.25, 0.25);
  const [left, top] = [random.uniform(0, side - size), random.uniform(0, side - size)];
  const thickness = random.uniform(0.6, 1.4);
  const noise = random.uniform(0.05, 0.25);
  const corners = strokes[digit]!.map(([u, v]) => {
    const [x, y] = [u + random.normal(0, 0.04), v + random.normal(0, 0.04)];
    return [left + size * (x + slant * (0.5 - y)), top + size * y] as const;
  });
  for (let i = 0; i < picture.length; i++) {
    const [x, y] = [(i % side) + 0.5, Math.floor(i / side) + 0.5];
    let nearest = Number.POSITIVE_INFINITY;
    for (let c = 1; c < corners.length; c++)
      nearest = Math.min(nearest, distance(x, y, corners[c - 1]!, corners[c]!));
    picture[i] = Math.min(1, Math.max(0, thickness + 0.5 - nearest)) + random.normal(0, noise);
  }
}

/** From a point to the line between a and b. */
function distance(x: number, y: number, a: readonly [number, number], b: readonly [number, number]): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const along = ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy + 1e-9);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - a[0] - t * dx, y - a[1] - t * dy);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await trainDigits({ epochs: 5, pictures: 2500, seed: 1, log: console.log });
}
