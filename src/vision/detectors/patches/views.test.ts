import { describe, expect, it } from 'vitest';
import { completePatchSettings } from './settings.ts';
import { planViews } from './views.ts';

/** Whole pictures. */
const source = (count: number) => {
  const pieces = [...Array(count).keys()];
  return { count, pieces, learnt: pieces, cut: null };
};
const plan = (count: number) => planViews(source(count), completePatchSettings({}));

describe('the views that are left out', () => {
  it('are those of a picture together, from two pictures on', () => {
    for (const count of [2, 4, 40]) {
      const { views, scored, samples, folds } = plan(count);
      expect(folds).toBe(Math.min(count, 10));
      expect(scored.map(({ picture, view }) => [picture, view])).toEqual(
        Array.from({ length: count }, (_, i) => [i, 0]),
      );
      expect(new Set(samples).size).toBe(count); // a threshold from two pictures rests on two scores
      for (const { picture, fold } of views) expect(fold).toBe(scored[picture]!.fold);
    }
  });

  it('of few pictures tell of places by their moved copies too, each for its picture', () => {
    const { besides, scored, samples } = plan(4);
    expect(besides).toHaveLength(4 * 23);
    expect(besides.every(({ view }) => view > 0)).toBe(true);
    for (const [i, { picture }] of besides.entries())
      expect(samples[scored.length + i]).toBe(samples[picture]);
    expect(plan(10).besides).toEqual([]);
  });

  it.each([
    [2, 24],
    [4, 24],
    [8, 12],
    [10, 9],
    [12, 8],
    [50, 8],
    [100, 4],
    [500, 1],
  ])('of %i pictures are %i of each: the fewer pictures, the more', (count, views) => {
    expect(plan(count).views).toHaveLength(count * views);
  });

  it('are moved copies where there is but one picture', () => {
    const { views, scored, besides, samples } = plan(1);
    expect(scored).toEqual(views);
    expect(besides).toEqual([]);
    expect(new Set(samples).size).toBe(8);
  });
});
