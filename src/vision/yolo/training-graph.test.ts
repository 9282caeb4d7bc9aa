import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  adamW,
  add,
  gradients,
  graph,
  type InputTypes,
  input,
  mul,
  Random,
  TrainStep,
  type Value,
} from '../../autodiff/index.ts';
import { cpuRuntime, numbersOf, runGraph, tensor } from '../../autodiff/testing/runtime.ts';
import { readTensors } from '../checkpoint/read-tensors.ts';
import type { Box } from '../dataset/labelled.ts';
import { type YoloNetwork, yoloNetwork } from './network.ts';
import { type BatchShape, batchFeeds, batchInputs, randomPictures } from './testing/batches.ts';
import * as reference from './testing/reference.ts';
import { defaultGains, headLosses, trainingInputs, trainingLoss } from './training-graph.ts';
import { parseVariant } from './variants.ts';

type Losses<T> = Readonly<Record<'box' | 'cls' | 'dfl', T>>;

/** The three losses of a batch as numbers, and the gradients of their weighted sum. */
async function lossesOf(pictures: readonly reference.Picture[], shape: BatchShape, maxBoxes: number) {
  const types: InputTypes = batchInputs(shape, maxBoxes);
  const made = Object.entries(types).map(([name, { shape: dims, dtype }]) => [
    name,
    input(name, dims, dtype),
  ]);
  const given = Object.fromEntries(made) as Record<keyof ReturnType<typeof batchInputs>, Value>;
  const { box, cls, dfl } = headLosses(given, given, shape.size);
  const loss = add(add(mul(box, defaultGains.box), mul(cls, defaultGains.cls)), mul(dfl, defaultGains.dfl));
  const [byDistances, byScores] = gradients(loss, [given.distances, given.scores]) as [Value, Value];
  const whole = graph({ inputs: Object.values(given), outputs: { box, cls, dfl, byDistances, byScores } });
  const results = await runGraph(whole, batchFeeds(pictures, maxBoxes), 'cpu');
  return Object.fromEntries(Object.entries(results).map(([name, found]) => [name, numbersOf(found)]));
}

const weightedSum = ({ box, cls, dfl }: Losses<number>) =>
  box * defaultGains.box + cls * defaultGains.cls + dfl * defaultGains.dfl;

describe('headLosses', () => {
  it('are those of the plain reference', async () => {
    for (const seed of [1, 2, 3, 4]) {
      const shape = { size: 64, classes: 3, boxes: [2, 0, 7] };
      const pictures = randomPictures(shape, seed);
      const found = await lossesOf(pictures, shape, 8);
      const expected = reference.losses(pictures, shape.size);
      for (const name of ['box', 'cls', 'dfl'] as const) {
        expect(expected[name]).toBeGreaterThan(0.1);
        expect(Math.abs(found[name]![0]! - expected[name])).toBeLessThan(1e-4 * Math.max(1, expected[name]));
      }
    }
  });

  it('have the gradients that central differences of the reference have, the assignment held', async () => {
    const shape = { size: 32, classes: 2, boxes: [1, 3] };
    const pictures = randomPictures(shape, 11);
    const found = await lossesOf(pictures, shape, 3);
    const held = pictures.map((picture) => reference.given(picture, shape.size));
    const loss = () => weightedSum(reference.losses(pictures, shape.size, held));
    const difference = (numbers: number[], i: number) => {
      const x = numbers[i]!;
      const at = (value: number) => {
        numbers[i] = value;
        return loss();
      };
      const slope = (at(x + 1e-4) - at(x - 1e-4)) / 2e-4;
      numbers[i] = x;
      return slope;
    };
    const gradientOf = (part: 'distances' | 'scores') =>
      pictures.flatMap(({ logits }) =>
        logits.flatMap((anchor) => {
          const numbers = anchor[part] as number[];
          return [...numbers.keys()].map((i) => difference(numbers, i));
        }),
      );
    for (const [name, part] of [
      ['byDistances', 'distances'],
      ['byScores', 'scores'],
    ] as const) {
      const expected = gradientOf(part);
      const norm = Math.hypot(...expected);
      const distance = Math.hypot(...expected.map((g, i) => g - found[name]![i]!));
      expect(norm).toBeGreaterThan(0.01);
      expect(distance / norm).toBeLessThan(1e-3);
    }
  });

  it('teach emptiness alone where no picture has a box', async () => {
    const shape = { size: 64, classes: 2, boxes: [0, 0] };
    const pictures = randomPictures(shape, 5);
    const found = await lossesOf(pictures, shape, 4);
    expect([found.box, found.dfl]).toEqual([[0], [0]]);
    expect(found.cls![0]! / reference.losses(pictures, shape.size).cls).toBeCloseTo(1, 4);
    expect(found.byDistances!.every((g) => g === 0)).toBe(true);
    expect(found.byScores!.every((g) => g > 0)).toBe(true);
  });

  it('and their gradients are finite whatever the boxes are', async () => {
    const shape = { size: 64, classes: 2, boxes: [6] };
    const [picture] = randomPictures(shape, 6) as [reference.Picture];
    const boxes: Box[] = [
      [10, 10, 10, 10],
      [10, 10, 10, 50],
      [-1e5, -1e5, 1e5, 1e5],
      [0, 0, 64, 64],
      [50, 50, 20, 20],
      [3.999, 3.999, 4.001, 4.001],
    ];
    const truths = boxes.map((box) => ({ box, classId: 1 }));
    const far = picture.logits.map(({ distances, scores }, i) => ({
      distances: distances.map((x) => x * (i % 2 === 0 ? 200 : 0)),
      scores: scores.map((x) => x * 100),
    }));
    for (const logits of [picture.logits, far]) {
      const found = await lossesOf([{ logits, truths }], shape, 6);
      for (const [name, numbers] of Object.entries(found))
        expect([name, numbers.filter((x) => !Number.isFinite(x))]).toEqual([name, []]);
    }
  });
});

