// Scores of pictures by the network as it now is, through the same path that serves.
import { toOnnx } from '../../../autodiff/onnx/to-onnx.ts';
import type { Runtime, RuntimeSession } from '../../../autodiff/runtime.ts';
import { peakOf } from '../../scoring/anomaly-map.ts';
import { highestBy } from '../../scoring/order-statistics.ts';
import type { GoodPictures } from '../../training/good-pictures.ts';
import { inspectionGraph, type Residuals, residualGraph } from './graphs.ts';
import { inspect } from './inspect.ts';
import type { Network } from './network.ts';
import type { Views } from './views.ts';

export interface Scores {
  readonly scores: number[];
  /** The highest pixel of each map. */
  readonly peaks: number[];
}

/** What is needed to score: the network with its present weights, at a size, on a device. */
export interface Scoring {
  readonly network: Network;
  readonly size: number;
  readonly source: GoodPictures;
  readonly views: Views;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
}

/** A quarter of a level: a spread below it is rounding. */
const LEAST_SPREAD = 1 / 1020;

/** More pictures than this say little more about how residuals spread. */
const MOST_REFERENCES = 32;
/** Tiles show different places of pictures, and what is measured of them is for all places. */
const MOST_TILE_REFERENCES = 128;

/**
 * The residuals of good pictures, of the first 32 where there are more. The spread is the standard deviation at each pixel plus the root mean square of it over
 * all pixels of the region, so that a pixel that hardly varied among few pictures is not trusted too far.
 */
export async function measureResiduals(scoring: Scoring, good: readonly number[]): Promise<Residuals> {
  const { network, size, views, source } = scoring;
  const indices = source.cut ? spreadOut(good, MOST_TILE_REFERENCES) : good.slice(0, MOST_REFERENCES);
  const sum = new Float64Array(size * size);
  const squares = new Float64Array(size * size);
  await eachPicture(scoring, toOnnx(residualGraph(network, size)), indices, async (session, picture) => {
    const out = await session.run(await views.feeds([{ picture, view: 0 }]));
    for (const [i, value] of (out.residual!.data as Float32Array).entries()) {
      sum[i]! += value;
      squares[i]! += value * value;
    }
  });
  const count = indices.length;
  const variance = squares.map((square, i) => Math.max(0, square / count - (sum[i]! / count) ** 2));
  const looked =
    network.region === null ? variance : variance.filter((_, i) => network.region!.inside[i] === 1);
  const typical = Math.sqrt(looked.reduce((a, b) => a + b, 0) / looked.length);
  const floor = Math.max(typical, LEAST_SPREAD);
  return {
    mean: Float32Array.from(sum, (value) => value / count),
    spread: Float32Array.from(variance, (value) => Math.sqrt(value) + floor),
  };
}

/** One score for each picture that the pieces belong to, in their order: where it is cut into tiles, its worst tile speaks for it. */
export async function scorePictures(
  scoring: Scoring,
  residuals: Residuals,
  indices: readonly number[],
): Promise<Scores> {
  const { network, size, source } = scoring;
  const scores: number[] = [];
  const peaks: number[] = [];
  const onnx = toOnnx(inspectionGraph(network, size, residuals));
  await eachPicture(scoring, onnx, indices, async (session, index) => {
    const { score, map } = await inspect(session, await source.picture(index), size);
    scores.push(score);
    peaks.push(peakOf(map));
  });
  const owners = indices.map((piece) => source.pieces[piece]!);
  return { scores: highestBy(scores, owners), peaks: highestBy(peaks, owners) };
}

/** At most so many of the items, evenly spaced. */
function spreadOut<T>(items: readonly T[], most: number): T[] {
  const step = Math.max(1, items.length / most);
  return items.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
}

async function eachPicture(
  { runtime, signal }: Scoring,
  onnx: Uint8Array,
  indices: readonly number[],
  visit: (session: RuntimeSession, picture: number) => Promise<void>,
): Promise<void> {
  const session = await runtime.load(onnx);
  try {
    for (const index of indices) {
      signal.throwIfAborted();
      await visit(session, index);
    }
  } finally {
    await session.close();
  }
}
