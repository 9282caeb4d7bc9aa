// How far each place of a picture is from what the model has learnt, in the model's own absolute units.
import { OkapiError } from '../errors.ts';
import { resizePlane } from '../image/resize.ts';

/** Absolute scores, rows from the top: data[y * width + x]. Scores are never scaled to the picture at hand. */
export interface AnomalyMap {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Wrap scores as a map; throws `train.diverged` when one is not finite, since only a broken network gives such scores. */
export function anomalyMap(data: Float32Array, width: number, height: number): AnomalyMap {
  if (data.length !== width * height)
    throw new Error(`internal: a map of ${width}x${height} has ${data.length} values`);
  for (let i = 0; i < data.length; i++)
    if (!Number.isFinite(data[i]!))
      throw new OkapiError('train.diverged', `expected finite anomaly scores, got ${data[i]} at pixel ${i}`);
  return { width, height, data };
}

/** The map at another size, normally the picture's; the same object when the size is already right. */
export function resizeMap(
  map: AnomalyMap,
  width: number,
  height: number,
  method: 'bilinear' | 'bicubic' = 'bilinear',
): AnomalyMap {
  if (map.width === width && map.height === height) return map;
  return { width, height, data: resizePlane(map.data, map.width, map.height, width, height, method) };
}

/** The highest score of the map; 0 when all are below. */
export function peakOf(map: AnomalyMap): number {
  let peak = 0;
  for (let i = 0; i < map.data.length; i++) if (map.data[i]! > peak) peak = map.data[i]!;
  return peak;
}
