// Answers about the server itself.
import Type, { type Static } from 'typebox';

export const Readiness = Type.Object({ ready: Type.Boolean() });

export const Limits = Type.Object({
  uploads: Type.Object({
    allowed_extensions: Type.Array(Type.String()),
    max_files: Type.Integer(),
    max_file_bytes: Type.Integer(),
    max_total_bytes: Type.Integer(),
    max_megapixels: Type.Number(),
    decode_timeout_seconds: Type.Number(),
  }),
  datasets: Type.Object(
    {
      max_zip_bytes: Type.Integer(),
      max_unpacked_bytes: Type.Integer(),
      max_entries: Type.Integer(),
      max_ratio: Type.Integer({ description: 'unpacked bytes for each packed one' }),
      max_label_file_bytes: Type.Integer(),
      max_boxes_per_image: Type.Integer(),
      max_classes: Type.Integer(),
    },
    { description: 'of ZIP files for object detection' },
  ),
  json: Type.Object({ max_bytes: Type.Integer(), max_depth: Type.Integer() }),
  training: Type.Object({
    min_img_size: Type.Integer(),
    max_img_size: Type.Integer(),
    max_epochs: Type.Integer(),
  }),
  yolo: Type.Object(
    {
      variants: Type.Array(Type.String()),
      min_img_size: Type.Integer(),
      max_img_size: Type.Integer(),
      img_size_step: Type.Integer(),
      max_epochs: Type.Integer(),
      max_batch: Type.Integer({ description: 'before the memory that a job may take: jobs.max_memory_mb' }),
      max_detections_per_image: Type.Integer(),
      max_weights_bytes: Type.Integer({ description: 'of a file in training.weights_dir' }),
    },
    { description: 'of trainings for object detection; their data: datasets' },
  ),
  jobs: Type.Object({
    max_workers: Type.Integer(),
    max_queued: Type.Integer(),
    max_memory_mb: Type.Number(),
    max_hours: Type.Number(),
  }),
  inference: Type.Object({ max_waiting_requests: Type.Integer(), preview_hours: Type.Number() }),
  rate_limits: Type.Object({
    uploads_per_minute: Type.Integer(),
    deletes_per_minute: Type.Integer(),
    failed_downloads_per_minute: Type.Integer(),
  }),
  page: Type.Object({ max_items: Type.Integer() }),
});
export type Limits = Static<typeof Limits>;
