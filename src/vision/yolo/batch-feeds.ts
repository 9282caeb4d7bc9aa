// Samples as the inputs of a training step, whose boxes have a fixed number of places.
import type { RuntimeTensor } from '../../autodiff/index.ts';
import type { LabelledBox, LabelledPicture } from '../dataset/labelled.ts';
import type { Sample } from './sample-loader.ts';

export interface BatchFeeds {
  /**
   * pixels [N, size, size, 3] uint8; boxes [N, M, 4] float32 x1y1x2y2 in pixels of the sample; classes [N, M] int64;
   * valid [N, M] float32, 1 where there is a box and 0 where the place is empty.
   */
  readonly feeds: Readonly<Record<'pixels' | 'boxes' | 'classes' | 'valid', RuntimeTensor>>;
  /** How many boxes found no place. */
  readonly leftOut: number;
}

/** The samples in order. Of a sample with more than `maxBoxes` boxes the smallest are left out. */
export function batchFeeds(samples: readonly Sample[], size: number, maxBoxes: number): BatchFeeds {
  const n = samples.length;
  const pixels = new Uint8Array(n * size * size * 3);
  const boxes = new Float32Array(n * maxBoxes * 4);
  const classes = new BigInt64Array(n * maxBoxes);
  const valid = new Float32Array(n * maxBoxes);
  let leftOut = 0;
  samples.forEach((sample, i) => {
    pixels.set(sample.pixels, i * size * size * 3);
    const kept = largest(sample.boxes, maxBoxes);
    leftOut += sample.boxes.length - kept.length;
    kept.forEach(({ classId, box }, j) => {
      const place = i * maxBoxes + j;
      boxes.set(box, place * 4);
      classes[place] = BigInt(classId);
      valid[place] = 1;
    });
  });
  return {
    feeds: {
      pixels: { type: 'uint8', dims: [n, size, size, 3], data: pixels },
      boxes: { type: 'float32', dims: [n, maxBoxes, 4], data: boxes },
      classes: { type: 'int64', dims: [n, maxBoxes], data: classes },
      valid: { type: 'float32', dims: [n, maxBoxes], data: valid },
    },
    leftOut,
  };
}

/** In the order given. */
function largest(boxes: readonly LabelledBox[], most: number): readonly LabelledBox[] {
  if (boxes.length <= most) return boxes;
  const area = ({ box: [x1, y1, x2, y2] }: LabelledBox) => (x2 - x1) * (y2 - y1);
  const bySize = boxes.map((_, i) => i).sort((i, j) => area(boxes[j]!) - area(boxes[i]!) || i - j);
  const isKept = new Set(bySize.slice(0, most));
  return boxes.filter((_, i) => isKept.has(i));
}

/** The loss compares every place with every anchor, so places cost time and memory whether a box is in them or not. */
const FEWEST_PLACES = 8;
const MOST_PLACES = 304;

/**
 * How many places for boxes a data set needs: the most boxes of any picture, or, for a mosaic of four, what four pictures
 * hold together but for rare cases (the mean and three standard deviations of that sum). A multiple of 8, from 8 to 304.
 */
export function maxBoxesOf(
  pictures: readonly LabelledPicture[],
  { mosaic }: { readonly mosaic: boolean },
): number {
  const counts = pictures.map(({ boxes }) => boxes.length);
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  const needed = mosaic ? Math.max(most, Math.min(4 * most, ofFour(counts))) : most;
  return Math.ceil(Math.min(Math.max(needed, FEWEST_PLACES), MOST_PLACES) / 8) * 8;
}

function ofFour(counts: readonly number[]): number {
  if (counts.length === 0) return 0;
  const mean = counts.reduce((sum, n) => sum + n, 0) / counts.length;
  const variance = counts.reduce((sum, n) => sum + (n - mean) ** 2, 0) / counts.length;
  return 4 * mean + 3 * Math.sqrt(4 * variance);
}
