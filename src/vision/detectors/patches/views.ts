// The views of good pictures that the patch detectors learn from, and which of them are left out together.
import { Random } from '../../../autodiff/random.ts';
import { assignFolds } from '../../dataset/split.ts';
import { move, someMovement } from '../../image/move.ts';
import type { Picture } from '../../image/picture.ts';
import type { GoodPictures } from '../../training/good-pictures.ts';
import type { PatchSettings } from './settings.ts';

/** View 0 is the picture itself. Views of one fold are left out together. */
export interface View {
  readonly picture: number;
  readonly view: number;
  readonly fold: number;
}

export interface ViewPlan {
  readonly views: readonly View[];
  /** The views whose scores the threshold rests on. */
  readonly scored: readonly View[];
  readonly folds: number;
}

/** Folds of pictures; more would cost time and say little more. */
const FOLDS = 5;
/** From so few pictures, moved views are left out in their place: nothing else is there. */
export const FEW_PICTURES = 3;
const VIEWS_OF_FEW = 8;
/** The most views of all pictures together, unless there are more pictures. */
const MOST_VIEWS = 400;

/** Pictures are left out in folds; of one or two pictures, views. */
export function planViews(count: number, settings: PatchSettings): ViewPlan {
  if (count < FEW_PICTURES) {
    const folds = VIEWS_OF_FEW / 2;
    const views = allViews(count, VIEWS_OF_FEW).map((v) => ({ ...v, fold: v.view % folds }));
    return { views, scored: views, folds };
  }
  const folds = Math.min(FOLDS, count);
  const foldOf = assignFolds(count, folds, settings.seed);
  const perPicture = Math.max(1, Math.min(settings.views, Math.floor(MOST_VIEWS / count)));
  const views = allViews(count, perPicture).map((v) => ({ ...v, fold: foldOf[v.picture]! }));
  return { views, scored: views.filter(({ view }) => view === 0), folds };
}

function allViews(pictures: number, views: number): { picture: number; view: number }[] {
  const rows = Array.from({ length: pictures }, (_, picture) =>
    Array.from({ length: views }, (_, view) => ({ picture, view })),
  );
  return rows.flat();
}

/** The pixels of a view; the same seed moves it in the same way. */
export async function pictureOf(
  pictures: GoodPictures,
  { picture, view }: View,
  seed: number,
): Promise<Picture> {
  const plain = await pictures.picture(picture);
  if (view === 0) return plain;
  const random = new Random(seed).fork(`view ${view} of picture ${picture}`);
  return move(plain, someMovement(random, plain.width));
}
