// The graphs of the patch detectors: how far each patch is from what was learnt, and the inspection that is served.
import {
  add,
  argMax,
  concat,
  constant,
  div,
  exp,
  type Graph,
  gather,
  gatherElements,
  matmul,
  max,
  mean,
  min,
  minimum,
  mul,
  neg,
  Parameters,
  relu,
  reshape,
  resize,
  sqrt,
  sub,
  sum,
  sumSquare,
  trace,
  type Value,
} from '../../../autodiff/index.ts';
import type { Encoder } from '../../encoders/encoder.ts';
import { insideMap, topInside } from '../region-graph.ts';
import { type Axes, averaged, gridOf, levelWidths, patchRows, pixelInput, toGrid } from './features.ts';
import { fromDrawing, type Layout, layoutOf } from './layout-network.ts';
import { factorsInside, type PatchRegion, rowsInside } from './patch-region.ts';

export const headNames = ['memory-bank', 'subspace', 'autoencoder'] as const;
export type HeadName = (typeof headNames)[number];

/** How rows of features are measured: each channel by its own mean and deviation, both [channels]. */
export interface Scale {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** The levels that patches are remembered at. */
export const bankLevels = ['fine', 'coarse'] as const;
export type BankLevel = (typeof bankLevels)[number];

/** How the patches of a level are remembered and searched. */
export interface BankPlan {
  readonly axes: Axes;
  /** See PatchSettings. */
  readonly placeWeight: number;
  /** See PatchSettings. */
  readonly reweightNeighbours: number;
}

/** Patches of a level that stand for all: rows of two coordinates in the picture, where they count, and of places along `axes`. */
export interface Bank extends BankPlan {
  readonly rows: Float32Array;
}

/** The numbers of a remembered patch. */
export const rowWidth = ({ axes, placeWeight }: Pick<BankPlan, 'axes' | 'placeWeight'>) =>
  axes.count + (placeWeight > 0 ? 2 : 0);

/** What was learnt of good patches. */
export interface Learnt {
  /** Of the channels of both levels, the fine ones first. */
  readonly scale: Scale;
  readonly banks: Readonly<Record<BankLevel, Bank>> | null;
  /** The directions in which good patches vary; what lies outside of them is anomalous. */
  readonly subspace: Axes | null;
  /** Missing where it was not trained. */
  readonly layout?: Layout | null;
}

/** What gives a distance for each patch, and the head that it belongs to. */
export const partNames = ['fine', 'coarse', 'subspace'] as const;
export type PartName = (typeof partNames)[number];
export const headOfPart = {
  fine: 'memory-bank',
  coarse: 'memory-bank',
  subspace: 'subspace',
  autoencoder: 'autoencoder',
} as const satisfies Record<PlaneName, HeadName>;

/** The parts that grow without a training, of those that were learnt, in the order of `partNames`. */
export const partsOf = ({ banks, subspace }: Learnt): PartName[] =>
  partNames.filter((part) => (part === 'subspace' ? subspace : banks) !== null);

/** All that gives distances: those parts, and last the autoencoder where it was trained. */
export type PlaneName = PartName | 'autoencoder';
export const planesOf = (learnt: Learnt): PlaneName[] => [
  ...partsOf(learnt),
  ...(learnt.layout ? (['autoencoder'] as const) : []),
];

/** How the distances of each part become its plane, its score and so the score and the map of all parts. */
export type Fusion = readonly {
  /** The plane of a part is gain * distance + offset, [g * g] each. */
  readonly gain: Float32Array;
  readonly offset: Float32Array;
  /** The share of its patches, the worst ones, whose mean is the score of a part. */
  readonly topShare: number;
}[];

/** pixels -> distances [parts, g * g]: of each patch from its nearest remembered ones, from the subspace of good ones. */
export function distancesGraph(encoder: Encoder, size: number, learnt: Learnt): Graph {
  return trace(new Parameters(0), {
    inputs: { pixels: pixelInput(size) },
    build: (_, { pixels }) => {
      const parts = distances(encoder, pixels, size, learnt);
      return { distances: concat(parts, 0) };
    },
  });
}

/** pixels -> what means and covariances of the patches that count are made of: total [channels], products [channels, channels]. */
export function momentsGraph(encoder: Encoder, size: number, region: PatchRegion | null = null): Graph {
  return trace(new Parameters(0), {
    inputs: { pixels: pixelInput(size) },
    build: (_, { pixels }) => {
      const rows = rowsInside(patchRows(encoder, pixels, size).joint, region?.patches);
      return { total: sum(rows, { axes: [0] }), products: matmul(rows, rows, { transA: true }) };
    },
  });
}

/** pixels -> rows [patches that count, rowWidth] for each level, as its bank remembers them. */
export function placesGraph(
  encoder: Encoder,
  size: number,
  scale: Scale,
  plans: Readonly<Record<BankLevel, BankPlan>>,
  region: PatchRegion | null = null,
): Graph {
  return trace(new Parameters(0), {
    inputs: { pixels: pixelInput(size) },
    build: (_, { pixels }) => {
      const rows = patchRows(encoder, pixels, size);
      const masks = { fine: region?.patches, coarse: region?.coarse };
      const places = (level: BankLevel) =>
        rowsInside(placed(scaled(rows[level], scaleAt(level, scale, encoder)), plans[level]), masks[level]);
      return { fine: places('fine'), coarse: places('coarse') };
    },
  });
}

/** pixels -> layout [1, axes, g / 2, g / 2]: what the autoencoder draws. */
export function layoutGraph(encoder: Encoder, size: number, scale: Scale, axes: Axes): Graph {
  return trace(new Parameters(0), {
    inputs: { pixels: pixelInput(size) },
    build: (_, { pixels }) => ({
      layout: layoutOf(along(scaled(patchRows(encoder, pixels, size).joint, scale), axes)),
    }),
  });
}

/**
 * The model that is served. pixels [1, S, S, 3] uint8 -> score [1], map [1, S, S] and shares [parts]. Each part has a plane:
 * gain * distance + offset. shares = for each part the mean of the worst patches of its plane; score = the highest of them;
 * map = the highest plane at each patch, averaged with its neighbours, drawn at the size of the picture.
 * With a region only patches that hold some of it count, and the map outside is below every threshold.
 */
export function inspectionGraph(
  encoder: Encoder,
  size: number,
  learnt: Learnt,
  fusion: Fusion,
  region: PatchRegion | null = null,
): Graph {
  const grid = gridOf(size);
  const plane = (data: Float32Array) => constant(data, [1, grid * grid]);
  return trace(new Parameters(0), {
    inputs: { pixels: pixelInput(size) },
    build: (_, { pixels }) => {
      const planes = distances(encoder, pixels, size, learnt).map((distance, part) =>
        add(mul(distance, plane(fusion[part]!.gain)), plane(fusion[part]!.offset)),
      );
      const highest = max(concat(planes, 0), { axes: [0], keepDims: true });
      const drawn = resize(calm(reshape(highest, [1, 1, grid, grid]), region), {
        height: size,
        width: size,
        mode: 'bilinear',
      });
      const map = insideMap(drawn, region?.pixels ?? null);
      const top = (row: Value, part: number) =>
        mean(topInside(row, fusion[part]!.topShare, region?.patches ?? null), { axes: [1] });
      const shares = concat(planes.map(top), 0);
      return {
        score: max(shares, { axes: [0], keepDims: true }),
        map: reshape(map, [1, size, size]),
        shares,
      };
    },
  });
}

/** Each patch averaged with its neighbours that count. [1, 1, g, g] */
function calm(fused: Value, region: PatchRegion | null): Value {
  if (region === null) return averaged(fused, 3);
  const plane = (data: Float32Array) => constant(data, fused.type.shape);
  const kept = mul(fused, plane(Float32Array.from(region.patches.inside)));
  const { width } = region.patches;
  return mul(averaged(kept, 3), plane(factorsInside(region, (p) => neighbourMean(p, width))));
}

/** Each patch of a plane [g * g] averaged with its neighbours that are there, as `averaged` does by 3. */
export function neighbourMean(plane: Float64Array, grid: number): Float64Array {
  return plane.map((_, i) => {
    const [x, y] = [i % grid, Math.floor(i / grid)];
    let [sum, count] = [0, 0];
    for (let v = Math.max(0, y - 1); v <= Math.min(grid - 1, y + 1); v++)
      for (let u = Math.max(0, x - 1); u <= Math.min(grid - 1, x + 1); u++) {
        sum += plane[v * grid + u]!;
        count++;
      }
    return sum / count;
  });
}

/** One row [1, g * g] for each part that was learnt, in the order of `planesOf`. */
function distances(encoder: Encoder, pixels: Value, size: number, learnt: Learnt): Value[] {
  const { scale, banks, subspace, layout = null } = learnt;
  const rows = patchRows(encoder, pixels, size);
  const grid = gridOf(size);
  const fromLevel = (level: BankLevel) =>
    banks && fromBank(scaled(rows[level], scaleAt(level, scale, encoder)), banks[level]);
  const found = [
    fromLevel('fine'),
    fromLevel('coarse'),
    subspace && fromSubspace(scaled(rows.joint, scale), subspace),
    layout && fromDrawing(layoutOf(along(scaled(rows.joint, scale), layout.axes)), layout),
  ];
  return found.filter((d) => d !== null).map((d) => reshape(toGrid(asMap(d), grid), [1, grid * grid]));
}

/** Distances of patches [g * g, 1] as a map [1, 1, g, g]. */
function asMap(distance: Value): Value {
  const grid = Math.sqrt(distance.type.shape[0]!);
  return reshape(distance, [1, 1, grid, grid]);
}

/** The part of the scale that belongs to the channels of a level. */
function scaleAt(level: BankLevel, { mean, deviation }: Scale, encoder: Encoder): Scale {
  const [fine] = levelWidths(encoder);
  const [from, to] = level === 'fine' ? [0, fine!] : [fine!, mean.length];
  return { mean: mean.slice(from, to), deviation: deviation.slice(from, to) };
}

function scaled(rows: Value, { mean, deviation }: Scale): Value {
  const factor = constant(deviation.map((d) => 1 / d));
  return mul(sub(rows, constant(mean)), factor);
}

/** Remembered patches whose distances are found together, so that these stay in the cache of a core. */
const REMEMBERED_TOGETHER = 768;

/** The distance of each row to the nearest remembered patch. [patches, 1] */
function fromBank(rows: Value, bank: Bank): Value {
  const places = placed(rows, bank);
  const width = rowWidth(bank);
  const remembered = bank.rows.length / width;
  const patches = places.type.shape[0]!;
  const queries = concat([places, constant(new Float32Array(patches).fill(1), [patches, 1])], 1);
  const count = Math.min(bank.reweightNeighbours, remembered - 1);
  const together = count > 0 ? remembered : REMEMBERED_TOGETHER;
  const parts: Value[] = [];
  for (let from = 0; from < remembered; from += together)
    parts.push(apartFrom(queries, bank.rows.subarray(from * width, (from + together) * width), width));
  const least = parts.map((apart) => min(apart, { axes: [1], keepDims: true })).reduce(minimum);
  const squared = lengths(places);
  const nearest = root(add(least, squared));
  return count > 0 ? reweighted(nearest, parts[0]!, squared, neighbours(bank, count)) : nearest;
}

/**
 * |q - b|^2 = |q|^2 + |b|^2 - 2 qb without the |q|^2, so that all distances are one matrix product: [q, 1] with [-2 b, |b|^2]. A sum
 * afterwards would read and write them all once more. [patches, remembered]
 */
function apartFrom(queries: Value, remembered: Float32Array, width: number): Value {
  const count = remembered.length / width;
  const rows = new Float32Array(count * (width + 1));
  for (let i = 0; i < count; i++) {
    let square = 0;
    for (let c = 0; c < width; c++) {
      const v = remembered[i * width + c]!;
      rows[i * (width + 1) + c] = -2 * v;
      square += v ** 2;
    }
    rows[i * (width + 1) + width] = square;
  }
  return matmul(queries, constant(rows, [count, width + 1]), { transB: true });
}

/** Beyond, what the exponential grows to no longer matters. */
const MOST_APART = 60;

/**
 * The distance d to the nearest remembered patch m, times 1 - exp(d) / sum of exp(d_k) over m and the patches nearest to it (Roth et
 * al. 2022, equation 7): what is near a patch that stands alone counts more. nearby: for each remembered patch itself and those.
 */
function reweighted(nearest: Value, apart: Value, squared: Value, nearby: Int32Array[]): Value {
  const around = constant(
    nearby.flatMap((row) => [...row]),
    [nearby.length, nearby[0]!.length],
    'int64',
  );
  const own = gather(around, argMax(neg(apart), 1));
  const distances = root(add(gatherElements(apart, own, 1), squared));
  const further = exp(minimum(sub(distances, nearest), constant([MOST_APART], [1, 1])));
  const share = div(constant([1], [1, 1]), sum(further, { axes: [1], keepDims: true }));
  return mul(nearest, sub(constant([1], [1, 1]), share));
}

/** Of each remembered patch itself and the `count` others that are nearest to it. */
function neighbours(bank: Bank, count: number): Int32Array[] {
  const width = rowWidth(bank);
  const total = bank.rows.length / width;
  const row = (i: number) => bank.rows.subarray(i * width, (i + 1) * width);
  return Array.from({ length: total }, (_, i) => {
    const found: { at: number; distance: number }[] = [];
    for (let j = 0; j < total; j++) {
      if (j === i) continue;
      const most = found.length < count ? Number.POSITIVE_INFINITY : found[count - 1]!.distance;
      const distance = squaredDistance(row(i), row(j), most);
      if (distance >= most) continue;
      let place = found.length;
      while (place > 0 && found[place - 1]!.distance > distance) place--;
      found.splice(place, 0, { at: j, distance });
      found.length = Math.min(found.length, count);
    }
    return Int32Array.from([i, ...found.map(({ at }) => at)]);
  });
}

/** Given up once it is more than `most`. */
export function squaredDistance(a: Float32Array, b: Float32Array, most = Number.POSITIVE_INFINITY): number {
  let sum = 0;
  for (let i = 0; i < a.length && sum < most; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}

/** Rows of scaled features [g * g, channels] as a bank remembers them: [g * g, rowWidth]. */
function placed(rows: Value, { axes, placeWeight }: BankPlan): Value {
  const places = along(rows, axes);
  if (placeWeight === 0) return places;
  const [patches, channels] = rows.type.shape as [number, number];
  const coordinates = Array.from({ length: patches }, (_, i) =>
    coordinatesOf(i, Math.sqrt(patches), channels, placeWeight),
  );
  return concat([constant(coordinates.flat(), [patches, 2]), places], 1);
}

/** Where a patch lies, from the middle; half a picture is as much as a deviation in each of so many channels, times the weight. */
export function coordinatesOf(
  patch: number,
  grid: number,
  channels: number,
  weight: number,
): [number, number] {
  const at = (place: number) => weight * Math.sqrt(channels) * ((2 * place + 1) / grid - 1);
  return [at(patch % grid), at(Math.floor(patch / grid))];
}

/** What is left of a row without its part along the axes. [patches, 1] */
function fromSubspace(rows: Value, axes: Axes): Value {
  return root(sub(lengths(rows), lengths(along(rows, axes))));
}

function along(rows: Value, { data, count }: Axes): Value {
  return matmul(rows, constant(data, [count, data.length / count]), { transB: true });
}

const lengths = (rows: Value) => sumSquare(rows, { axes: [1], keepDims: true });

/** Rounding may leave a little less than nothing. */
const root = (squares: Value) => sqrt(relu(squares));
