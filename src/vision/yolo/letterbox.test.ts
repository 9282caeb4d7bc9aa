// The letterbox: exact places, a grey border, and boxes there and back.
import { describe, expect, it } from 'vitest';
import type { Picture } from '../image/picture.ts';
import { resize } from '../image/resize.ts';
import { gradientPicture } from '../image/testing/files.ts';
import { fromLetterbox, letterbox, placementOf, toLetterbox } from './letterbox.ts';

const levelAt = ({ width, data }: Picture, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

describe('letterbox', () => {
  it.each([
    {
      name: 'wide',
      width: 128,
      height: 64,
      expected: { scale: 0.5, left: 0, top: 16, width: 64, height: 32 },
    },
    {
      name: 'tall',
      width: 30,
      height: 90,
      expected: { scale: 64 / 90, left: 21, top: 0, width: 21, height: 64 },
    },
    { name: 'small', width: 16, height: 8, expected: { scale: 4, left: 0, top: 16, width: 64, height: 32 } },
    {
      name: 'very wide',
      width: 1000,
      height: 1,
      expected: { scale: 0.064, left: 0, top: 31, width: 64, height: 1 },
    },
    {
      name: 'very tall',
      width: 1,
      height: 999,
      expected: { scale: 64 / 999, left: 31, top: 0, width: 1, height: 64 },
    },
    { name: '1-pixel', width: 1, height: 1, expected: { scale: 64, left: 0, top: 0, width: 64, height: 64 } },
  ])('centres a $name picture and borders it with grey', ({ width, height, expected }) => {
    const black: Picture = { width, height, data: new Uint8Array(width * height * 3) };
    const { pixels, ...placement } = letterbox(black, 64);
    expect(placement).toEqual(expected);
    expect([pixels.width, pixels.height, pixels.data.length]).toEqual([64, 64, 64 * 64 * 3]);
    for (let y = 0; y < 64; y++) {
      for (let x = 0; x < 64; x++) {
        const isInside =
          x >= placement.left &&
          x < placement.left + placement.width &&
          y >= placement.top &&
          y < placement.top + placement.height;
        expect(levelAt(pixels, x, y)).toEqual(isInside ? [0, 0, 0] : [114, 114, 114]);
      }
    }
  });

  it('shrinks by area and grows bilinearly', () => {
    const picture = gradientPicture(100, 100);
    expect(letterbox(picture, 64).pixels).toEqual(resize(picture, 64, 64, 'area'));
    expect(letterbox(picture, 160).pixels).toEqual(resize(picture, 160, 160, 'bilinear'));
  });

  it('of a picture of the right size is the picture', () => {
    const picture = gradientPicture(64, 64);
    expect(letterbox(picture, 64).pixels).toEqual(picture);
  });
});

describe('boxes', () => {
  it('go there and back without loss, for sides that were rounded too', () => {
    const picture = { width: 333, height: 217 };
    const placement = placementOf(picture, 64);
    const [x1, y1, x2, y2] = fromLetterbox(toLetterbox([0.1, 0.25, 0.7, 1], placement), placement, picture);
    expect(x1).toBeCloseTo(33.3, 9);
    expect(y1).toBeCloseTo(54.25, 9);
    expect(x2).toBeCloseTo(233.1, 9);
    expect(y2).toBeCloseTo(217, 9);
  });

  it('are clipped to the picture', () => {
    const picture = { width: 128, height: 64 };
    expect(fromLetterbox([-5, 0, 70, 64], placementOf(picture, 64), picture)).toEqual([0, 0, 128, 64]);
  });
});
