// Geometry of training samples: pixels and boxes move together, exactly.
import { describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import { gradientPicture } from '../image/testing/files.ts';
import { defaultDetectionAugmentation } from './augment-settings.ts';
import { blankSample, boxesInView, drawPiece, drawView, singlePiece, type View } from './augment-view.ts';
import { fitPicture, letterbox } from './letterbox.ts';
import { mosaicPieces } from './mosaic.ts';
import { depthIn, levelsAt, markedPicture } from './testing/marked-picture.ts';

const SIZE = 64;
const still: View = { x: 0, y: 0, gain: 1, flipX: false, flipY: false };
const keepAll = { ...defaultDetectionAugmentation, leastShare: 0, leastSide: 0 };

describe('a view of one picture', () => {
  it.each([
    [64, 40],
    [33, 64],
    [64, 1],
  ])('that moves nothing is the letterbox of a picture of %i x %i', (width, height) => {
    const picture = gradientPicture(width, height);
    const sample = blankSample(SIZE);
    drawPiece(sample, SIZE, singlePiece(picture, [], SIZE), still);
    expect(sample).toEqual(letterbox(picture, SIZE).pixels.data);
  });

  it('that flips mirrors the letterbox', () => {
    const picture = gradientPicture(SIZE, 40);
    const sample = blankSample(SIZE);
    drawPiece(sample, SIZE, singlePiece(picture, [], SIZE), { ...still, flipX: true, flipY: true });
    const { pixels } = letterbox(picture, SIZE);
    const square = { width: SIZE, height: SIZE, data: sample };
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        expect(levelsAt(square, x, y)).toEqual(levelsAt(pixels, SIZE - 1 - x, SIZE - 1 - y));
      }
    }
  });

  const views = [0.5, 0.77, 1, 1.5].flatMap((gain) =>
    [false, true].flatMap((flipX) =>
      [false, true].map((flipY): View => ({ x: 3.3, y: -5.2, gain, flipX, flipY })),
    ),
  );
  it.each(views)('keeps a rectangle and its box together: $gain $flipX $flipY', (view) => {
    const { picture, boxes } = markedPicture(64, 48, [18, 9, 47, 31], [255, 255, 255]);
    const piece = singlePiece(picture, boxes, SIZE);
    const sample = blankSample(SIZE).fill(0);
    drawPiece(sample, SIZE, piece, view);
    const square = { width: SIZE, height: SIZE, data: sample };
    const { box } = boxesInView(piece, view, SIZE, keepAll)[0]!;
    const blur = 0.5 * view.gain + 0.01; // bilinear mixes over half a pixel of the piece on each side of an edge
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        const depth = depthIn(box, x, y);
        const [level] = levelsAt(square, x, y);
        if (depth > blur) expect(level).toBe(255);
        if (depth < -blur) expect(level).toBe(0);
      }
    }
    // Along the middle of the box the level passes one half exactly at its edges.
    const middle = Math.floor((box[1] + box[3]) / 2);
    for (let x = 0; x < SIZE; x++) {
      const depth = depthIn(box, x, middle);
      if (Math.abs(depth) > 0.01) expect(levelsAt(square, x, middle)[0]! > 127).toBe(depth > 0);
    }
  });

  it('leaves grey what no picture covers', () => {
    const { picture } = markedPicture(64, 64, [0, 0, 64, 64], [200, 10, 10]);
    const sample = blankSample(SIZE);
    const area = drawPiece(sample, SIZE, singlePiece(picture, [], SIZE), { ...still, gain: 0.5 });
    expect(area).toEqual({ left: 16, top: 16, right: 48, bottom: 48 });
    const square = { width: SIZE, height: SIZE, data: sample };
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        const isInside = x >= 16 && x < 48 && y >= 16 && y < 48;
        expect(levelsAt(square, x, y)).toEqual(isInside ? [200, 10, 10] : [114, 114, 114]);
      }
    }
  });

  it('draws nothing of a picture that is out of sight', () => {
    const piece = singlePiece(gradientPicture(64, 64), [{ classId: 0, box: [0, 0, 1, 1] }], SIZE);
    const sample = blankSample(SIZE);
    drawPiece(sample, SIZE, piece, { ...still, x: 100 });
    expect(sample).toEqual(blankSample(SIZE));
    expect(boxesInView(piece, { ...still, x: 100 }, SIZE, keepAll)).toEqual([]);
  });
});

