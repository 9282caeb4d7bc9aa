// The one way from pictures to predictions of an autoencoder: calibration, tests and serving all come through here.
import type { RuntimeSession } from '../../../autodiff/runtime.ts';
import type { Picture } from '../../image/picture.ts';
import { toPicture, unitRange } from '../../image/planes.ts';
import { resize } from '../../image/resize.ts';
import { type AnomalyMap, anomalyMap } from '../../scoring/anomaly-map.ts';
import { originalBoxes, originalLevels } from '../../scoring/original-regions.ts';
import { findRegions, type Region } from '../../scoring/regions.ts';
import type { AnomalyDetector, AnomalyModel, AnomalyPrediction } from '../detector.ts';
import { sessionDetector } from '../session-detector.ts';

export interface Inspection {
  readonly score: number;
  readonly map: AnomalyMap;
  /** Planes [3, size, size] in 0..1. */
  readonly reconstruction: Float32Array;
}

/** Resizes a picture by area and runs the inspection graph on it. Throws train.diverged when a score is not finite. */
export async function inspect(session: RuntimeSession, picture: Picture, size: number): Promise<Inspection> {
  const small = resize(picture, size, size, 'area');
  const out = await session.run({ pixels: { type: 'uint8', dims: [1, size, size, 3], data: small.data } });
  const map = anomalyMap(out.map!.data as Float32Array, size, size);
  return { score: Number(out.score!.data[0]), map, reconstruction: out.reconstruction!.data as Float32Array };
}

/** A detector over a session of an inspection graph, which it closes in the end. */
export function autoencoderDetector(session: RuntimeSession, model: AnomalyModel): AnomalyDetector {
  const { imageSize, threshold } = model;
  const predict = async (picture: Picture): Promise<AnomalyPrediction> => {
    const { score, map, reconstruction } = await inspect(session, picture, imageSize);
    const isAnomaly = score > threshold.value;
    return {
      task: 'anomaly',
      score,
      isAnomaly,
      threshold: threshold.value,
      map,
      regions:
        threshold.pixelValue === null
          ? originalRegions(map, isAnomaly, picture)
          : findRegions(map, threshold.pixelValue, picture.width, picture.height),
      reconstruction: toPicture(reconstruction, imageSize, imageSize, unitRange),
    };
  };
  return sessionDetector(session, model, predict);
}

/** The original's boxes as regions. It draws them only on pictures over the threshold. */
export function originalRegions(map: AnomalyMap, isAnomaly: boolean, { width, height }: Picture): Region[] {
  if (!isAnomaly) return [];
  return originalBoxes(originalLevels(map, width, height)).map((box) => {
    const [x, y, w, h] = box;
    const polygon: Region['polygon'] = [
      [x, y],
      [x + w, y],
      [x + w, y + h],
      [x, y + h],
    ];
    const { peak, meanScore } = within(map, x / width, y / height, (x + w) / width, (y + h) / height);
    return { box, polygon, area: w * h, peak, meanScore };
  });
}

/** Peak and mean of the part of a map that lies between shares of its sides. */
function within(map: AnomalyMap, left: number, top: number, right: number, bottom: number) {
  const columns = [Math.floor(left * map.width), Math.ceil(right * map.width)] as const;
  const rows = [Math.floor(top * map.height), Math.ceil(bottom * map.height)] as const;
  let [peak, sum] = [0, 0];
  for (let y = rows[0]; y < rows[1]; y++) {
    for (let x = columns[0]; x < columns[1]; x++) {
      const score = map.data[y * map.width + x]!;
      sum += score;
      if (score > peak) peak = score;
    }
  }
  return { peak, meanScore: sum / ((columns[1] - columns[0]) * (rows[1] - rows[0])) };
}
