import { describe, expect, it } from 'vitest';
import { graph, input, Random, toOnnx, type Value } from '../../autodiff/index.ts';
import { cpuRuntime, numbersOf, runGraph, tensor } from '../../autodiff/testing/runtime.ts';
import type { Box } from '../dataset/labelled.ts';
import type { Detection } from '../scoring/detection.ts';
import { candidateGraph } from './candidate-graph.ts';
import { detectionGraph, detectionsOf, mostDetections } from './detection-graph.ts';
import { yoloNetwork } from './network.ts';
import { iou } from './testing/reference.ts';
import { parseVariant } from './variants.ts';

interface Candidates {
  readonly boxes: readonly Box[];
  /** By anchor, then by class. */
  readonly scores: readonly (readonly number[])[];
}

interface Thresholds {
  readonly conf: number;
  readonly iou: number;
}

type Results = Awaited<ReturnType<typeof runGraph>>;

/** The detections of a run; what lies behind them must be empty. */
function detectionsIn(results: Results): Detection[] {
  const [boxes, scores, classes, counts] = [
    results.boxes!,
    results.scores!,
    results.classes!,
    results.count!,
  ].map(numbersOf) as [number[], number[], number[], number[]];
  const count = counts[0]!;
  expect([boxes.length, scores.length, classes.length, counts.length]).toEqual([1200, 300, 300, 1]);
  expect(boxes.slice(4 * count).every((x) => x === 0)).toBe(true);
  expect(scores.slice(count).every((x) => x === 0)).toBe(true);
  expect(classes.slice(count).every((x) => x === -1)).toBe(true);
  return Array.from({ length: count }, (_, i) => ({
    classId: classes[i]!,
    confidence: scores[i]!,
    box: boxes.slice(4 * i, 4 * i + 4) as unknown as Box,
  }));
}

async function detected(
  { boxes, scores }: Candidates,
  { conf, iou: limit }: Thresholds,
): Promise<Detection[]> {
  const inputs: Record<'boxes' | 'scores' | 'conf' | 'iou', Value> = {
    boxes: input('given', [1, boxes.length, 4]),
    scores: input('chances', [1, boxes.length, scores[0]!.length]),
    conf: input('conf', [1]),
    iou: input('iou', [1]),
  };
  const outputs = detectionsOf(inputs, inputs.conf, inputs.iou);
  const feeds = { given: boxes.flat(), chances: scores.flat(), conf: [conf], iou: [limit] };
  return detectionsIn(await runGraph(graph({ inputs: Object.values(inputs), outputs }), feeds));
}

/** The best class of each anchor, a greedy loop over each class, and the 300 most confident of all. */
function plain({ boxes, scores }: Candidates, { conf, iou: limit }: Thresholds): Detection[] {
  const all = boxes.map((box, i) => {
    const confidence = Math.max(...scores[i]!);
    return { box, confidence, classId: scores[i]!.indexOf(confidence) };
  });
  const kept: Detection[] = [];
  for (const candidate of all.filter(({ confidence }) => confidence > conf).sort(byConfidence)) {
    const rivals = kept.filter(({ classId }) => classId === candidate.classId);
    if (rivals.every(({ box }) => iou(box, candidate.box) <= limit)) kept.push(candidate);
  }
  return kept.sort((a, b) => byConfidence(a, b) || a.classId - b.classId).slice(0, mostDetections);
}

const byConfidence = (a: Detection, b: Detection) => b.confidence - a.confidence;

function randomCandidates(seed: number, count: number, classes: number, levels = 65536): Candidates {
  const random = new Random(seed);
  const boxes = Array.from({ length: count }, (): Box => {
    const [x, y] = [Math.floor(random.uniform(0, 200)), Math.floor(random.uniform(0, 200))];
    return [x, y, x + Math.ceil(random.uniform(8, 60)), y + Math.ceil(random.uniform(8, 60))];
  });
  const level = () => Math.floor(random.uniform(1, levels)) / levels;
  return { boxes, scores: boxes.map(() => Array.from({ length: classes }, level)) };
}

