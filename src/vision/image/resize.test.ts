// Our resize against OpenCV's answers, kept in fixtures/resize.json by scripts/fixtures/image_resize.py.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import type { Picture } from './picture.ts';
import { type ResizeMethod, resize, resizePlane } from './resize.ts';

interface ResizeCase extends Record<ResizeMethod, { picture: string; greenPlane: string }> {
  from: [number, number];
  to: [number, number];
  picture: string;
}
const fixture: { cases: ResizeCase[] } = JSON.parse(
  readFileSync(new URL('./fixtures/resize.json', import.meta.url), 'utf8'),
);

describe.each<ResizeMethod>(['area', 'bilinear', 'bicubic'])('%s', (method) => {
  for (const { from, to, picture: source, ...expected } of fixture.cases) {
    const [width, height] = from;
    const picture: Picture = { width, height, data: bytesOf(source) };
    const title = `${from.join('x')} -> ${to.join('x')}`;

    it(`gives the levels of OpenCV for pictures: ${title}`, () => {
      const ours = resize(picture, to[0], to[1], method);
      expect([ours.width, ours.height]).toEqual(to);
      expect(largestDifference(ours.data, bytesOf(expected[method].picture))).toBe(0);
    });

    it(`gives the values of OpenCV for float planes: ${title}`, () => {
      const green = Float32Array.from({ length: width * height }, (_, i) => picture.data[i * 3 + 1]!);
      const ours = resizePlane(green, width, height, to[0], to[1], method);
      const theirs = new Float32Array(bytesOf(expected[method].greenPlane).buffer);
      expect(largestDifference(ours, theirs) / 255).toBeLessThanOrEqual(1e-6);
    });
  }
});

describe('all methods', () => {
  it.each<ResizeMethod>(['area', 'bilinear', 'bicubic'])(
    '%s keeps a picture of one colour as it is',
    (method) => {
      const picture = filled(30000, 20, 7);
      for (const [width, height] of [
        [256, 256],
        [31, 7],
        [30001, 21],
      ] as const) {
        const { data } = resize(picture, width, height, method);
        expect(data.every((level) => level === 7)).toBe(true);
      }
    },
  );

  it('copies rather than shares when there is nothing to do', () => {
    const picture = filled(4, 4, 1);
    const plane = new Float32Array(16);
    resize(picture, 4, 4, 'area').data.fill(9);
    resizePlane(plane, 4, 4, 4, 4, 'area').fill(9);
    expect(picture.data[0]).toBe(1);
    expect(plane[0]).toBe(0);
  });

  it('refuses a side that is not a whole number of pixels', () => {
    expect(() => resize(filled(4, 4, 1), 0, 4, 'area')).toThrow(/at least 1, got 0/);
    expect(() => resize(filled(4, 4, 1), 2.5, 4, 'area')).toThrow(/got 2.5/);
  });

  it('keeps the mean of a picture that area shrinks', () => {
    const random = new Random(1);
    const plane = Float32Array.from({ length: 61 * 47 }, () => random.uniform());
    const small = resizePlane(plane, 61, 47, 13, 9, 'area');
    expect(mean(small)).toBeCloseTo(mean(plane), 5);
  });
});

function filled(width: number, height: number, level: number): Picture {
  return { width, height, data: new Uint8Array(width * height * 3).fill(level) };
}

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

function mean(values: Float32Array): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}
