// okapi-vision: learn good parts from pictures, find bad ones.
export { type DetectionFolder, readDetectionFolder } from './dataset/detection/read-folder.ts';
export { type DatasetFiles, listDataset, listPictures, type TestPicture } from './dataset/folder.ts';
export type { Box, LabelledBox, LabelledDataset, LabelledPicture } from './dataset/labelled.ts';
export {
  type AutoencoderSettings,
  autoencoderSettings,
  completeSettings,
} from './detectors/autoencoder/settings.ts';
export {
  type AnomalyDetector,
  type AnomalyModel,
  type AnomalyPrediction,
  anomalyDetector,
  type DetectFigures,
  type DetectModel,
  type DetectOptions,
  type Detector,
  type DetectPrediction,
  type ModelDescription,
  type ObjectDetector,
  type Prediction,
  type Task,
  type TrainContext,
  type TrainedModel,
  type TrainRequest,
} from './detectors/detector.ts';
export { type DetectorKindName, detectorKinds } from './detectors/kinds.ts';
export { loadDetector } from './detectors/load-detector.ts';
export { type RenderedPrediction, renderPrediction } from './detectors/render-prediction.ts';
export { trainDetector } from './detectors/train-detector.ts';
export { trainInChild } from './detectors/train-in-child.ts';
export { type EncoderName, encoderNames } from './encoders/encoder.ts';
export { defaultEncoder, type EncoderSource, encoderTable } from './encoders/table.ts';
export { type ErrorCode, errorTable, OkapiError } from './errors.ts';
export { type Comparison, compareModels } from './evaluation/compare-models.ts';
export type { DetectorEvaluation } from './evaluation/detector-evaluation.ts';
export { evaluateDetector } from './evaluation/evaluate-detector.ts';
export { checkPictures, type PictureCheck } from './hygiene/check-pictures.ts';
export { decodePicture, type PictureLimits, probePicture } from './image/decode.ts';
export { encodePicture } from './image/encode.ts';
export type { Picture } from './image/picture.ts';
export { type OpenedRuntime, openRuntime } from './runtime/open-runtime.ts';
export type { AnomalyMap } from './scoring/anomaly-map.ts';
export type { Detection } from './scoring/detection.ts';
export { parseRegions, type Regions, type SharePolygon } from './scoring/region-mask.ts';
export type { Region } from './scoring/regions.ts';
export type { Threshold } from './scoring/threshold.ts';
export type { RefusedFile, TrainingEvent } from './training/events.ts';
