// Suppression of overlapping boxes against a plain greedy loop.
import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { compute } from '../testing/runtime.ts';
import * as ops from './build.ts';

type Corners = readonly [number, number, number, number];

interface Scene {
  /** Of one picture. */
  readonly boxes: readonly Corners[];
  /** By class. */
  readonly scores: readonly (readonly number[])[];
  readonly score: number;
  readonly iou: number;
}

const most = { perClass: 20, count: 64 };

function iou(a: Corners, b: Corners): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const area = ([x1, y1, x2, y2]: Corners) => (x2 - x1) * (y2 - y1);
  return (width * height) / (area(a) + area(b) - width * height);
}

/** Class by class the best of what is left, unless a better one overlaps it. */
function greedy({ boxes, scores, score, iou: limit }: Scene): number[][] {
  return scores.flatMap((row, classId) => {
    const candidates = [...row.keys()]
      .filter((i) => row[i]! > score)
      .sort((a, b) => row[b]! - row[a]! || a - b);
    const kept: number[] = [];
    for (const i of candidates)
      if (kept.length < most.perClass && kept.every((j) => iou(boxes[i]!, boxes[j]!) <= limit)) kept.push(i);
    return kept.map((box) => [0, classId, box]);
  });
}

async function suppressed({ boxes, scores, score, iou: limit }: Scene): Promise<number[][]> {
  const [anchors, classes] = [boxes.length, scores.length];
  const feeds = { boxes: boxes.flat(), scores: scores.flat(), score: [score], iou: [limit] };
  const rows = await compute(
    ops.nonMaxSuppression(ops.input('boxes', [1, anchors, 4]), ops.input('scores', [1, classes, anchors]), {
      score: ops.input('score', [1]),
      iou: ops.input('iou', [1]),
      ...most,
    }),
    feeds,
  );
  return Array.from({ length: most.count }, (_, i) => rows.slice(3 * i, 3 * i + 3));
}

const nothing = [-1, -1, -1];
const filled = (rows: number[][]) => [...rows, ...Array(most.count).fill(nothing)].slice(0, most.count);

function randomScene(seed: number, levels: number): Scene {
  const random = new Random(seed);
  const boxes = Array.from({ length: 60 }, (): Corners => {
    const [x, y] = [Math.floor(random.uniform(0, 40)), Math.floor(random.uniform(0, 40))];
    return [x, y, x + Math.ceil(random.uniform(4, 30)), y + Math.ceil(random.uniform(4, 30))];
  });
  const scores = [0, 1, 2].map(() => boxes.map(() => Math.floor(random.uniform(1, levels)) / levels));
  return { boxes, scores, score: 0.25, iou: random.uniform(0.2, 0.8) };
}

describe('nonMaxSuppression', () => {
  it('keeps what a greedy loop keeps, with scores all different and with many ties', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      for (const levels of [4096, 8]) {
        const scene = randomScene(seed, levels);
        const expected = greedy(scene);
        expect(expected.length).toBeGreaterThan(5);
        expect(await suppressed(scene)).toEqual(filled(expected));
      }
    }
  });

  it('at an IoU of 1 keeps all, at 0 only boxes that do not touch; at a score of 1 none, at 0 all above it', async () => {
    const scene = randomScene(6, 4096);
    for (const edge of [{ iou: 1 }, { iou: 0 }, { score: 1 }, { score: 0 }])
      expect(await suppressed({ ...scene, ...edge })).toEqual(filled(greedy({ ...scene, ...edge })));
    expect(await suppressed({ ...scene, score: 1 })).toEqual(filled([]));
  });

  it('cuts off what has no room', async () => {
    const boxes = Array.from({ length: 90 }, (_, i): Corners => [10 * i, 0, 10 * i + 8, 8]);
    const scores = [0, 1, 2, 3].map((c) => boxes.map((_, i) => (i + c + 1) / 100));
    const scene = { boxes, scores, score: 0, iou: 0.5 };
    expect(greedy(scene).length).toBe(4 * most.perClass);
    expect(await suppressed(scene)).toEqual(filled(greedy(scene)));
  });
});
