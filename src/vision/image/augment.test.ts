// Augmentation: the jitter formulas against NumPy, the rest by what it may and may not do.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import { type Augmentation, augment, defaultAugmentation, type Jitter, jitter } from './augment.ts';
import type { Picture } from './picture.ts';
import { gradientPicture } from './testing/files.ts';

const nothing: Augmentation = { flip: 0, jitter: null, erase: 0 };
const picture = gradientPicture(48, 32);

describe('jitter', () => {
  interface JitterCase {
    steps: [keyof Jitter, number][];
    expected: string;
  }
  const fixture: { width: number; height: number; picture: string; cases: JitterCase[] } = JSON.parse(
    readFileSync(new URL('./fixtures/jitter.json', import.meta.url), 'utf8'),
  );
  const source: Picture = {
    width: fixture.width,
    height: fixture.height,
    data: new Uint8Array(Buffer.from(fixture.picture, 'base64')),
  };

  it.each(fixture.cases)('changes colours as the formulas do: $steps', ({ steps, expected }) => {
    const ours = jitter(
      source,
      steps.map(([change, amount]) => ({ change, amount })),
    );
    const theirs = Buffer.from(expected, 'base64');
    const difference = Math.max(...ours.data.map((level, i) => Math.abs(level - theirs[i]!)));
    expect(difference).toBeLessThanOrEqual(1);
    expect(ours.data.filter((level, i) => level !== theirs[i]).length).toBeLessThan(5);
  });

  it('moves each property no further than its limit', () => {
    const grey: Picture = { width: 4, height: 4, data: new Uint8Array(48).fill(100) };
    const limits = { brightness: 0.1, contrast: 0, saturation: 0, hue: 0 };
    const levels = Array.from({ length: 200 }, (_, seed) => {
      return augment(grey, new Random(seed), { ...nothing, jitter: limits }).data[0]!;
    });
    expect(Math.min(...levels)).toBeGreaterThanOrEqual(90);
    expect(Math.min(...levels)).toBeLessThan(92);
    expect(Math.max(...levels)).toBeLessThanOrEqual(110);
    expect(Math.max(...levels)).toBeGreaterThan(108);
  });

  it.each(['brightness', 'contrast', 'saturation', 'hue'] as const)(
    'has an effect through %s alone',
    (change) => {
      const limits = { brightness: 0, contrast: 0, saturation: 0, hue: 0, [change]: 0.4 };
      const changed = augment(picture, new Random(1), { ...nothing, jitter: limits });
      expect(changed.data).not.toEqual(picture.data);
    },
  );

  it('without limits changes nothing', () => {
    const limits = { brightness: 0, contrast: 0, saturation: 0, hue: 0 };
    expect(augment(picture, new Random(1), { ...nothing, jitter: limits })).toEqual(picture);
  });
});

describe('flip', () => {
  it.each([4, 5])('swaps left and right of a picture %i px wide', (width) => {
    const source = gradientPicture(width, 3);
    const { data } = augment(source, new Random(1), { ...nothing, flip: 1 });
    for (let y = 0; y < 3; y++) {
      for (let x = 0; x < width; x++) {
        const mirrored = (y * width + width - 1 - x) * 3;
        const at = (y * width + x) * 3;
        expect(data.slice(at, at + 3)).toEqual(source.data.slice(mirrored, mirrored + 3));
      }
    }
  });

  it('happens as often as stated', () => {
    const flips = Array.from({ length: 400 }, (_, seed) =>
      augment(picture, new Random(seed), { ...nothing, flip: 0.25 }).data[0] === picture.data[0] ? 0 : 1,
    );
    const share = flips.reduce<number>((sum, flip) => sum + flip, 0) / flips.length;
    expect(share).toBeGreaterThan(0.18);
    expect(share).toBeLessThan(0.32);
  });
});

describe('erase', () => {
  const white: Picture = { width: 50, height: 40, data: new Uint8Array(6000).fill(255) };
  it('paints one black rectangle of 2 % to 33 % of the picture', () => {
    for (let seed = 0; seed < 200; seed++) {
      const { data } = augment(white, new Random(seed), { ...nothing, erase: 1 });
      const black = Array.from({ length: 2000 }, (_, i) => i).filter((i) => data[i * 3] === 0);
      const columns = black.map((i) => i % 50);
      const rows = black.map((i) => Math.floor(i / 50));
      const box =
        (Math.max(...columns) - Math.min(...columns) + 1) * (Math.max(...rows) - Math.min(...rows) + 1);
      expect(black.length).toBe(box);
      expect(black.length / 2000).toBeGreaterThan(0.015);
      expect(black.length / 2000).toBeLessThan(0.35);
    }
  });

  it('happens rarely by default', () => {
    const erased = Array.from({ length: 400 }, (_, seed) =>
      augment(white, new Random(seed), { ...nothing, erase: defaultAugmentation.erase }),
    ).filter(({ data }) => data.includes(0)).length;
    expect(erased).toBeGreaterThan(5);
    expect(erased).toBeLessThan(40);
  });
});

describe('augment', () => {
  it('gives the same picture for the same seed and another one for another seed', () => {
    const run = (seed: number) => augment(picture, new Random(seed), defaultAugmentation).data;
    expect(run(5)).toEqual(run(5));
    expect(run(5)).not.toEqual(run(6));
  });

  it('leaves its input as it was', () => {
    const before = picture.data.slice();
    for (let seed = 0; seed < 20; seed++)
      augment(picture, new Random(seed), { ...defaultAugmentation, erase: 1 });
    expect(picture.data).toEqual(before);
  });
});
