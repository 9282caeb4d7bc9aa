// What the server asks the inference child, and what that answers: plain values and local paths.
import type { Box } from '../../vision/dataset/labelled.ts';
import type { Task } from '../../vision/detectors/detector.ts';
import type { PictureLimits } from '../../vision/image/decode.ts';
import type { PictureType } from '../../vision/image/format.ts';
import type { ErrorCode } from '../contract/errors.ts';
import type { ModelRecord } from '../models/model-record.ts';

/** How the child works; given once, when it is started. */
export interface ChildSettings {
  readonly device: string;
  readonly threads: number | null;
  /** What the loaded models together may take, as estimated. */
  readonly memoryBytes: number;
  readonly limits: PictureLimits;
  /** Types of pictures, by their bytes. */
  readonly accepted: readonly PictureType[];
  readonly decodeTimeoutMs: number;
}

/** A model to work with: its files in one local folder, and what the record says of them. */
export interface ModelToLoad {
  readonly id: string;
  readonly folder: string;
  readonly files: ModelRecord['files'];
  readonly imageSize: number;
  readonly task: Task;
}

/** What a picture is judged by, whatever the model's own files say. */
export type JudgedBy =
  /** A picture is anomalous above the threshold. */
  | { readonly task: 'anomaly'; readonly threshold: number }
  /** The least confidence, and the overlap above which the surer box of a class stays. */
  | { readonly task: 'detect'; readonly conf: number; readonly iou: number };

export interface PreviewPaths {
  readonly image: string;
  /** null for object detectors. */
  readonly heatmap: string | null;
  readonly overlay: string;
  /** The map as a file of absolute scores; null when nobody asked for it. */
  readonly map: string | null;
  /** As `map`, and null when the model draws none. */
  readonly reconstruction: string | null;
}

export type InferenceRequest =
  | { readonly do: 'load'; readonly model: ModelToLoad }
  | {
      readonly do: 'inspect';
      readonly model: ModelToLoad;
      /** A local file. */
      readonly picture: string;
      readonly judgedBy: JudgedBy;
      /** Where to write the pictures, or null for none. */
      readonly previews: PreviewPaths | null;
    };

/** A place in the picture, in its pixels. */
export interface FoundRegion {
  /** [x, y, width, height] */
  readonly bbox: readonly [number, number, number, number];
  readonly area: number;
  /** The highest score in it, absolute; of an object its confidence. */
  readonly peak: number;
}

/** An object in the picture, in its pixels. */
export interface FoundObject {
  readonly label: string;
  /** 0..1 */
  readonly confidence: number;
  /** [x1, y1, x2, y2] */
  readonly bbox: Box;
}

/** What a model says about a picture. */
export interface Inspected {
  /** Of an object detector: the highest confidence, 0 when it finds nothing. */
  readonly score: number;
  /** Of an object detector: whether it finds anything. */
  readonly isAnomaly: boolean;
  /** The score above which a pixel is anomalous; null for object detectors and models of the original. */
  readonly pixelThreshold: number | null;
  /** Whether the model drew a reconstruction, where one was asked for. */
  readonly drewReconstruction: boolean;
  readonly regions: readonly FoundRegion[];
  /** Of object detectors, the surest first. */
  readonly objects: readonly FoundObject[];
  /** Of the picture itself; null when nothing of it is stored. */
  readonly quality: { readonly brightness: number; readonly sharpness: number } | null;
}

/** What the child holds when it answers. */
export interface LoadedDetectors {
  readonly loaded: number;
  /** As estimated. */
  readonly bytes: number;
}

export type InferenceAnswer = InferenceOutcome & { readonly detectors: LoadedDetectors };

export type InferenceOutcome =
  | { readonly kind: 'loaded'; readonly wasLoaded: boolean }
  | (Inspected & {
      readonly kind: 'inspected';
      /** Whether the model was read for this request. */
      readonly wasLoaded: boolean;
    })
  /** The file is no picture that can be inspected; the model is not to blame. */
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail: string };
