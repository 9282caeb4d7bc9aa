// What a patch detector adds of new good pictures: patches far from those that it remembers, and directions that it lacks.
// Nothing that was learnt is taken away, so distances can only fall: scores that were left out before stay upper bounds.
import { quantile, sorted } from '../../scoring/order-statistics.ts';
import { widthOf } from './features.ts';
import { type Axes, distancesGraph, type Learnt, placesGraph } from './graphs.ts';
import { eachView, joined, type Lesson } from './learn.ts';
import { valuesInside } from './patch-region.ts';
import type { View } from './views.ts';

/** Of each piece at most this share of the remembered patches is added, and of one update no more than there were. */
const MOST_OF_A_PIECE = 0.1;
/** The remembered patches may grow to so many times the bytes of the setting. */
const MOST_GROWTH = 2;
/** Directions that are added for one piece at most, and by one update. */
const MOST_AXES_OF_A_PIECE = 16;
const MOST_AXES = 64;
/** The share of a good part's patches that lie within the subspace well enough; those beyond make the score. */
const ORDINARY = 0.98;
/** Patches of a view that directions are looked for in. */
const MOST_CANDIDATES = 200;
/** Looked at to find how far remembered patches are from each other. */
const SAMPLED_ROWS = 200;

type Lessons = Pick<Lesson, 'encoder' | 'settings' | 'region' | 'pictures' | 'runtime' | 'signal'>;

/** How far good patches are from what was learnt: what is nearer adds nothing. */
export interface Reach {
  readonly bank: number;
  readonly subspace: number;
}

/** By how far remembered patches are from each other, and by the patches of a view that was learnt. */
export async function reachOf(lesson: Lessons, learnt: Learnt, view: View): Promise<Reach> {
  const [planes] = await distancesOf(lesson, learnt, [view]);
  return {
    bank: learnt.bank ? spacing(learnt.bank) : 0,
    subspace: learnt.subspace ? quantile(sorted(planes!.at(-1)!), ORDINARY) : 0,
  };
}

/** The median distance of remembered patches to their nearest one. */
function spacing({ axes: { count }, rows }: NonNullable<Learnt['bank']>): number {
  const total = rows.length / count;
  const step = Math.max(1, Math.floor(total / SAMPLED_ROWS));
  const row = (i: number) => rows.subarray(i * count, (i + 1) * count);
  const nearest: number[] = [];
  for (let i = 0; i < total; i += step) {
    let best = Number.POSITIVE_INFINITY;
    for (let j = 0; j < total; j++) if (j !== i) best = Math.min(best, squaredDistance(row(i), row(j), best));
    nearest.push(Math.sqrt(best));
  }
  return quantile(sorted(nearest), 0.5);
}

/** What was learnt, and what it lacks of the views: of each piece its farthest patches. */
export async function learnMore(
  lesson: Lessons,
  learnt: Learnt,
  views: readonly View[],
  reach: Reach,
): Promise<Learnt> {
  const wanted = await uncoveredPatches(lesson, learnt, views, reach);
  const { bank, subspace } = learnt;
  return {
    ...learnt,
    bank: bank && withRows(bank, wanted.bank, reach.bank, lesson.settings.bankBytes),
    subspace: subspace && withAxes(subspace, wanted.subspace, reach.subspace),
  };
}

/** Rows of scaled features that lie beyond the reach, for each head by pieces. */
interface Uncovered {
  readonly bank: readonly (readonly Float32Array[])[];
  readonly subspace: readonly (readonly Float32Array[])[];
}

async function uncoveredPatches(
  lesson: Lessons,
  learnt: Learnt,
  views: readonly View[],
  reach: Reach,
): Promise<Uncovered> {
  const { encoder, settings, region } = lesson;
  const planes = await distancesOf(lesson, learnt, views);
  const width = widthOf(encoder);
  const found = { bank: new Map<number, Float32Array[]>(), subspace: new Map<number, Float32Array[]>() };
  const add = (head: keyof typeof found, piece: number, rows: Float32Array[]) =>
    found[head].set(piece, [...(found[head].get(piece) ?? []), ...rows]);
  let at = 0;
  await eachView(
    lesson,
    placesGraph(encoder, settings.imageSize, learnt.scale, identity(width), region),
    views,
    ({ places }, { picture: piece }) => {
      const data = places!.data as Float32Array;
      const rows = (indices: number[]) => indices.map((i) => data.slice(i * width, (i + 1) * width));
      const heads = planes[at++]!;
      if (learnt.bank) add('bank', piece, rows(beyond(heads[0]!, reach.bank)));
      if (learnt.subspace) add('subspace', piece, rows(worst(heads.at(-1)!, reach.subspace)));
    },
  );
  return { bank: [...found.bank.values()], subspace: [...found.subspace.values()] };
}

