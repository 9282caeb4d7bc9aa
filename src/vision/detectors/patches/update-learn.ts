// What a patch detector adds of new good pictures: patches far from those that it remembers, and directions that it lacks.
// Nothing that was learnt is taken away, so distances can only fall: scores that were left out before stay upper bounds.
import { type Graph, Parameters, trace } from '../../../autodiff/index.ts';
import type { Encoder } from '../../encoders/encoder.ts';
import { quantile, sorted } from '../../scoring/order-statistics.ts';
import type { RegionMask } from '../../scoring/region-mask.ts';
import { type Axes, gridOf, patchRows, pixelInput } from './features.ts';
import {
  type Bank,
  type BankLevel,
  coordinatesOf,
  distancesGraph,
  type Learnt,
  type PartName,
  partsOf,
  rowWidth,
  type Scale,
  squaredDistance,
} from './graphs.ts';
import { eachView, joined, type Lesson } from './learn.ts';
import { type PatchRegion, valuesInside } from './patch-region.ts';
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

/** How far good patches are from each part of what was learnt: what is nearer adds nothing. */
export type Reach = Readonly<Record<PartName, number>>;

/** By how far remembered patches are from each other, and by the patches of a view that was learnt. */
export async function reachOf(lesson: Lessons, learnt: Learnt, view: View): Promise<Reach> {
  const { banks, subspace } = learnt;
  const [planes] = await distancesOf(lesson, learnt, [view]);
  const outside = subspace && valuesInside(planes!.get('subspace')!, lesson.region);
  return {
    fine: banks ? spacing(banks.fine) : 0,
    coarse: banks ? spacing(banks.coarse) : 0,
    subspace: outside ? quantile(sorted(outside), ORDINARY) : 0,
  };
}

/** The median distance of remembered patches to their nearest one. */
function spacing(bank: Bank): number {
  const { rows } = bank;
  const count = rowWidth(bank);
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
  const { banks, subspace } = learnt;
  if (banks === null)
    return { ...learnt, subspace: subspace && withAxes(subspace, wanted.subspace, reach.subspace) };
  const { bankBytes } = lesson.settings;
  const bytesOfPatch = 4 * (rowWidth(banks.fine) + 1 + rowWidth(banks.coarse) + 1);
  const most = Math.floor((MOST_GROWTH * bankBytes) / bytesOfPatch);
  const level = (name: BankLevel) => withRows(banks[name], wanted[name], reach[name], most);
  return {
    ...learnt,
    banks: { fine: level('fine'), coarse: level('coarse') },
    subspace: subspace && withAxes(subspace, wanted.subspace, reach.subspace),
  };
}

/** Rows of scaled features that lie beyond the reach of each part, by pieces; those of banks follow their coordinates, of weight 1. */
type Uncovered = Readonly<Record<PartName, readonly (readonly Float32Array[])[]>>;

async function uncoveredPatches(
  lesson: Lessons,
  learnt: Learnt,
  views: readonly View[],
  reach: Reach,
): Promise<Uncovered> {
  const { encoder, settings, region } = lesson;
  const planes = await distancesOf(lesson, learnt, views);
  const found = { fine: new Map(), coarse: new Map(), subspace: new Map() } as Record<
    PartName,
    Map<number, Float32Array[]>
  >;
  let at = 0;
  await eachView(lesson, rowsGraph(encoder, settings.imageSize), views, (out, { picture: piece }) => {
    const [joint, coarse] = [out.joint!.data as Float32Array, out.coarse!.data as Float32Array];
    const all = { joint, coarse, patches: out.joint!.dims[0]!, coarsePatches: out.coarse!.dims[0]! };
    const own = planes[at++]!;
    for (const part of partsOf(learnt)) {
      const rows = farRows[part](all, own.get(part)!, learnt.scale, region, reach[part]);
      found[part].set(piece, [...(found[part].get(piece) ?? []), ...rows]);
    }
  });
  const byPiece = (part: PartName) => [...found[part].values()];
  return { fine: byPiece('fine'), coarse: byPiece('coarse'), subspace: byPiece('subspace') };
}

/** pixels -> joint [g * g, channels] and coarse [g * g / 4, coarse channels]: the rows of all patches, not scaled. */
function rowsGraph(encoder: Encoder, size: number): Graph {
  return trace(new Parameters(0), {
    inputs: { pixels: pixelInput(size) },
    build: (_, { pixels }) => {
      const { joint, coarse } = patchRows(encoder, pixels, size);
      return { joint, coarse };
    },
  });
}

