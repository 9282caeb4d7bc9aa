// A trained or imported model as it is stored. Its files are blobs that never change; the record is what makes it exist.
import type { DetectModel, Task } from '../../vision/detectors/detector.ts';
import type { Owner } from '../platform/queue/job.ts';

export interface ThresholdVersion {
  /** The score above which a picture is anomalous; of object detectors the least confidence. */
  readonly value: number;
  /** null for models of the original and for object detectors, which have none. */
  readonly pixel_value: number | null;
  readonly at: string;
  readonly by: string;
  /** "calibration", or the note of the person who changed it. */
  readonly reason: string;
  readonly target_false_alarm_rate: number | null;
  /** Scores that lie so near that a person should look; null: the model keeps no scores. Left out in older records, as for objects. */
  readonly uncertain?: { readonly low: number; readonly high: number } | null;
  /** Always there for object detectors: the overlap above which the surer box of a class stays. */
  readonly iou?: number;
}

/** What only object detectors have. */
export interface ObjectsLearnt {
  readonly variant: string;
  readonly classes: readonly string[];
  /** Over the val pictures, when it was trained. */
  readonly metrics: DetectModel['metrics'];
  /** The name of the file of weights that it started from; null: none. */
  readonly started_from: string | null;
}

export interface ModelRecord {
  readonly model_id: string;
  readonly owner: Owner;
  /** A base model that was uploaded lies under imports/. */
  readonly imported: boolean;
  /** The detector kind that loads it. */
  readonly detector: string;
  readonly created_at: string;
  readonly img_size: number;
  readonly epochs_run: number;
  readonly lr: number;
  readonly note: string | null;
  readonly base_model_id: string | null;
  readonly training_mode: string;
  readonly encoder: string | null;
  /** The last one holds. */
  readonly thresholds: readonly ThresholdVersion[];
  /** File name to size and SHA-256: verified when it is loaded. */
  readonly files: { readonly [name: string]: { readonly bytes: number; readonly sha256: string } };
  /** There for models that an update made of another, which stays: the stored names of the images that were added. */
  readonly updated?: {
    readonly model_id: string;
    readonly images: readonly string[];
    readonly at: string;
    readonly by: string;
  };
  /** There for object detectors alone. */
  readonly objects?: ObjectsLearnt;
  /** SHA-256 over what it learnt from: the ids of images, or a dataset of boxes. */
  readonly dataset_sha256: string | null;
  readonly job_id: string | null;
}

/** What GET /models answers for each. */
export interface ModelInfo {
  readonly model_id: string;
  readonly mode: 'scene' | 'project';
  readonly scene_id: string | null;
  readonly project_id: string | null;
  readonly created_at: string;
  readonly img_size: number;
  readonly epochs_run: number;
  readonly lr: number;
  readonly threshold: number;
  readonly note: string | null;
  readonly base_model_id: string | null;
  readonly training_mode: string;
  /** The folder below the data folder, e.g. "projects/p-1/models/m-1". */
  readonly path: string;
  readonly task: Task;
  readonly detector: string;
  /** Of all its files. */
  readonly bytes: number;
}
