// The seam of the detectors: what a prediction is, and what every kind can do.
import type { Picture } from '../image/picture.ts';
import type { AnomalyMap } from '../scoring/anomaly-map.ts';
import type { Region } from '../scoring/regions.ts';
import type { Threshold } from '../scoring/threshold.ts';

export interface Prediction {
  /** Absolute; a picture is anomalous when it is above the threshold. */
  readonly score: number;
  readonly isAnomaly: boolean;
  readonly threshold: number;
  /** At the model's resolution. */
  readonly map: AnomalyMap;
  /** In pixels of the picture. */
  readonly regions: readonly Region[];
  /** What the model makes of the picture, at the model's resolution; for kinds that draw it. */
  readonly reconstruction?: Picture;
}

/** What a loaded model says of itself. */
export interface ModelDescription {
  readonly kind: string;
  readonly encoder: string;
  readonly imageSize: number;
  readonly threshold: Threshold;
  /** Made by the original app: scored and drawn as it does. */
  readonly imported: boolean;
  /** What was done to load it, in sentences for the user. */
  readonly notes: readonly string[];
}

export interface Detector {
  readonly model: ModelDescription;
  /** One prediction for each picture, in order. The same picture gets the same prediction whatever stands beside it. */
  predict(pictures: readonly Picture[]): Promise<Prediction[]>;
  close(): Promise<void>;
}
