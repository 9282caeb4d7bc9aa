// Scores of pictures by the network as it now is, through the same path that serves.
import { toOnnx } from '../../../autodiff/onnx/to-onnx.ts';
import type { Runtime, RuntimeSession } from '../../../autodiff/runtime.ts';
import { peakOf } from '../../scoring/anomaly-map.ts';
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

/**
 * The residuals of good pictures, of the first 32 where there are more. The spread is the standard deviation at each pixel plus the root mean square of it over
 * all pixels of the region, so that a pixel that hardly varied among few pictures is not trusted too far.
 */
export async function measureResiduals(scoring: Scoring, good: readonly number[]): Promise<Residuals> {
  const { network, size, views } = scoring;
  const indices = good.slice(0, MOST_REFERENCES);
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

export async function scorePictures(
  scoring: Scoring,
  residuals: Residuals,
  indices: readonly number[],
): Promise<Scores> {
  const { network, size, source } = scoring;
  const found: Scores = { scores: [], peaks: [] };
  const onnx = toOnnx(inspectionGraph(network, size, residuals));
  await eachPicture(scoring, onnx, indices, async (session, index) => {
    const { score, map } = await inspect(session, await source.picture(index), size);
    found.scores.push(score);
    found.peaks.push(peakOf(map));
  });
  return found;
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
