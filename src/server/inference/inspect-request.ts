// What the server asks the inference child, and what that answers: plain values and local paths.
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
}

export interface PreviewPaths {
  readonly image: string;
  readonly heatmap: string;
  readonly overlay: string;
}

export type InferenceRequest =
  | { readonly do: 'load'; readonly model: ModelToLoad }
  | {
      readonly do: 'inspect';
      readonly model: ModelToLoad;
      /** A local file. */
      readonly picture: string;
      /** A picture is anomalous above it, whatever threshold the model's own files name. */
      readonly threshold: number;
      /** Where to write the pictures, or null for none. */
      readonly previews: PreviewPaths | null;
    };

/** A place in the picture, in its pixels. */
export interface FoundRegion {
  /** [x, y, width, height] */
  readonly bbox: readonly [number, number, number, number];
  readonly area: number;
  /** The highest score in it, absolute. */
  readonly peak: number;
}

export type InferenceAnswer =
  | { readonly kind: 'loaded'; readonly wasLoaded: boolean }
  | {
      readonly kind: 'inspected';
      /** Whether the model was read for this request. */
      readonly wasLoaded: boolean;
      readonly score: number;
      readonly isAnomaly: boolean;
      readonly regions: readonly FoundRegion[];
    }
  /** The file is no picture that can be inspected; the model is not to blame. */
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail: string };
