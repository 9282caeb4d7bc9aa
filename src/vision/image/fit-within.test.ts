import { expect, it } from 'vitest';
import { fitWithin } from './fit-within.ts';
import { gradientPicture } from './testing/files.ts';

it('makes a large picture small and leaves a small one alone', () => {
  const { width, height, data } = fitWithin(gradientPicture(600, 400), 320);
  expect([width, height, data.length]).toEqual([320, 213, 320 * 213 * 3]);
  const small = gradientPicture(40, 30);
  expect(fitWithin(small, 320)).toBe(small);
});

it('keeps at least one pixel of a strip', () => {
  const { width, height } = fitWithin(gradientPicture(16, 8000), 320);
  expect([width, height]).toEqual([1, 320]);
});
