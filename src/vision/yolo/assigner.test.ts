import { describe, expect, it } from 'vitest';
import { Parameters, trace } from '../../autodiff/index.ts';
import { numbersOf, runGraph } from '../../autodiff/testing/runtime.ts';
import { anchorsOf, decodedBoxes } from './anchors.ts';
import { assign } from './assigner.ts';
import { type BatchShape, batchFeeds, batchInputs, randomPictures } from './testing/batches.ts';
import * as reference from './testing/reference.ts';

/** Who learns what in each picture, by anchor; a second owner of an anchor would be an error. */
async function assigned(pictures: readonly reference.Picture[], shape: BatchShape, maxBoxes: number) {
  const graph = trace(new Parameters(0), {
    inputs: batchInputs(shape, maxBoxes),
    build: (_, { distances, scores, ...truths }) => {
      const { anchors, targets } = assign(
        decodedBoxes(distances, anchorsOf(shape.size)),
        scores,
        truths,
        shape.size,
      );
      return { anchors, targets };
    },
  });
  const results = await runGraph(graph, batchFeeds(pictures, maxBoxes), 'cpu');
  const [anchors, targets] = [numbersOf(results.anchors!), numbersOf(results.targets!)];
  const each = anchors.length / pictures.length;
  return pictures.map((_, n) => {
    const found = new Map<number, reference.Assigned>();
    for (let i = 0; i < each; i++) {
      const target = targets[n * each + i]!;
      if (target === 0) continue;
      const anchor = anchors[n * each + i]!;
      expect(found.has(anchor), `anchor ${anchor} has one owner`).toBe(false);
      found.set(anchor, { truth: Math.floor((i * maxBoxes) / each), target });
    }
    return found;
  });
}

function expectSame(
  found: ReadonlyMap<number, reference.Assigned>,
  expected: ReadonlyMap<number, reference.Assigned>,
) {
  const owners = (map: typeof found) =>
    [...map].map(([anchor, { truth }]) => [anchor, truth]).sort((a, b) => a[0]! - b[0]!);
  expect(owners(found)).toEqual(owners(expected));
  for (const [anchor, { target }] of expected)
    expect(Math.abs(found.get(anchor)!.target - target)).toBeLessThan(1e-4);
}

describe('assign', () => {
  it('chooses the anchors and targets of the plain reference, in pictures with none to many boxes', async () => {
    const shape = { size: 96, classes: 5, boxes: [0, 1, 3, 12] };
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const pictures = randomPictures(shape, seed);
      const found = await assigned(pictures, shape, 12);
      const expected = pictures.map(({ logits, truths }) => reference.assign(logits, truths, shape.size));
      expect(expected.reduce((total, map) => total + map.size, 0)).toBeGreaterThan(60);
      for (const [n, map] of found.entries()) expectSame(map, expected[n]!);
    }
  });

  it('does not depend on how much room there is for boxes', async () => {
    const shape = { size: 64, classes: 2, boxes: [2] };
    const pictures = randomPictures(shape, 7);
    const [tight, wide] = [await assigned(pictures, shape, 2), await assigned(pictures, shape, 9)];
    expect(tight).toEqual(wide);
    expect(tight[0]!.size).toBeGreaterThan(0);
  });

  it('gives an anchor in two boxes to the one it overlaps more, of the same box twice to the first', async () => {
    const shape = { size: 64, classes: 2, boxes: [3] };
    const [picture] = randomPictures(shape, 8) as [reference.Picture];
    const twice = { box: [8, 8, 50, 50], classId: 0 } as const;
    const truths = [{ box: [4, 4, 60, 60], classId: 1 } as const, twice, { ...twice, classId: 1 }];
    const pictures = [{ ...picture, truths }];
    const [found] = await assigned(pictures, shape, 3);
    expectSame(found!, reference.assign(picture.logits, truths, shape.size));
    expect(new Set([...found!.values()].map(({ truth }) => truth)).has(1)).toBe(true);
  });

  it('gives no anchor to boxes that hold no centre: without area, thinner than a cell, or outside', async () => {
    const shape = { size: 64, classes: 2, boxes: [4] };
    const [picture] = randomPictures(shape, 9) as [reference.Picture];
    const truths = (
      [
        [20, 20, 20, 20],
        [21, 5, 23, 60],
        [70, 70, 90, 90],
        [-30, -30, -5, -5],
      ] as const
    ).map((box) => ({
      box,
      classId: 1,
    }));
    const [found] = await assigned([{ ...picture, truths }], shape, 4);
    expect(found!.size).toBe(0);
  });

  it('takes at most ten anchors a box, and its best one reaches the largest overlap', async () => {
    const shape = { size: 160, classes: 1, boxes: [1] };
    const [picture] = randomPictures(shape, 10) as [reference.Picture];
    const truths = [{ box: [10, 10, 150, 150], classId: 0 } as const];
    const [found] = await assigned([{ ...picture, truths }], shape, 1);
    const boxes = reference.decode(picture.logits, shape.size);
    const overlaps = [...found!.keys()].map((anchor) => reference.iou(boxes[anchor]!, truths[0]!.box));
    expect(found!.size).toBe(10);
    expect(Math.max(...[...found!.values()].map(({ target }) => target))).toBeCloseTo(
      Math.max(...overlaps),
      4,
    );
  });
});
