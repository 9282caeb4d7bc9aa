// Requests and answers about models and what they say about pictures.
import Type, { type Static } from 'typebox';
import { Address, Moment, Slug } from './values.ts';

const modelInfo = {
  model_id: Slug,
  mode: Type.Enum(['scene', 'project']),
  scene_id: Type.Union([Type.String(), Type.Null()]),
  project_id: Type.Union([Type.String(), Type.Null()]),
  created_at: Moment,
  img_size: Type.Integer(),
  epochs_run: Type.Integer(),
  lr: Type.Number(),
  threshold: Type.Number({ description: 'a picture is anomalous when its score is above' }),
  note: Type.Union([Type.String(), Type.Null()]),
  base_model_id: Type.Union([Type.String(), Type.Null()]),
  training_mode: Type.String(),
  path: Type.String({ description: 'below the data folder' }),
};

export const ModelInfo = Type.Object(modelInfo);
export type ModelInfo = Static<typeof ModelInfo>;

export const ModelList = Type.Array(ModelInfo);

export const ModelQuery = Type.Object(
  { mode: Type.Optional(Type.Enum(['scene', 'project'])), project_id: Type.Optional(Slug) },
  { additionalProperties: false },
);
export type ModelQuery = Static<typeof ModelQuery>;

export const ModelDetail = Type.Object({
  ...modelInfo,
  detector: Type.String(),
  encoder: Type.Union([Type.String(), Type.Null()]),
  imported: Type.Boolean(),
  job_id: Type.Union([Type.String(), Type.Null()]),
  dataset_sha256: Type.Union([Type.String(), Type.Null()]),
  thresholds: Type.Array(
    Type.Object({
      value: Type.Number(),
      pixel_value: Type.Union([Type.Number(), Type.Null()]),
      at: Moment,
      by: Type.String(),
      reason: Type.String(),
      target_false_alarm_rate: Type.Union([Type.Number(), Type.Null()]),
    }),
    { description: 'oldest first; the last one holds' },
  ),
  files: Type.Array(Type.Object({ name: Type.String(), bytes: Type.Integer(), sha256: Type.String() })),
});
export type ModelDetail = Static<typeof ModelDetail>;

export const ThresholdChange = Type.Object(
  {
    value: Type.Optional(Type.Number({ minimum: -1e9, maximum: 1e9 })),
    target_false_alarm_rate: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 })),
    note: Type.Optional(Type.String({ maxLength: 2000 })),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    description: 'either value, or target_false_alarm_rate from which a value is computed',
  },
);
export type ThresholdChange = Static<typeof ThresholdChange>;

const Corners = Type.Array(Type.Number(), { minItems: 4, maxItems: 4 });

/** Of a picture that was tested. */
const TestedItem = Type.Object({
  filename: Type.String(),
  score: Type.Number(),
  thr: Type.Number(),
  threshold: Type.Number({ description: 'the same as thr' }),
  is_anomaly: Type.Boolean(),
  image_url: Type.Union([Address, Type.Null()], { description: 'null with store=false, as the next two' }),
  heatmap_url: Type.Union([Address, Type.Null()]),
  overlay_url: Type.Union([Address, Type.Null()]),
  result_image: Type.Union([Address, Type.Null()], { description: 'the same as overlay_url' }),
  bboxes: Type.Array(Corners, { description: '[x, y, width, height] in pixels' }),
  detections: Type.Array(
    Type.Object({
      label: Type.String(),
      confidence: Type.Number(),
      bbox: Corners,
      box_format: Type.Literal('xyxy'),
    }),
  ),
  result_id: Type.Union([Type.String(), Type.Null()], { description: 'in the history of results' }),
});

/** Of a file that is no picture, among others that are. */
const UntestedItem = Type.Object({
  filename: Type.String(),
  error: Type.String(),
  error_code: Type.String(),
  error_detail: Type.String(),
});

export const TestItem = Type.Union([TestedItem, UntestedItem]);

export const TestAnswer = Type.Object({ model_id: Slug, items: Type.Array(TestItem) });
export type TestAnswer = Static<typeof TestAnswer>;

export const TestOptions = Type.Object(
  {
    store: Type.Optional(
      Type.Boolean({ default: true, description: 'false: no preview pictures and no entry in the results' }),
    ),
  },
  { additionalProperties: false },
);
export type TestOptions = Static<typeof TestOptions>;

export const DownloadQuery = Type.Object(
  {
    format: Type.Optional(
      Type.Enum(['pt', 'onnx', 'safetensors', 'bundle'], {
        description: 'left out: safetensors where there is one, otherwise pt',
      }),
    ),
  },
  { additionalProperties: false },
);
export type DownloadQuery = Static<typeof DownloadQuery>;

export const ImportedModel = Type.Object({ model_id: Slug, filename: Type.String() });
export type ImportedModel = Static<typeof ImportedModel>;