/** Pictures of one rectangle on grey each, red for class 0 and blue for class 1, as a step is fed them. */
function rectangles(batch: number, size: number, maxBoxes: number) {
  const random = new Random(3);
  const pixels = new Float32Array(batch * size * size * 3).fill(90);
  const [boxes, valid] = [new Float32Array(batch * maxBoxes * 4), new Float32Array(batch * maxBoxes)];
  const classes = new Float32Array(batch * maxBoxes);
  for (let n = 0; n < batch; n++) {
    const [width, height] = [random.uniform(24, 40), random.uniform(24, 40)].map(Math.round) as [
      number,
      number,
    ];
    const [left, top] = [random.uniform(0, size - width), random.uniform(0, size - height)].map(
      Math.floor,
    ) as [number, number];
    const colour = n % 2 === 0 ? [230, 30, 30] : [30, 60, 230];
    for (let y = top; y < top + height; y++)
      for (let x = left; x < left + width; x++) pixels.set(colour, 3 * ((n * size + y) * size + x));
    boxes.set([left, top, left + width, top + height], 4 * n * maxBoxes);
    valid[n * maxBoxes] = 1;
    classes[n * maxBoxes] = n % 2;
  }
  const types: InputTypes = trainingInputs(batch, size, maxBoxes);
  const numbers: Record<string, Float32Array> = { pixels, boxes, valid, classes };
  return Object.fromEntries(
    Object.entries(types).map(([name, { shape, dtype }]) => [name, tensor(numbers[name]!, shape, dtype)]),
  );
}

async function trained(
  network: YoloNetwork,
  { batch, size, steps }: Record<'batch' | 'size' | 'steps', number>,
  precision: 'float32' | 'mixed' = 'float32',
) {
  const maxBoxes = 3;
  const step = await TrainStep.compile({
    runtime: cpuRuntime,
    parameters: network.parameters,
    inputs: trainingInputs(batch, size, maxBoxes),
    build: trainingLoss(network, { size, maxBoxes }),
    optimizer: adamW(),
    clipNorm: 10,
    precision,
  });
  const feeds = rectangles(batch, size, maxBoxes);
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const { loss, outputs } = await step.run(feeds, { lr: 0.003 });
    const parts = Object.values(outputs).map((value) => numbersOf(value)[0]!);
    if (precision === 'float32')
      expect(Math.abs(loss - batch * parts.reduce((a, b) => a + b))).toBeLessThan(1e-3 * loss);
    losses.push(loss);
  }
  step.writeTo(network.parameters);
  await step.close();
  return losses;
}

describe('trainingLoss', () => {
  it('falls far on four pictures, from scratch', async () => {
    const variant = { ...parseVariant('yolov8n'), width: 0.125 };
    const network = yoloNetwork({ variant, classes: 2, seed: 1 });
    const losses = await trained(network, { batch: 4, size: 64, steps: 30 });
    expect(losses.at(-1)! / losses[0]!).toBeLessThan(0.25);
  });

  it('is nearly the same with products in float16, and falls as far', async () => {
    const variant = { ...parseVariant('yolov8n'), width: 0.125 };
    const whole = yoloNetwork({ variant, classes: 2, seed: 1 });
    const half = yoloNetwork({ variant, classes: 2, seed: 1 });
    const sizes = { batch: 4, size: 64, steps: 12 };
    const [exact, mixed] = [await trained(whole, sizes), await trained(half, sizes, 'mixed')];
    expect(mixed[0]! / exact[0]!).toBeCloseTo(1, 2);
    expect(mixed[0]).not.toBe(exact[0]);
    expect(mixed.every(Number.isFinite)).toBe(true);
    expect(mixed.at(-1)! / mixed[0]!).toBeLessThan(0.6);
    expect(mixed.at(-1)! / exact.at(-1)!).toBeCloseTo(1, 0);
  });

  it('falls on the pretrained trunk, and leaves its frozen start alone', async () => {
    const { tensors: trunk } = await readTensors(
      readFileSync(new URL('../../../assets/mobilenetv3-coco.safetensors', import.meta.url)),
    );
    const network = yoloNetwork({ variant: parseVariant('okapi-n'), classes: 2, seed: 1, trunk });
    const weight = (name: string) => [...network.parameters.get(`trunk.${name}.weight`)!.data];
    const before = [weight('stem'), weight('block3.project'), weight('block4.project')];
    const losses = await trained(network, { batch: 2, size: 64, steps: 8 });
    expect(losses.at(-1)! / losses[0]!).toBeLessThan(0.6);
    expect([weight('stem'), weight('block3.project')]).toEqual(before.slice(0, 2));
    expect(weight('block4.project')).not.toEqual(before[2]);
  });
});
