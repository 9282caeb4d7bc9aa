// The parts of a running server that its routes use.
import type { Probe } from '../vision/runtime/probe.ts';
import type { Probes } from './datasets/probes.ts';
import type { Thumbnails } from './datasets/thumbnails.ts';
import type { PictureChecks } from './hygiene/picture-checks.ts';
import type { Inference } from './inference/open-inference.ts';
import type { BaseModelChecks } from './models/base-model-checks.ts';
import type { ApiKeys } from './platform/api-keys.ts';
import type { Context } from './platform/context.ts';
import type { Metrics } from './platform/metrics.ts';
import type { Sessions } from './platform/sessions.ts';
import type { EncoderChecks } from './system/encoder-checks.ts';
import type { WeightsChecks } from './training/weights-checks.ts';
import type { DatasetBuilds } from './yolo/dataset-builds.ts';

/** Whether the server takes requests. */
export interface Readiness {
  state: 'ready' | 'stopping';
}

export interface Services {
  readonly context: Context;
  readonly probes: Probes;
  readonly thumbnails: Thumbnails;
  readonly inference: Inference;
  /** Of the good pictures of projects. */
  readonly pictureChecks: PictureChecks;
  /** Of uploaded base models. */
  readonly checks: BaseModelChecks;
  /** Of uploaded encoder weights. */
  readonly encoderChecks: EncoderChecks;
  /** Tries a device, and remembers what it found. */
  readonly probe: Probe;
  /** Of files that detectors start from. */
  readonly weightsChecks: WeightsChecks;
  /** Of datasets for object detection. */
  readonly datasets: DatasetBuilds;
  readonly keys: ApiKeys;
  readonly sessions: Sessions;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  /** Of the product, for its document. */
  readonly version: string;
}