describe('boxes in view', () => {
  const picture = fitPicture(gradientPicture(64, 64), SIZE);
  const shift = (x: number, box: [number, number, number, number], limits = {}) =>
    boxesInView(singlePiece(picture, [{ classId: 4, box }], SIZE), { ...still, x }, SIZE, {
      ...defaultDetectionAugmentation,
      ...limits,
    });

  it('are clipped to the sample', () => {
    expect(shift(8, [0, 0.25, 0.5, 0.75])).toEqual([{ classId: 4, box: [0, 16, 24, 48] }]);
  });

  it('are dropped when less than the least share of the area is left', () => {
    // 32 px wide; moved by 28 px, an eighth is left.
    expect(shift(28, [0, 0, 0.5, 0.5], { leastShare: 0.125 })).toHaveLength(1);
    expect(shift(28, [0, 0, 0.5, 0.5], { leastShare: 0.126 })).toHaveLength(0);
  });

  it('are dropped when a side is under the least', () => {
    expect(shift(0, [0, 0, 2 / 64, 1])).toHaveLength(1);
    expect(shift(0, [0, 0, 1.9 / 64, 1])).toHaveLength(0);
    expect(shift(0, [0, 0, 1, 1.9 / 64])).toHaveLength(0);
    expect(shift(0, [0.5, 0.5, 0.5, 0.5], { leastSide: 0, leastShare: 0 })).toHaveLength(0);
  });
});

describe('a drawn view', () => {
  it('stays within the settings', () => {
    const views = Array.from({ length: 500 }, (_, seed) =>
      drawView(new Random(seed), SIZE, 0, defaultDetectionAugmentation),
    );
    const gains = views.map(({ gain }) => gain);
    expect(Math.min(...gains)).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...gains)).toBeLessThanOrEqual(1.5);
    expect(Math.max(...gains) - Math.min(...gains)).toBeGreaterThan(0.95);
    const moves = views.map(({ x, gain }) => Math.abs(x * gain) / SIZE);
    expect(Math.max(...moves)).toBeLessThanOrEqual(0.1);
    expect(Math.max(...moves)).toBeGreaterThan(0.095);
    const flipped = views.filter(({ flipX }) => flipX).length;
    expect(flipped).toBeGreaterThan(200);
    expect(flipped).toBeLessThan(300);
    expect(views.some(({ flipY }) => flipY)).toBe(false);
  });

  it('flips top and bottom when it is told to', () => {
    const settings = { ...defaultDetectionAugmentation, flipVertical: 1 };
    expect(drawView(new Random(1), SIZE, 0, settings).flipY).toBe(true);
  });
});

describe('a mosaic', () => {
  const colours = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [255, 255, 0],
  ] as const;
  const pieces = mosaicPieces([
    markedPicture(64, 48, [10, 8, 40, 30], colours[0], 0),
    markedPicture(48, 64, [5, 20, 33, 60], colours[1], 1),
    markedPicture(64, 64, [30, 2, 62, 40], colours[2], 2),
    markedPicture(64, 20, [8, 3, 50, 17], colours[3], 3),
  ]);

  it('keeps every rectangle and its box together under any view', () => {
    let seen = 0;
    for (let seed = 0; seed < 40; seed++) {
      const view = drawView(new Random(seed), SIZE, SIZE / 2, {
        ...defaultDetectionAugmentation,
        flipVertical: 0.5,
      });
      const sample = blankSample(SIZE);
      for (const piece of pieces) drawPiece(sample, SIZE, piece, view);
      const boxes = pieces.flatMap((piece) => boxesInView(piece, view, SIZE, keepAll));
      const blur = 0.5 * view.gain + 0.01;
      let misplaced = 0;
      for (let at = 0, i = 0; at < SIZE * SIZE; at++, i += 3) {
        const levels = sample.subarray(i, i + 3);
        const shown = colours.findIndex((colour) => colour.every((level, c) => level === levels[c]));
        const depths = boxes.map(({ box }) => depthIn(box, at % SIZE, Math.floor(at / SIZE)));
        const isNearItsBox = boxes.some(({ classId }, j) => classId === shown && depths[j]! > -blur);
        if (shown >= 0 && !isNearItsBox) misplaced++;
        if (boxes.some(({ classId }, j) => depths[j]! > blur && classId !== shown)) misplaced++;
        if (shown >= 0) seen++;
      }
      expect(misplaced).toBe(0);
    }
    expect(seen).toBeGreaterThan(1000);
  });

  it('never draws one picture over another', () => {
    for (let seed = 0; seed < 20; seed++) {
      const view = drawView(new Random(seed), SIZE, SIZE / 2, defaultDetectionAugmentation);
      const covered = new Uint8Array(SIZE * SIZE);
      for (const piece of pieces) {
        const { left, top, right, bottom } = drawPiece(blankSample(SIZE), SIZE, piece, view);
        for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) covered[y * SIZE + x]!++;
      }
      expect(Math.max(...covered)).toBe(1);
    }
  });

  it('takes four pictures', () => {
    expect(() => mosaicPieces([])).toThrow('4 pictures');
  });
});
