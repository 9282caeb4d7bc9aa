// What POST /models/{id}/test answers for each file, under the original's names.
import type { UncertainBand } from '../../vision/scoring/threshold.ts';
import type { ErrorCode } from '../contract/errors.ts';
import type { FoundObject, FoundRegion } from './inspect-request.ts';

/** An object, in pixels of the picture. */
export interface DetectedItem extends FoundObject {
  readonly box_format: 'xyxy';
}

export interface TestedItem {
  readonly filename: string;
  /** Of an object detector: the highest confidence, 0 when it finds nothing. */
  readonly score: number;
  /** Of an object detector: the least confidence. */
  readonly thr: number;
  /** The same as thr. */
  readonly threshold: number;
  /** Of an object detector: whether it finds anything. */
  readonly is_anomaly: boolean;
  /** Whether the score lies in `uncertain`, the band of scores around the threshold that a person should look at. */
  readonly is_uncertain: boolean;
  /** null for object detectors, and for models that keep no scores. */
  readonly uncertain: UncertainBand | null;
  /** null when nothing is stored; of objects there is no heatmap. */
  readonly image_url: string | null;
  readonly heatmap_url: string | null;
  readonly overlay_url: string | null;
  /** The same as overlay_url. */
  readonly result_image: string | null;
  /** [x, y, width, height] in pixels of the picture. */
  readonly bboxes: readonly FoundRegion['bbox'][];
  /** Of object detectors, the surest first. */
  readonly detections: readonly DetectedItem[];
  readonly regions: readonly FoundRegion[];
  /** Of the picture: mean luma 0..1, and variance of its Laplacian; null when nothing is stored. */
  readonly brightness: number | null;
  readonly sharpness: number | null;
  /** The score above which a pixel is anomalous; null for object detectors and models of the original. */
  readonly pixel_threshold: number | null;
  /** The map in absolute scores, and what the model makes of the picture; null when not asked for, or not drawn. */
  readonly map_url: string | null;
  readonly reconstruction_url: string | null;
  /** In the history; null when nothing is stored. */
  readonly result_id: string | null;
}

export interface UntestedItem {
  readonly filename: string;
  readonly error: 'cannot decode image';
  readonly error_code: ErrorCode;
  readonly error_detail: string;
}

export type TestItem = TestedItem | UntestedItem;

export function untested(filename: string, code: ErrorCode, detail: string): UntestedItem {
  return { filename, error: 'cannot decode image', error_code: code, error_detail: detail };
}
