// A detector for tests that calls bright spots anomalous: the map is the red level in 0..1, the score its peak.
import type { AnomalyDetector, AnomalyModel, AnomalyPrediction } from '../../detectors/detector.ts';
import type { Picture } from '../../image/picture.ts';
import { findRegions } from '../../scoring/regions.ts';
import type { Threshold } from '../../scoring/threshold.ts';

const threshold: Threshold = {
  value: 0.5,
  pixelValue: 0.5,
  method: 'quantile-and-spread',
  source: 'held-out',
  sampleCount: 10,
  targetFalseAlarmRate: null,
  trust: '10 good pictures',
  statistics: null,
};

export function brightnessDetector(): AnomalyDetector {
  const model: AnomalyModel = {
    task: 'anomaly',
    kind: 'brightness',
    encoder: 'none',
    imageSize: 32,
    threshold,
    imported: false,
    notes: [],
  };
  return {
    task: 'anomaly',
    model,
    predict: async (pictures) => pictures.map(predict),
    close: async () => {},
  };
}

function predict({ width, height, data }: Picture): AnomalyPrediction {
  const map = {
    width,
    height,
    data: Float32Array.from({ length: width * height }, (_, i) => data[3 * i]! / 255),
  };
  const score = map.data.reduce((a, b) => Math.max(a, b));
  return {
    task: 'anomaly',
    score,
    isAnomaly: score > threshold.value,
    threshold: threshold.value,
    map,
    regions: findRegions(map, threshold.value, width, height),
  };
}

/** A dark picture with a square of the given level at (4, 4), or a mask of that square. */
export function spotPicture(level: number, { side = 32, spot = 6, ground = 40 } = {}): Picture {
  const data = new Uint8Array(3 * side * side).fill(ground);
  for (let y = 4; y < 4 + spot; y++) data.fill(level, 3 * (y * side + 4), 3 * (y * side + 4 + spot));
  return { width: side, height: side, data };
}
