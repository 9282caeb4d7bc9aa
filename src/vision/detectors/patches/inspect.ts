// From pictures to predictions of a patch detector: tests and serving come through here.
import type { RuntimeSession } from '../../../autodiff/runtime.ts';
import type { Picture } from '../../image/picture.ts';
import { resize } from '../../image/resize.ts';
import { anomalyMap } from '../../scoring/anomaly-map.ts';
import { findRegions } from '../../scoring/regions.ts';
import type { AnomalyDetector, AnomalyModel, AnomalyPrediction } from '../detector.ts';
import { sessionDetector } from '../session-detector.ts';

/** The score of a picture that has the size of the model. Throws train.diverged when the map is not finite. */
export async function inspectPatches(session: RuntimeSession, { data }: Picture, size: number) {
  const out = await session.run({ pixels: { type: 'uint8', dims: [1, size, size, 3], data } });
  const map = anomalyMap(out.map!.data as Float32Array, size, size);
  return { score: Number(out.score!.data[0]), map };
}

/** A detector over a session of an inspection graph, which it closes in the end. */
export function patchDetector(session: RuntimeSession, model: AnomalyModel): AnomalyDetector {
  const { imageSize, threshold } = model;
  const predict = async (picture: Picture): Promise<AnomalyPrediction> => {
    const small = resize(picture, imageSize, imageSize, 'area');
    const { score, map } = await inspectPatches(session, small, imageSize);
    return {
      task: 'anomaly',
      score,
      isAnomaly: score > threshold.value,
      threshold: threshold.value,
      map,
      regions: findRegions(map, threshold.pixelValue!, picture.width, picture.height),
    };
  };
  return sessionDetector(session, model, predict);
}
