// Random batches of what a network says and what is true, for the tests of losses and assignment.
import { Random } from '../../../autodiff/index.ts';
import type { Box } from '../../dataset/labelled.ts';
import { anchorsOf, bins } from '../anchors.ts';
import type { AnchorLogits, Picture, Truth } from './reference.ts';

export interface BatchShape {
  readonly size: number;
  readonly classes: number;
  /** How many boxes each picture has. */
  readonly boxes: readonly number[];
}

/** Pictures with random logits and boxes. */
export function randomPictures({ size, classes, boxes }: BatchShape, seed: number): Picture[] {
  const random = new Random(seed);
  const { count } = anchorsOf(size);
  return boxes.map((most) => ({
    logits: Array.from({ length: count }, () => randomLogits(classes, random)),
    truths: Array.from({ length: most }, () => randomTruth(size, classes, random)),
  }));
}

/** Distributions with a peak, so that the boxes differ. */
function randomLogits(classes: number, random: Random): AnchorLogits {
  const distances = [0, 1, 2, 3].flatMap(() => {
    const peak = random.uniform(0, 6);
    return Array.from({ length: bins }, (_, bin) => random.normal(0, 0.5) - Math.abs(bin - peak));
  });
  return { distances, scores: Array.from({ length: classes }, () => random.normal(-2, 1.5)) };
}

function randomTruth(size: number, classes: number, random: Random): Truth {
  const side = () => random.uniform(6, size * 0.7);
  const [width, height] = [side(), side()];
  const [x, y] = [random.uniform(0, size - width), random.uniform(0, size - height)];
  const box: Box = [x, y, x + width, y + height].map(Math.fround) as [number, number, number, number];
  return { box, classId: Math.floor(random.uniform(0, classes)) };
}

/** The numbers of a batch as the graph is fed them, with room for `maxBoxes` a picture. */
export function batchFeeds(pictures: readonly Picture[], maxBoxes: number) {
  const rows = pictures.flatMap(({ truths }) =>
    Array.from({ length: maxBoxes }, (_, m) => truths[m] ?? { box: [0, 0, 0, 0], classId: 0 }),
  );
  const valid = pictures.flatMap(({ truths }) =>
    Array.from({ length: maxBoxes }, (_, m) => (m < truths.length ? 1 : 0)),
  );
  return {
    distances: pictures.flatMap(({ logits }) => logits.flatMap(({ distances }) => distances)),
    scores: pictures.flatMap(({ logits }) => logits.flatMap(({ scores }) => scores)),
    boxes: rows.flatMap(({ box }) => [...box]),
    classes: rows.map(({ classId }) => classId),
    valid,
  };
}

/** The types of `batchFeeds`. */
export function batchInputs({ size, classes, boxes }: BatchShape, maxBoxes: number) {
  const [n, { count }] = [boxes.length, anchorsOf(size)];
  return {
    distances: { shape: [n, count, 4 * bins] },
    scores: { shape: [n, count, classes] },
    boxes: { shape: [n, maxBoxes, 4] },
    classes: { shape: [n, maxBoxes], dtype: 'int64' },
    valid: { shape: [n, maxBoxes] },
  } as const;
}
