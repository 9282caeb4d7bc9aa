// The seam of the detectors: what a training is asked for, what a prediction is, and what every kind can do.
import type { Runtime } from '../../autodiff/runtime.ts';
import type { ModelFolder } from '../checkpoint/model-folder.ts';
import type { LabelledDataset } from '../dataset/labelled.ts';
import type { EncoderSource } from '../encoders/table.ts';
import { OkapiError } from '../errors.ts';
import type { Picture } from '../image/picture.ts';
import type { AnomalyMap } from '../scoring/anomaly-map.ts';
import type { Detection } from '../scoring/detection.ts';
import type { Regions } from '../scoring/region-mask.ts';
import type { Region } from '../scoring/regions.ts';
import type { Threshold } from '../scoring/threshold.ts';
import type { TilePlan, TileSetting } from '../scoring/tile-plan.ts';
import type { RefusedFile, TrainingEvent } from '../training/events.ts';

/** What a detector looks for: whatever differs from good parts, or objects of known classes. */
export type Task = 'anomaly' | 'detect';

export interface AnomalyPrediction {
  readonly task: 'anomaly';
  /** Absolute; a picture is anomalous when it is above the threshold. */
  readonly score: number;
  readonly isAnomaly: boolean;
  readonly threshold: number;
  /** At the model's resolution: a square, or where pictures are cut into tiles in their proportions. */
  readonly map: AnomalyMap;
  /** In pixels of the picture. */
  readonly regions: readonly Region[];
  /** What the model makes of the picture, at the model's resolution; for kinds that draw it. */
  readonly reconstruction?: Picture;
}

export interface DetectPrediction {
  readonly task: 'detect';
  /** The surest first. */
  readonly detections: readonly Detection[];
}

export type Prediction = AnomalyPrediction | DetectPrediction;

interface Described {
  readonly kind: string;
  readonly imageSize: number;
  /** What was done to load it, in sentences for the user. */
  readonly notes: readonly string[];
}

/** What a loaded model that finds anomalies says of itself. */
export interface AnomalyModel extends Described {
  readonly task: 'anomaly';
  readonly encoder: string;
  readonly threshold: Threshold;
  /** Made by the original app: scored and drawn as it does. */
  readonly imported: boolean;
  /** How pictures are cut before the model looks at them; missing: not at all. */
  readonly tiles?: TilePlan;
}

/** What a loaded model that finds objects says of itself. */
export interface DetectModel extends Described {
  readonly task: 'detect';
  readonly variant: string;
  readonly classes: readonly string[];
  /** Used where a request names none: the least confidence, and the overlap above which the surer box of a class stays. */
  readonly conf: number;
  readonly iou: number;
  readonly metrics: DetectFigures;
}

/** How well a model found the objects of the val pictures, 0..1 each. */
export interface DetectFigures {
  readonly map50: number;
  readonly map50_95: number;
  readonly precision: number;
  readonly recall: number;
}

export type ModelDescription = AnomalyModel | DetectModel;

export interface AnomalyDetector {
  readonly task: 'anomaly';
  readonly model: AnomalyModel;
  /** One prediction for each picture, in order. The same picture gets the same prediction whatever stands beside it. */
  predict(pictures: readonly Picture[]): Promise<AnomalyPrediction[]>;
  close(): Promise<void>;
}

/** Thresholds of one request; those left out are the model's. */
export interface DetectOptions {
  readonly conf?: number;
  readonly iou?: number;
}

export interface ObjectDetector {
  readonly task: 'detect';
  readonly model: DetectModel;
  /** As that of AnomalyDetector. Throws option.invalid for thresholds outside 0..1. */
  predict(pictures: readonly Picture[], options?: DetectOptions): Promise<DetectPrediction[]>;
  close(): Promise<void>;
}

export type Detector = AnomalyDetector | ObjectDetector;

/** The door for callers that deal with anomalies alone. Throws option.invalid for a model that finds objects. */
export function anomalyDetector(detector: Detector): AnomalyDetector {
  if (detector.task === 'anomaly') return detector;
  throw new OkapiError('option.invalid', 'expected a model that finds anomalies, got an object detector');
}

/** A training that can be sent to another process: nothing but plain values. */
export interface TrainRequest {
  readonly kind: string;
  /** Files of good pictures, for kinds that learn from those. */
  readonly pictures: readonly string[];
  /** Pictures with labelled boxes, for kinds that learn objects. */
  readonly objects?: LabelledDataset;
  /** The model folder to write; one that is there is replaced once the new model is complete. */
  readonly folder: string;
  /** Where the unfinished training is kept. Its files are removed when the training is done. */
  readonly stateFolder: string;
  /** Go on with the unfinished training in the state folder, if there is one; otherwise it is thrown away. */
  readonly resume: boolean;
  /** A model folder or a file of weights to start from. */
  readonly base?: string | null;
  /**
   * Add the pictures to the base, a model of the same kind, instead of training: seconds, and without those that it learnt from.
   * Settings, encoder, regions and tiles are then the base's.
   */
  readonly update?: true;
  readonly device?: string;
  readonly threads?: number;
  /** Where the weights of encoders lie that do not come with the package. */
  readonly encoderSource?: EncoderSource;
  /** Where to look, for kinds that find anomalies; part of the model, so that it is scored by them everywhere. */
  readonly regions?: Regions;
  /** How large pictures are cut, for kinds that find anomalies; part of the model. Default auto. */
  readonly tiles?: TileSetting;
  /** The smallest defect to be found, in pixels of the picture; `auto` chooses tiles by it. */
  readonly defectSize?: number;
  /** Settings of the kind, by name; those left out are at their default. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Further fields of config.yaml, such as the ids of the model and its project. */
  readonly record?: Readonly<Record<string, string | number | null>>;
}

export interface TrainContext {
  readonly signal: AbortSignal;
  readonly onEvent: (event: TrainingEvent) => void;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly date: () => Date;
}

interface Trained {
  readonly folder: string;
  readonly epochsRun: number;
  readonly bestEpoch: number;
  readonly bestLoss: number;
  readonly pictures: {
    readonly used: number;
    readonly copies: number;
    readonly refused: readonly RefusedFile[];
  };
}

export interface TrainedAnomalyModel extends Trained {
  readonly task: 'anomaly';
  readonly threshold: Threshold;
}

export interface TrainedDetectModel extends Trained {
  readonly task: 'detect';
  readonly metrics: DetectFigures;
}

/** What a training made. Plain values too. */
export type TrainedModel = TrainedAnomalyModel | TrainedDetectModel;

export interface DetectorKind {
  /** Throws OkapiError, among them train.canceled with the state kept; no model is left then. */
  train(request: TrainRequest, context: TrainContext): Promise<TrainedModel>;
  /** As train, for requests that update; kinds without it cannot be updated. */
  update?(request: TrainRequest, context: TrainContext): Promise<TrainedAnomalyModel>;
  /** Opens a model folder whose files are whole. `wanted` names those that it needs. */
  readonly wanted: readonly string[];
  /** Whether a training may say where to look. */
  readonly takesRegions?: true;
  /** Whether a training may cut pictures into tiles. */
  readonly takesTiles?: true;
  load(folder: ModelFolder, runtime: Runtime): Promise<Detector>;
}
