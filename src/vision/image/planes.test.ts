// Levels to network input and back.
import { describe, expect, it } from 'vitest';
import type { Picture } from './picture.ts';
import { type Normalization, toPicture, toPlanes, unitRange } from './planes.ts';
import { gradientPicture } from './testing/files.ts';

const imagenet: Normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], scale: 1 / 255 };

describe('toPlanes', () => {
  it('puts red, green and blue one after the other, normalised each by its own numbers', () => {
    const picture: Picture = { width: 2, height: 1, data: Uint8Array.of(255, 128, 0, 0, 64, 32) };
    const planes = toPlanes(picture, imagenet);
    const expected = [
      (1 - 0.485) / 0.229,
      (0 - 0.485) / 0.229,
      (128 / 255 - 0.456) / 0.224,
      (64 / 255 - 0.456) / 0.224,
      (0 - 0.406) / 0.225,
      (32 / 255 - 0.406) / 0.225,
    ];
    expect([...planes]).toEqual(expected.map(Math.fround));
  });

  it('keeps levels as they are for a network that reads 0..255', () => {
    const picture: Picture = { width: 1, height: 1, data: Uint8Array.of(7, 8, 255) };
    expect([...toPlanes(picture, { mean: [0, 0, 0], std: [1, 1, 1], scale: 1 })]).toEqual([7, 8, 255]);
  });
});

describe('toPicture', () => {
  it.each([unitRange, imagenet, { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5], scale: 1 }])(
    'gives every level back',
    (normalization) => {
      const picture = gradientPicture(33, 21);
      expect(toPicture(toPlanes(picture, normalization), 33, 21, normalization)).toEqual(picture);
    },
  );

  it('clips what a network paints outside of the range, and paints NaN black', () => {
    const planes = Float32Array.of(-0.5, 1.5, Number.NaN);
    expect([...toPicture(planes, 1, 1, unitRange).data]).toEqual([0, 255, 0]);
  });

  it('refuses planes of another size', () => {
    expect(() => toPicture(new Float32Array(5), 1, 2, unitRange)).toThrow(
      'expected planes [3, 2, 1], got 5 values',
    );
  });
});
