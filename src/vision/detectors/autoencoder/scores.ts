// Scores of pictures by the network as it now is, through the same path that serves.
import { toOnnx } from '../../../autodiff/onnx/to-onnx.ts';
import type { Runtime } from '../../../autodiff/runtime.ts';
import { peakOf } from '../../scoring/anomaly-map.ts';
import type { GoodPictures } from '../../training/good-pictures.ts';
import { inspectionGraph } from './graphs.ts';
import { inspect } from './inspect.ts';
import type { Network } from './network.ts';

export interface Scores {
  readonly scores: number[];
  /** The highest pixel of each map. */
  readonly peaks: number[];
}

export async function scorePictures(
  network: Network,
  size: number,
  pictures: { readonly source: GoodPictures; readonly indices: readonly number[] },
  runtime: Runtime,
  signal: AbortSignal,
): Promise<Scores> {
  const session = await runtime.load(toOnnx(inspectionGraph(network, size)));
  try {
    const found: Scores = { scores: [], peaks: [] };
    for (const index of pictures.indices) {
      signal.throwIfAborted();
      const { score, map } = await inspect(session, await pictures.source.picture(index), size);
      found.scores.push(score);
      found.peaks.push(peakOf(map));
    }
    return found;
  } finally {
    await session.close();
  }
}
