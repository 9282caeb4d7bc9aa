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
  sumSquare,
  topK,
  trace,
  type Value,
} from '../../../autodiff/index.ts';
import type { Encoder } from '../../encoders/encoder.ts';
import { averaged, gridOf, patchRows, pixelInput } from './features.ts';

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

/** pixels -> places [g * g, axes]: where each patch lies along the axes. */
export function placesGraph(encoder: Encoder, size: number, scale: Scale, axes: Axes): Graph {
  return trace(new Parameters(0), {
    inputs: { pixels: pixelInput(size) },
    build: (_, { pixels }) => ({ places: along(scaled(patchRows(encoder, pixels, size), scale), axes) }),
  });
}

/**
 * The model that is served. pixels [1, S, S, 3] uint8 -> score [1], map [1, S, S] and shares [heads]. With fused = the sum
 * over the heads of gain * distance + offset: score = mean of the top 1 % of the patches; map = fused, each patch
 * averaged with its neighbours, drawn at the size of the picture; shares = the same mean of each head's gain * distance.
 */
export function inspectionGraph(encoder: Encoder, size: number, learnt: Learnt, fusion: Fusion): Graph {
  const grid = gridOf(size);
  const patches = grid * grid;
  return trace(new Parameters(0), {
    inputs: { pixels: pixelInput(size) },
    build: (_, { pixels }) => {
      const heads = distances(encoder, pixels, size, learnt).map((distance, head) =>
        mul(distance, constant(fusion.gains[head]!, [1, patches])),
      );
      const fused = add(heads.reduce(add), constant(fusion.offset, [1, patches]));
      const top = (row: Value) => mean(topK(row, topCount(patches)).values, { axes: [1] });
      const calm = averaged(reshape(fused, [1, 1, grid, grid]), 3);
      const map = resize(calm, { height: size, width: size, mode: 'bilinear' });
      return { score: top(fused), map: reshape(map, [1, size, size]), shares: concat(heads.map(top), 0) };
    },
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
