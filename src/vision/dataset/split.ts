// Which pictures train and which judge: seeded splits, so that a run can be repeated.
import { Random } from '../../autodiff/random.ts';
import { OkapiError } from '../errors.ts';

export interface SplitOptions {
  readonly seed?: number;
  /** Share of the items that is held out, above 0 and below 1. */
  readonly ratio?: number;
}

export interface Split<T> {
  readonly train: T[];
  readonly validation: T[];
}

/**
 * Holds out a random share, rounded to whole items but at least one on each side; both keep the order of `items`.
 * Throws dataset.too_few_images for fewer than two items, option.invalid for a ratio out of range.
 */
export function splitValidation<T>(
  items: readonly T[],
  { seed = 42, ratio = 0.2 }: SplitOptions = {},
): Split<T> {
  if (!(ratio > 0 && ratio < 1)) {
    throw new OkapiError('option.invalid', `expected a validation ratio above 0 and below 1, got ${ratio}`);
  }
  if (items.length < 2) {
    throw new OkapiError(
      'dataset.too_few_images',
      `expected at least 2 pictures to split, got ${items.length}`,
    );
  }
  const heldOut = Math.min(Math.max(Math.round(items.length * ratio), 1), items.length - 1);
  const chosen = new Set(new Random(seed).shuffled([...items.keys()]).slice(0, heldOut));
  return {
    train: items.filter((_, i) => !chosen.has(i)),
    validation: items.filter((_, i) => chosen.has(i)),
  };
}

/** The fold, 0 to folds - 1, of each of `count` items, at random; the sizes of the folds differ by at most one. */
export function assignFolds(count: number, folds: number, seed: number): number[] {
  if (!Number.isInteger(folds) || folds < 2 || folds > count) {
    throw new Error(`internal: expected 2 to ${count} folds for ${count} items, got ${folds}`);
  }
  return new Random(seed).shuffled(Array.from({ length: count }, (_, i) => i % folds));
}
