// The graphs of the patch detectors: how far each patch is from what was learnt, and the inspection that is served.
import {
  add,
  concat,
  constant,
  type Graph,
  matmul,
  mean,
  min,
  mul,
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
import { averaged, gridOf, patchRows, pixelInput } from './features.ts';
import { factorsInside, type PatchRegion, rowsInside } from './patch-region.ts';

export const headNames = ['memory-bank', 'subspace'] as const;
export type HeadName = (typeof headNames)[number];

/** How rows of features are measured: each channel by its own mean and deviation, both [channels]. */
export interface Scale {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** `count` orthonormal directions among the scaled channels, one after the other. */
export interface Axes {
  readonly data: Float32Array;
  readonly count: number;
}

/** What was learnt of good patches. */
export interface Learnt {
  readonly scale: Scale;
  /** Patches that stand for all: rows of their places along `axes`. */
  readonly bank: { readonly axes: Axes; readonly rows: Float32Array } | null;
  /** The directions in which good patches vary; what lies outside of them is anomalous. */
  readonly subspace: Axes | null;
}

/** How the heads' distances become one map: the sum over the heads of gain * distance, plus an offset; planes [g * g]. */
export interface Fusion {
  readonly gains: readonly Float32Array[];
  readonly offset: Float32Array;
}

/** The share of patches, the worst ones, whose mean is the score. */
export const TOP_SHARE = 0.01;

/** Of so many patches that count. */
export const topCount = (patches: number) => Math.max(1, Math.floor(patches * TOP_SHARE));

/** pixels -> distances [heads, g * g]: of each patch from its nearest remembered one, from the subspace of good ones. */
export function distancesGraph(encoder: Encoder, size: number, learnt: Learnt): Graph {
  return trace(new Parameters(0), {
    inputs: { pixels: pixelInput(size) },
    build: (_, { pixels }) => {
      const heads = distances(encoder, pixels, size, learnt);
      return { distances: concat(heads, 0) };
    },
  });
}

/** pixels -> what means and covariances of the patches that count are made of: total [channels], products [channels, channels]. */
export function momentsGraph(encoder: Encoder, size: number, region: PatchRegion | null = null): Graph {
  return trace(new Parameters(0), {
    inputs: { pixels: pixelInput(size) },
    build: (_, { pixels }) => {
      const rows = rowsInside(patchRows(encoder, pixels, size), region);
      return { total: sum(rows, { axes: [0] }), products: matmul(rows, rows, { transA: true }) };
    },
  });
}

/** pixels -> places [patches that count, axes]: where each lies along the axes. */
export function placesGraph(
  encoder: Encoder,
  size: number,
  scale: Scale,
  axes: Axes,
  region: PatchRegion | null = null,
): Graph {
  return trace(new Parameters(0), {
    inputs: { pixels: pixelInput(size) },
    build: (_, { pixels }) => ({
      places: along(scaled(rowsInside(patchRows(encoder, pixels, size), region), scale), axes),
    }),
  });
}

/**
 * The model that is served. pixels [1, S, S, 3] uint8 -> score [1], map [1, S, S] and shares [heads]. With fused = the sum
 * over the heads of gain * distance + offset: score = mean of the top 1 % of the patches; map = fused, each patch
 * averaged with its neighbours, drawn at the size of the picture; shares = the same mean of each head's gain * distance.
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
  const patches = grid * grid;
  return trace(new Parameters(0), {
    inputs: { pixels: pixelInput(size) },
    build: (_, { pixels }) => {
      const heads = distances(encoder, pixels, size, learnt).map((distance, head) =>
        mul(distance, constant(fusion.gains[head]!, [1, patches])),
      );
      const fused = add(heads.reduce(add), constant(fusion.offset, [1, patches]));
      const top = (row: Value) => mean(topInside(row, TOP_SHARE, region?.patches ?? null), { axes: [1] });
      const drawn = resize(calm(reshape(fused, [1, 1, grid, grid]), region), {
        height: size,
        width: size,
        mode: 'bilinear',
      });
      const map = insideMap(drawn, region?.pixels ?? null);
      return { score: top(fused), map: reshape(map, [1, size, size]), shares: concat(heads.map(top), 0) };
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

/** One row [1, g * g] for each head that was learnt, in the order of `headNames`. */
function distances(encoder: Encoder, pixels: Value, size: number, learnt: Learnt): Value[] {
  const { scale, bank, subspace } = learnt;
  const rows = scaled(patchRows(encoder, pixels, size), scale);
  const patches = rows.type.shape[0]!;
  const found = [bank && fromBank(rows, bank), subspace && fromSubspace(rows, subspace)];
  return found.filter((d) => d !== null).map((d) => reshape(d, [1, patches]));
}

function scaled(rows: Value, { mean, deviation }: Scale): Value {
  const factor = constant(deviation.map((d) => 1 / d));
  return mul(sub(rows, constant(mean)), factor);
}

/** |q - b|^2 = |q|^2 + |b|^2 - 2 qb, so that all distances are one matrix product; of them the least. [patches, 1] */
function fromBank(rows: Value, { axes, rows: bank }: NonNullable<Learnt['bank']>): Value {
  const places = along(rows, axes);
  const remembered = bank.length / axes.count;
  const squares = new Float32Array(remembered);
  for (let i = 0; i < bank.length; i++) squares[Math.floor(i / axes.count)]! += bank[i]! ** 2;
  const doubled = constant(
    bank.map((v) => -2 * v),
    [remembered, axes.count],
  );
  const apart = add(matmul(places, doubled, { transB: true }), constant(squares, [1, remembered]));
  return root(add(min(apart, { axes: [1], keepDims: true }), lengths(places)));
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
