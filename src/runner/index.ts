// okapi-vision/runner: models in browsers and in Node, from their bundle alone; ONNX Runtime is handed in.
export type { AnomalyPrediction, DetectOptions } from '../vision/detectors/detector.ts';
export { type ErrorCode, OkapiError } from '../vision/errors.ts';
export type { AnomalyMap } from '../vision/scoring/anomaly-map.ts';
export type { Detection } from '../vision/scoring/detection.ts';
export type { Region } from '../vision/scoring/regions.ts';
export type { Ort } from './engine.ts';
export {
  type AnomalyRunner,
  type ObjectRunner,
  type OpenBundleOptions,
  openBundle,
  type Runner,
} from './open-bundle.ts';
export type { DrawnImage, RgbaImage } from './rgba.ts';