interface AllRows {
  readonly joint: Float32Array;
  readonly coarse: Float32Array;
  readonly patches: number;
  readonly coarsePatches: number;
}

/** Of one view, the rows of a part that lie beyond its reach, the farthest first. `plane`: [g * g], whatever the part. */
const farRows: Readonly<
  Record<
    PartName,
    (
      rows: AllRows,
      plane: Float32Array,
      scale: Scale,
      region: PatchRegion | null,
      reach: number,
    ) => Float32Array[]
  >
> = {
  fine({ joint, patches, coarse, coarsePatches }, plane, scale, region, reach) {
    const [width, own] = [joint.length / patches, joint.length / patches - coarse.length / coarsePatches];
    return farthest(plane, region?.patches, reach).map((i) =>
      withCoordinates(scaledRow(joint, i * width, 0, own, scale), i, patches),
    );
  },
  coarse({ coarse, coarsePatches }, plane, scale, region, reach) {
    const own = coarse.length / coarsePatches;
    return farthest(halved(plane), region?.coarse, reach).map((i) =>
      withCoordinates(scaledRow(coarse, i * own, scale.mean.length - own, own, scale), i, coarsePatches),
    );
  },
  subspace({ joint, patches }, plane, scale, region, reach) {
    const width = joint.length / patches;
    return farthest(plane, region?.patches, reach).map((i) => scaledRow(joint, i * width, 0, width, scale));
  },
};

function withCoordinates(row: Float32Array, patch: number, patches: number): Float32Array {
  return joined([Float32Array.from(coordinatesOf(patch, Math.sqrt(patches), row.length, 1)), row]);
}

/** The highest of each four places. [g * g] -> [g * g / 4] */
function halved(plane: Float32Array): Float32Array {
  const grid = Math.sqrt(plane.length);
  return Float32Array.from({ length: plane.length / 4 }, (_, i) => {
    const at = 2 * grid * Math.floor((2 * i) / grid) + ((2 * i) % grid);
    return Math.max(plane[at]!, plane[at + 1]!, plane[at + grid]!, plane[at + grid + 1]!);
  });
}

function farthest(plane: Float32Array, mask: RegionMask | undefined, reach: number): number[] {
  return [...plane.keys()]
    .filter((i) => plane[i]! > reach && (mask === undefined || mask.inside[i] === 1))
    .sort((a, b) => plane[b]! - plane[a]!)
    .slice(0, MOST_CANDIDATES);
}

/** `count` channels from `channel` on, which lie from `at` on. */
function scaledRow(
  rows: Float32Array,
  at: number,
  channel: number,
  count: number,
  { mean, deviation }: Scale,
): Float32Array {
  return Float32Array.from(
    { length: count },
    (_, c) => (rows[at + c]! - mean[channel + c]!) / deviation[channel + c]!,
  );
}

/** Of each view the distances of all patches, a plane [g * g] for each part. */
async function distancesOf(
  lesson: Lessons,
  learnt: Learnt,
  views: readonly View[],
): Promise<Map<PartName, Float32Array>[]> {
  const { encoder, settings } = lesson;
  const patches = gridOf(settings.imageSize) ** 2;
  const found: Map<PartName, Float32Array>[] = [];
  await eachView(lesson, distancesGraph(encoder, settings.imageSize, learnt), views, ({ distances }) => {
    const data = distances!.data as Float32Array;
    found.push(new Map(partsOf(learnt).map((part, k) => [part, data.slice(k * patches, (k + 1) * patches)])));
  });
  return found;
}

function withRows(
  bank: Bank,
  pieces: readonly (readonly Float32Array[])[],
  reach: number,
  most: number,
): Bank {
  const total = bank.rows.length / rowWidth(bank);
  const room = Math.max(0, Math.min(total, most - total));
  const perPiece = Math.min(Math.ceil(MOST_OF_A_PIECE * total), Math.floor(room / pieces.length));
  const added: Float32Array[] = [];
  for (const piece of pieces) {
    const places = piece.map((row) => remembered(row, bank));
    const nearest = places.map((place) => nearestOf(place, added));
    added.push(...farthestFirst(places, nearest, perPiece, reach));
  }
  return { ...bank, rows: joined([bank.rows, ...added]) };
}

/** A row of coordinates and scaled features, as the bank holds it. */
function remembered(row: Float32Array, { axes, placeWeight }: Bank): Float32Array {
  const places = along(row.subarray(2), axes);
  if (placeWeight === 0) return places;
  return joined([row.subarray(0, 2).map((v) => placeWeight * v), places]);
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
