// A project as it is stored, in the original's meta.json, and as it is answered.
export const trainingModes = ['anomaly', 'finetune', 'yolo'] as const;
export type TrainingMode = (typeof trainingModes)[number];

export interface ProjectRecord {
  readonly project_id: string;
  readonly name: string;
  readonly description: string | null;
  /** ISO 8601 with a time zone. */
  readonly created_at: string;
  readonly training_mode: TrainingMode;
  readonly last_model_id: string | null;
  /** Set when the project was deleted: it is as if it were gone, and a sweep removes its files. */
  readonly deleted_at?: string;
}

/** What is told about each, besides the addresses of pictures. */
export interface ProjectInfo {
  readonly project_id: string;
  readonly name: string;
  readonly description: string | null;
  readonly created_at: string;
  readonly num_images: number;
  /** Of them, those marked as bad. */
  readonly num_ng: number;
  /** Of the others, those that are held out of trainings. */
  readonly num_holdout: number;
  /** Stored names, four at most. */
  readonly first_images: readonly string[];
  readonly last_model_id: string | null;
  readonly training_mode: TrainingMode;
}