describe('detectionsOf', () => {
  it('finds what a plain greedy loop finds, for few and many classes', async () => {
    for (const [seed, classes] of [
      [1, 1],
      [2, 3],
      [3, 40],
    ] as const) {
      const candidates = randomCandidates(seed, 400, classes);
      const thresholds = { conf: 0.25, iou: 0.45 };
      const expected = plain(candidates, thresholds);
      expect(expected.length).toBeGreaterThan(20);
      expect(await detected(candidates, thresholds)).toEqual(expected);
    }
  });

  it('decides ties by the order of anchors', async () => {
    const candidates = randomCandidates(4, 200, 2, 8);
    const thresholds = { conf: 0.25, iou: 0.3 };
    expect(await detected(candidates, thresholds)).toEqual(plain(candidates, thresholds));
  });

  it('follows its thresholds to their ends', async () => {
    const candidates = randomCandidates(5, 250, 2);
    for (const thresholds of [
      { conf: 0, iou: 1 },
      { conf: 0, iou: 0 },
      { conf: 1, iou: 0.5 },
    ])
      expect(await detected(candidates, thresholds)).toEqual(plain(candidates, thresholds));
    expect(await detected(candidates, { conf: 1, iou: 0.5 })).toEqual([]);
  });

  it('stops at the 300 most confident of all classes', async () => {
    const candidates = randomCandidates(6, 1500, 5);
    const found = await detected(candidates, { conf: 0.001, iou: 1 });
    expect(found.length).toBe(mostDetections);
    expect(found).toEqual(plain(candidates, { conf: 0.001, iou: 1 }));
  });

  it('takes an anchor for its best class alone, and lets boxes of two classes lie on each other', async () => {
    const box: Box = [10, 10, 50, 50];
    const found = await detected(
      {
        boxes: [box, box, box],
        scores: [
          [0.5, 0.75],
          [0.875, 0.25],
          [0.5, 0.625],
        ],
      },
      { conf: 0.25, iou: 0.45 },
    );
    expect(found.map(({ classId, confidence }) => [classId, confidence])).toEqual([
      [0, 0.875],
      [1, 0.75],
    ]);
  });
});

describe('detectionGraph', () => {
  const network = yoloNetwork({ variant: { ...parseVariant('yolov8n'), width: 0.125 }, classes: 3, seed: 1 });
  const pixels = Float32Array.from({ length: 96 * 96 * 3 }, (_, i) => (i * i) % 256);
  const conf = [0, 1, 2].map((level) => network.parameters.get(`model.22.cv3.${level}.2.bias`)!.data);
  for (const bias of conf) bias.set([-0.2, 0, 0.2]);

  it('serves in one standard model what validation sees', async () => {
    const thresholds = { conf: 0.25, iou: 0.45 };
    const session = await cpuRuntime.load(toOnnx(detectionGraph(network, 96)));
    expect([session.inputNames, session.outputNames]).toEqual([
      ['pixels', 'conf', 'iou'],
      ['boxes', 'scores', 'classes', 'count'],
    ]);
    const served = detectionsIn(
      await session.run({
        pixels: tensor(pixels, [1, 96, 96, 3], 'uint8'),
        conf: tensor([thresholds.conf], [1]),
        iou: tensor([thresholds.iou], [1]),
      }),
    );
    await session.close();
    const weights = Object.fromEntries(network.parameters.all().map(({ name, data }) => [name, data]));
    const { boxes, scores } = await runGraph(candidateGraph(network, 96, 1), { pixels, ...weights }, 'cpu');
    const rows = (numbers: number[], width: number) =>
      Array.from({ length: numbers.length / width }, (_, i) => numbers.slice(i * width, (i + 1) * width));
    const expected = plain(
      { boxes: rows(numbersOf(boxes!), 4) as unknown as Box[], scores: rows(numbersOf(scores!), 3) },
      thresholds,
    );
    expect(served.length).toBe(expected.length);
    expect(served.length).toBeGreaterThan(2);
    for (const [i, { classId, confidence, box }] of expected.entries()) {
      expect(served[i]!.classId).toBe(classId);
      expect(served[i]!.confidence).toBeCloseTo(confidence, 4);
      for (const [k, corner] of box.entries())
        expect(Math.abs(served[i]!.box[k]! - corner)).toBeLessThan(0.02);
    }
  });
});