/** Of each view the distances of the patches that count, a plane for each head. */
async function distancesOf(
  lesson: Lessons,
  learnt: Learnt,
  views: readonly View[],
): Promise<Float32Array[][]> {
  const { encoder, settings, region } = lesson;
  const found: Float32Array[][] = [];
  await eachView(lesson, distancesGraph(encoder, settings.imageSize, learnt), views, ({ distances }) => {
    const [heads, patches] = distances!.dims as [number, number];
    const data = distances!.data as Float32Array;
    const plane = (head: number) => data.slice(head * patches, (head + 1) * patches);
    found.push(Array.from({ length: heads }, (_, head) => valuesInside(plane(head), region)));
  });
  return found;
}

/** Axes along which a row is itself. */
function identity(width: number): Axes {
  const data = new Float32Array(width * width);
  for (let i = 0; i < width; i++) data[i * width + i] = 1;
  return { data, count: width };
}

const beyond = (plane: Float32Array, reach: number) => [...plane.keys()].filter((i) => plane[i]! > reach);

/** The farthest ones; no more than can be looked at together. */
function worst(plane: Float32Array, reach: number): number[] {
  return beyond(plane, reach)
    .sort((a, b) => plane[b]! - plane[a]!)
    .slice(0, MOST_CANDIDATES);
}

function withRows(
  { axes, rows }: NonNullable<Learnt['bank']>,
  pieces: readonly (readonly Float32Array[])[],
  reach: number,
  bankBytes: number,
): NonNullable<Learnt['bank']> {
  const total = rows.length / axes.count;
  const most = Math.floor((MOST_GROWTH * bankBytes) / (4 * (axes.count + 1)));
  const room = Math.max(0, Math.min(total, most - total));
  const perPiece = Math.min(Math.ceil(MOST_OF_A_PIECE * total), Math.floor(room / pieces.length));
  const added: Float32Array[] = [];
  for (const piece of pieces) {
    const places = piece.map((row) => along(row, axes));
    const nearest = places.map((place) => nearestOf(place, added));
    added.push(...farthestFirst(places, nearest, perPiece, reach));
  }
  return { axes, rows: joined([rows, ...added]) };
}

const nearestOf = (place: Float32Array, others: readonly Float32Array[]) =>
  others.reduce(
    (best, other) => Math.min(best, squaredDistance(place, other, best)),
    Number.POSITIVE_INFINITY,
  );

/** Greedy k-center, until all are within the reach of one that was chosen. `nearest`: squared distances, brought up to date. */
function farthestFirst(
  places: readonly Float32Array[],
  nearest: number[],
  count: number,
  reach: number,
): Float32Array[] {
  const chosen: Float32Array[] = [];
  while (chosen.length < count) {
    const next = nearest.reduce((best, d, i) => (d > nearest[best]! ? i : best), 0);
    if (places.length === 0 || nearest[next]! <= reach ** 2) break;
    const place = places[next]!;
    chosen.push(place);
    for (const [i, other] of places.entries())
      nearest[i] = Math.min(nearest[i]!, squaredDistance(place, other, nearest[i]!));
  }
  return chosen;
}

/** Orthonormal directions of what is left of the rows, the longest first (Gram-Schmidt with pivots). */
function withAxes(axes: Axes, pieces: readonly (readonly Float32Array[])[], reach: number): Axes {
  const added: Float32Array[] = [];
  for (const piece of pieces) {
    const left = piece.map((row) => without(without(row, rowsOf(axes)), added));
    for (let k = 0; k < MOST_AXES_OF_A_PIECE && added.length < MOST_AXES && left.length > 0; k++) {
      const longest = left.reduce((best, row) => (length(row) > length(best) ? row : best));
      if (length(longest) <= reach) break;
      const scale = 1 / length(longest);
      const axis = longest.map((v) => v * scale);
      added.push(axis);
      for (const [i, row] of left.entries()) left[i] = without(row, [axis]);
    }
  }
  return { data: joined([axes.data, ...added]), count: axes.count + added.length };
}

function rowsOf({ data, count }: Axes): Float32Array[] {
  const width = data.length / count;
  return Array.from({ length: count }, (_, k) => data.subarray(k * width, (k + 1) * width));
}

/** A row without its part along orthonormal axes. */
function without(row: Float32Array, axes: readonly Float32Array[]): Float32Array {
  const left = row.slice();
  for (const axis of axes) {
    const share = dot(left, axis);
    for (let c = 0; c < left.length; c++) left[c] = left[c]! - share * axis[c]!;
  }
  return left;
}

const along = (row: Float32Array, axes: Axes) => Float32Array.from(rowsOf(axes), (axis) => dot(row, axis));

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

const length = (row: Float32Array) => Math.sqrt(dot(row, row));

/** Given up once it is more than `most`. */
function squaredDistance(a: Float32Array, b: Float32Array, most = Number.POSITIVE_INFINITY): number {
  let sum = 0;
  for (let i = 0; i < a.length && sum < most; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}
