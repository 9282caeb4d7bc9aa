// Answers about the server itself.
import Type, { type Static } from 'typebox';
import { Count, Moment } from './values.ts';

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
    min_tile_size: Type.Integer(),
    max_tile_size: Type.Integer(),
    max_defect_size: Type.Integer(),
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

export const SystemInfo = Type.Object({
  version: Type.String(),
  onnxruntime: Type.String(),
  node: Type.String(),
  platform: Type.String({ description: 'system and processor' }),
  threads: Type.Integer({ description: 'of the processor' }),
  memory_bytes: Count,
  free_memory_bytes: Count,
  disk: Type.Union([Type.Object({ total_bytes: Count, free_bytes: Count }), Type.Null()], {
    description: 'where the data folder lies; null when the system does not say',
  }),
  uptime_seconds: Type.Number({ description: 'of the server' }),
  training_device: Type.String({ description: 'as the settings say' }),
  inference_device: Type.String(),
  keys_in_force: Type.Boolean({ description: 'false: no key is needed, and only this machine is answered' }),
});
export type SystemInfo = Static<typeof SystemInfo>;

export const DeviceList = Type.Object({
  items: Type.Array(
    Type.Object({
      name: Type.String(),
      works: Type.Boolean(),
      why: Type.Union([Type.String(), Type.Null()], { description: 'of those that do not work' }),
      milliseconds: Type.Union([Type.Number(), Type.Null()], { description: 'for a small trial net' }),
    }),
  ),
});
export type DeviceList = Static<typeof DeviceList>;

export const EncoderList = Type.Object({
  items: Type.Array(
    Type.Object({
      name: Type.String(),
      about: Type.String(),
      available: Type.Boolean(),
      is_default: Type.Boolean({ description: 'new models are trained with it' }),
      files: Type.Array(Type.String(), {
        description: 'names that its weights may have; none: they come along',
      }),
    }),
  ),
});
export type EncoderList = Static<typeof EncoderList>;

const KeyScopeName = Type.Enum(['read', 'write', 'admin']);

export const ApiKeyInfo = Type.Object({
  name: Type.String(),
  scope: KeyScopeName,
  state: Type.Enum(['valid', 'expired', 'revoked']),
  created_at: Moment,
  expires_at: Type.Union([Moment, Type.Null()]),
  revoked_at: Type.Union([Moment, Type.Null()]),
});

export const ApiKeyList = Type.Object({ items: Type.Array(ApiKeyInfo) });
export type ApiKeyList = Static<typeof ApiKeyList>;

export const NewApiKey = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9_-]{1,60}$', description: 'whose key it is' }),
    scope: KeyScopeName,
    expires_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650, description: 'left out: never' })),
  },
  { additionalProperties: false },
);
export type NewApiKey = Static<typeof NewApiKey>;

export const CreatedKey = Type.Object({
  ...ApiKeyInfo.properties,
  key: Type.String({ description: 'the key itself, shown only now' }),
});
export type CreatedKey = Static<typeof CreatedKey>;
