// What a training sample sees of the pictures laid out on a canvas: scaled, moved, mirrored, with their boxes.
import type { Random } from '../../autodiff/random.ts';
import type { Box, LabelledBox } from '../dataset/labelled.ts';
import type { Picture } from '../image/picture.ts';
import type { DetectionAugmentation } from './augment-settings.ts';
import { BORDER_LEVEL, placementOf } from './letterbox.ts';

/** A fitted picture on the canvas, a plane without bounds. Pieces of one canvas do not overlap. */
export interface Piece {
  readonly picture: Picture;
  /** In shares of the picture. */
  readonly boxes: readonly LabelledBox[];
  /** Where its left upper corner lies, in pixels of the canvas. */
  readonly left: number;
  readonly top: number;
}

/** The pixel (x, y) of the canvas is the centre of the sample; a flip mirrors the sample about its centre. */
export interface View {
  readonly x: number;
  readonly y: number;
  /** Pixels of the sample for each pixel of the canvas. */
  readonly gain: number;
  readonly flipX: boolean;
  readonly flipY: boolean;
}

/** One picture as its letterbox shows it: the centre of the square is the origin of the canvas. */
export function singlePiece(picture: Picture, boxes: readonly LabelledBox[], size: number): Piece {
  const { left, top } = placementOf(picture, size);
  return { picture, boxes, left: left - size / 2, top: top - size / 2 };
}

/** A view whose centre lies up to `reach` pixels of the canvas from the origin, before it is moved by `translate`. */
export function drawView(
  random: Random,
  size: number,
  reach: number,
  { scale, translate, flipHorizontal, flipVertical }: DetectionAugmentation,
): View {
  const gain = random.uniform(1 - scale, 1 + scale);
  const centre = () => random.uniform(-reach, reach) + (random.uniform(-translate, translate) * size) / gain;
  return {
    x: centre(),
    y: centre(),
    gain,
    flipX: random.chance(flipHorizontal),
    flipY: random.chance(flipVertical),
  };
}

/** A part of the sample, in whole pixels; the ends are not in it. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Draws one piece into a sample [size, size, 3], bilinearly, and answers which part it covers: every pixel whose centre
 * shows the piece. There is neither turning nor shearing, so that a column (a row) of the sample always reads the same
 * two columns (rows) of the piece, whose places and weights are computed once.
 */
export function drawPiece(sample: Uint8Array, size: number, piece: Piece, view: View): Area {
  const { width, height, data } = piece.picture;
  const columns = tapsOf(width, 3, piece.left, view.x, view.gain, view.flipX, size);
  const rows = tapsOf(height, width * 3, piece.top, view.y, view.gain, view.flipY, size);
  for (let y = rows.start; y < rows.end; y++) {
    const upper = rows.near[y]!;
    const lower = rows.far[y]!;
    const down = rows.weight[y]!;
    let at = (y * size + columns.start) * 3;
    for (let x = columns.start; x < columns.end; x++, at += 3) {
      const right = columns.weight[x]!;
      // Weights of 1/2048 keep every sum within 31 bits.
      const d = (right * down) >> 11;
      const c = down - d;
      const b = right - d;
      const a = 2048 - b - down;
      const p = upper + columns.near[x]!;
      const q = upper + columns.far[x]!;
      const r = lower + columns.near[x]!;
      const s = lower + columns.far[x]!;
      sample[at] = (a * data[p]! + b * data[q]! + c * data[r]! + d * data[s]! + 1024) >> 11;
      sample[at + 1] =
        (a * data[p + 1]! + b * data[q + 1]! + c * data[r + 1]! + d * data[s + 1]! + 1024) >> 11;
      sample[at + 2] =
        (a * data[p + 2]! + b * data[q + 2]! + c * data[r + 2]! + d * data[s + 2]! + 1024) >> 11;
    }
  }
  return { left: columns.start, right: columns.end, top: rows.start, bottom: rows.end };
}

/** Output i in start..end-1 mixes the inputs at near[i] and far[i]; weight[i] / 2048 is the share of the latter. */
interface AxisTaps {
  readonly start: number;
  readonly end: number;
  readonly near: Int32Array;
  readonly far: Int32Array;
  readonly weight: Int32Array;
}

/** `n` inputs, `stride` places apart. */
function tapsOf(
  n: number,
  stride: number,
  offset: number,
  centre: number,
  gain: number,
  isFlipped: boolean,
  size: number,
): AxisTaps {
  const near = new Int32Array(size);
  const far = new Int32Array(size);
  const weight = new Int32Array(size);
  let start = size;
  let end = 0;
  for (let i = 0; i < size; i++) {
    const fromCentre = isFlipped ? size / 2 - (i + 0.5) : i + 0.5 - size / 2;
    const at = fromCentre / gain + centre - offset; // in pixels of the piece, whose first has its centre at 0.5
    if (at < 0 || at >= n) continue;
    start = Math.min(start, i);
    end = i + 1;
    const first = Math.floor(at - 0.5);
    near[i] = Math.max(first, 0) * stride;
    far[i] = Math.min(first + 1, n - 1) * stride;
    weight[i] = Math.round((at - 0.5 - first) * 2048);
  }
  return start < end ? { start, end, near, far, weight } : { start: 0, end: 0, near, far, weight };
}

/** A sample of nothing but border. */
export function blankSample(size: number): Uint8Array {
  return new Uint8Array(size * size * 3).fill(BORDER_LEVEL);
}

/**
 * The boxes of a piece in pixels of the sample, clipped to it. A box is left out when less than `leastShare` of its area
 * is in the sample, or when a side is under `leastSide` pixels there; one of no area always.
 */
export function boxesInView(
  { picture, boxes, left, top }: Piece,
  view: View,
  size: number,
  { leastShare, leastSide }: DetectionAugmentation,
): LabelledBox[] {
  return boxes.flatMap(({ classId, box: [bx1, by1, bx2, by2] }) => {
    const [x1, x2] = spanOf(bx1, bx2, left - view.x, picture.width, view.gain, view.flipX, size);
    const [y1, y2] = spanOf(by1, by2, top - view.y, picture.height, view.gain, view.flipY, size);
    const box: Box = [clip(x1, size), clip(y1, size), clip(x2, size), clip(y2, size)];
    const width = box[2] - box[0];
    const height = box[3] - box[1];
    const isKept =
      Math.min(width, height) > 0 &&
      Math.min(width, height) >= leastSide &&
      width * height >= leastShare * (x2 - x1) * (y2 - y1);
    return isKept ? [{ classId, box }] : [];
  });
}

/** Where the shares `from` to `to` of a side of `n` pixels lie in the sample; `offset` is from the centre of the view. */
function spanOf(
  from: number,
  to: number,
  offset: number,
  n: number,
  gain: number,
  isFlipped: boolean,
  size: number,
): readonly [number, number] {
  const start = (offset + from * n) * gain;
  const end = (offset + to * n) * gain;
  return isFlipped ? [size / 2 - end, size / 2 - start] : [size / 2 + start, size / 2 + end];
}

function clip(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
