// The seam of the detectors: what a training is asked for, what a prediction is, and what every kind can do.
import type { Runtime } from '../../autodiff/runtime.ts';
import type { ModelFolder } from '../checkpoint/model-folder.ts';
import type { EncoderSource } from '../encoders/table.ts';
import type { Picture } from '../image/picture.ts';
import type { AnomalyMap } from '../scoring/anomaly-map.ts';
import type { Region } from '../scoring/regions.ts';
import type { Threshold } from '../scoring/threshold.ts';
import type { RefusedFile, TrainingEvent } from '../training/events.ts';

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

/** A training that can be sent to another process: nothing but plain values. */
export interface TrainRequest {
  readonly kind: string;
  /** Files of good pictures. */
  readonly pictures: readonly string[];
  /** The model folder to write; one that is there is replaced once the new model is complete. */
  readonly folder: string;
  /** Where the unfinished training is kept. Its files are removed when the training is done. */
  readonly stateFolder: string;
  /** Go on with the unfinished training in the state folder, if there is one; otherwise it is thrown away. */
  readonly resume: boolean;
  /** A model folder or a file of weights to start from. */
  readonly base?: string | null;
  readonly device?: string;
  readonly threads?: number;
  /** Where the weights of encoders lie that do not come with the package. */
  readonly encoderSource?: EncoderSource;
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

/** What a training made. Plain values too. */
export interface TrainedModel {
  readonly folder: string;
  readonly threshold: Threshold;
  readonly epochsRun: number;
  readonly bestEpoch: number;
  readonly bestLoss: number;
  readonly pictures: {
    readonly used: number;
    readonly copies: number;
    readonly refused: readonly RefusedFile[];
  };
}

export interface DetectorKind {
  /** Throws OkapiError, among them train.canceled with the state kept; no model is left then. */
  train(request: TrainRequest, context: TrainContext): Promise<TrainedModel>;
  /** Opens a model folder whose files are whole. `wanted` names those that it needs. */
  readonly wanted: readonly string[];
  load(folder: ModelFolder, runtime: Runtime): Promise<Detector>;
}
