// The views of good pictures that the patch detectors learn from, and which of them are left out together.
import { Random } from '../../../autodiff/random.ts';
import { assignFolds } from '../../dataset/split.ts';
import { move, someMovement } from '../../image/move.ts';
import type { Picture } from '../../image/picture.ts';
import type { GoodPictures } from '../../training/good-pictures.ts';
import { gridOf } from './features.ts';
import type { PatchSettings } from './settings.ts';

/** View 0 is the piece itself. Views of one fold are left out together. */
export interface View {
  /** The index of a piece: of a picture, or of one tile of it. */
  readonly picture: number;
  readonly view: number;
  readonly fold: number;
}

export interface ViewPlan {
  readonly views: readonly View[];
  /** The views whose scores the threshold rests on. */
  readonly scored: readonly View[];
  /** Moved views of few pictures: left out too, they tell what good parts give at each place, and how far their scores reach. */
  readonly besides: readonly View[];
  /** For each of `scored` and `besides` the score that it belongs to, 0, 1, ...: that of a picture is the highest of its tiles. */
  readonly samples: readonly number[];
  readonly folds: number;
}

/**
 * Folds of pictures. With fewer, left-out pictures miss so many others that they look worse than fresh good ones: at 5 folds
 * the middle of aliens' left-out scores lay half a spread too high.
 */
const FOLDS = 10;
/** Of fewer pictures, places and spreads are told by moved views as well: of 4 pictures of aliens, AUROC 0.937 -> 0.953. */
const FEW_PICTURES = 10;
/** Of very many tiles, those of at least so many pictures are scored. */
const LEAST_SCORED = 3;
/**
 * Fewer pictures are moved more often: 24 views of each of 4 in place of 8 raise the AUROC of six drawn sets by 0.011 on average and
 * that of aliens by 0.001. Of a single one, so many left-out copies look too much like those learnt: with 16 of them 15 of 20 good
 * aliens were called anomalous.
 */
const VARIED_PICTURES = 12;
const MOST_TIMES = 3;
const VIEWS_OF_ONE = 8;
/** The most views of all pictures together, unless there are more pictures. */
const MOST_VIEWS = 400;
/** From few pictures cut into many tiles, the most views that are learnt. */
const MOST_TILES_OF_FEW = 1000;
/** The most patches that are scored: what is measured of each stays in memory, 12 bytes for three parts. */
const MOST_SCORED = 2 ** 24;

type Source = Pick<GoodPictures, 'count' | 'pieces' | 'learnt' | 'cut'>;

/** Pictures are left out in folds, with all of their tiles and views; of a single picture, views. */
export function planViews(source: Source, settings: PatchSettings): ViewPlan {
  const { count, pieces, learnt } = source;
  if (count === 1) {
    const folds = VIEWS_OF_ONE / 2;
    const inFolds = (views: { picture: number; view: number }[]) =>
      views.map((v) => ({ ...v, fold: v.view % folds }));
    const scored = inFolds(allViews([...pieces.keys()], VIEWS_OF_ONE));
    const perPiece = Math.max(1, Math.min(VIEWS_OF_ONE, Math.floor(MOST_TILES_OF_FEW / learnt.length)));
    // Where not every view of every tile is learnt, tiles take turns, so that every fold learns some.
    const views = inFolds(allViews(learnt, perPiece)).map((v, i) =>
      perPiece === VIEWS_OF_ONE ? v : turned(v, Math.floor(i / perPiece), folds),
    );
    const samples = scored.map(({ picture, view }) => pieces[picture]! * VIEWS_OF_ONE + view);
    return { views, scored, besides: [], samples: numbered(samples), folds };
  }
  const folds = Math.min(FOLDS, count);
  const foldOf = assignFolds(count, folds, settings.seed);
  const wanted = settings.views * Math.max(1, Math.min(MOST_TIMES, VARIED_PICTURES / count));
  const perPiece = Math.max(1, Math.floor(Math.min(wanted, MOST_VIEWS / learnt.length)));
  const inFolds = (views: { picture: number; view: number }[]) =>
    views.map((v) => ({ ...v, fold: foldOf[pieces[v.picture]!]! }));
  const views = inFolds(allViews(learnt, perPiece));
  const scored = inFolds(allViews(scoredPieces(source, settings), 1));
  const besides = count < FEW_PICTURES && pieces.length === count ? views.filter(({ view }) => view > 0) : [];
  const samples = [...scored, ...besides].map(({ picture }) => pieces[picture]!);
  return { views, scored, besides, samples: numbered(samples), folds };
}

function turned(view: View, turn: number, folds: number): View {
  const other = (view.view + turn) % VIEWS_OF_ONE;
  return { ...view, view: other, fold: other % folds };
}

/** All pieces; of very many tiles those of as many pictures, drawn by chance, as memory has room for. */
function scoredPieces({ count, pieces, cut }: Source, { imageSize, seed }: PatchSettings): number[] {
  const all = [...pieces.keys()];
  if (cut === null) return all;
  const most = Math.max(1, Math.floor((MOST_SCORED / gridOf(imageSize) ** 2 / pieces.length) * count));
  if (most >= count) return all;
  const order = new Random(seed).fork('scored pictures').shuffled([...Array(count).keys()]);
  const chosen = new Set(order.slice(0, Math.max(most, LEAST_SCORED)));
  return all.filter((piece) => chosen.has(pieces[piece]!));
}

/** The same numbers for the same values, 0, 1, ... in the order in which they come up. */
function numbered(values: readonly number[]): number[] {
  const numbers = new Map<number, number>();
  return values.map((value) => {
    if (!numbers.has(value)) numbers.set(value, numbers.size);
    return numbers.get(value)!;
  });
}

function allViews(pieces: readonly number[], views: number): { picture: number; view: number }[] {
  const rows = pieces.map((picture) => Array.from({ length: views }, (_, view) => ({ picture, view })));
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
