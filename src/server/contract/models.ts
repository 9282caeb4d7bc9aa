// Requests and answers about models and what they say about pictures.
import Type, { type Static } from 'typebox';
import { detectionReport } from './detection-report.ts';
import { Address, Count, Moment, Share, Slug } from './values.ts';

const modelInfo = {
  model_id: Slug,
  mode: Type.Enum(['scene', 'project']),
  scene_id: Type.Union([Type.String(), Type.Null()]),
  project_id: Type.Union([Type.String(), Type.Null()]),
  created_at: Moment,
  img_size: Type.Integer(),
  epochs_run: Type.Integer(),
  lr: Type.Number(),
  threshold: Type.Number({
    description: 'a picture is anomalous when its score is above; of object detectors: the least confidence',
  }),
  note: Type.Union([Type.String(), Type.Null()]),
  base_model_id: Type.Union([Type.String(), Type.Null()]),
  training_mode: Type.String(),
  path: Type.String({ description: 'below the data folder' }),
  task: Type.Enum(['anomaly', 'detect']),
  detector: Type.String({ description: 'the kind of detector' }),
  bytes: Type.Integer({ description: 'of all its files' }),
};

export const ModelInfo = Type.Object(modelInfo);
export type ModelInfo = Static<typeof ModelInfo>;

export const ModelList = Type.Array(ModelInfo);

export const ModelQuery = Type.Object(
  { mode: Type.Optional(Type.Enum(['scene', 'project'])), project_id: Type.Optional(Slug) },
  { additionalProperties: false },
);
export type ModelQuery = Static<typeof ModelQuery>;

const DetectFigures = Type.Object({ map50: Share, map50_95: Share, precision: Share, recall: Share });

const Band = Type.Union([Type.Object({ low: Type.Number(), high: Type.Number() }), Type.Null()], {
  description:
    'a score above low and not above high is uncertain: with some other good pictures the threshold might have come out there; ' +
    'null for object detectors, where the model keeps no scores, and in versions of before it was kept',
});

const ThresholdVersion = Type.Object({
  value: Type.Number(),
  pixel_value: Type.Union([Type.Number(), Type.Null()]),
  at: Moment,
  by: Type.String(),
  reason: Type.String(),
  target_false_alarm_rate: Type.Union([Type.Number(), Type.Null()]),
  iou: Type.Union([Type.Number(), Type.Null()], { description: 'of object detectors' }),
  uncertain: Band,
});

export const ModelDetail = Type.Object({
  ...modelInfo,
  encoder: Type.Union([Type.String(), Type.Null()]),
  imported: Type.Boolean(),
  variant: Type.Union([Type.String(), Type.Null()], {
    description: 'of object detectors, as the next three',
  }),
  classes: Type.Union([Type.Array(Type.String()), Type.Null()]),
  metrics: Type.Union([DetectFigures, Type.Null()], { description: 'over the val pictures, when trained' }),
  started_from: Type.Union([Type.String(), Type.Null()], {
    description: 'the file of weights that the training started from',
  }),
  job_id: Type.Union([Type.String(), Type.Null()]),
  dataset_sha256: Type.Union([Type.String(), Type.Null()]),
  updated_from: Type.Union(
    [
      Type.Object({
        model_id: Slug,
        images: Type.Array(Type.String(), { description: 'stored names of what was added' }),
        at: Moment,
        by: Type.String(),
      }),
      Type.Null(),
    ],
    { description: 'of a model that an update made: the model that it was made from, which stays' },
  ),
  thresholds: Type.Array(ThresholdVersion, { description: 'oldest first; the last one holds' }),
  files: Type.Array(Type.Object({ name: Type.String(), bytes: Type.Integer(), sha256: Type.String() })),
});
export type ModelDetail = Static<typeof ModelDetail>;

const orNull = { description: 'null where it is not known, or gone' };

/** What a threshold rests on: for a histogram with a threshold to move. */
export const ModelScores = Type.Object({
  model_id: Slug,
  threshold: ThresholdVersion,
  source: Type.Union([Type.Enum(['held-out', 'cross-fitted']), Type.Null()], {
    description: 'how the scores were made; null: the model keeps none',
  }),
  false_alarms: Type.Union(
    [Type.Object({ above: Count, pictures: Count, low: Share, high: Share }), Type.Null()],
    {
      description:
        'how many of these good pictures the threshold calls anomalous, and the 95 % interval of the share',
    },
  ),
  trust: Type.String({ description: 'how far the threshold can be trusted, in words' }),
  by_rate: Type.Array(
    Type.Object({
      target_false_alarm_rate: Share,
      value: Type.Number({ description: 'the threshold that holds this rate' }),
      is_promised: Type.Boolean({ description: 'false: there are too few scores for this rate' }),
      trust: Type.String(),
    }),
  ),
  items: Type.Array(
    Type.Object({
      filename: Type.Union([Type.String(), Type.Null()], orNull),
      display_name: Type.Union([Type.String(), Type.Null()], orNull),
      url: Type.Union([Address, Type.Null()], orNull),
      thumbnail_url: Type.Union([Address, Type.Null()], orNull),
      score: Type.Number(),
      peak: Type.Number({ description: 'the highest pixel of its map' }),
    }),
    {
      description:
        'each good picture, scored by what had not seen it, the highest score first; of one or two pictures also moved copies',
    },
  ),
});
export type ModelScores = Static<typeof ModelScores>;

export const ThresholdChange = Type.Object(
  {
    value: Type.Optional(Type.Number({ minimum: -1e9, maximum: 1e9 })),
    target_false_alarm_rate: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 })),
    iou: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: 'of object detectors: the overlap above which the surer box of a class stays',
      }),
    ),
    note: Type.Optional(Type.String({ maxLength: 2000 })),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    description:
      'either value, or target_false_alarm_rate from which a value is computed; for object detectors value (the least confidence, 0..1), iou or both',
  },
);
export type ThresholdChange = Static<typeof ThresholdChange>;

/** metrics.json of an object detector. Further fields may come. */
export const ModelMetrics = Type.Object({
  ...detectionReport,
  best_epoch: Count,
  epochs: Type.Array(Type.Record(Type.String(), Type.Union([Type.Number(), Type.Boolean()])), {
    description: 'epoch, loss and its parts, figures and learning rate (lr) of each epoch',
  }),
});
export type ModelMetrics = Static<typeof ModelMetrics>;

const Corners = Type.Array(Type.Number(), { minItems: 4, maxItems: 4 });

/** Of a picture that was tested. */
export const TestedItem = Type.Object({
  filename: Type.String(),
  score: Type.Number({ description: 'of object detectors: the highest confidence, 0 when nothing is found' }),
  thr: Type.Number({ description: 'of object detectors: the least confidence' }),
  threshold: Type.Number({ description: 'the same as thr' }),
  is_anomaly: Type.Boolean({ description: 'of object detectors: whether anything is found' }),
  is_uncertain: Type.Boolean({
    description: 'whether the score lies in the band around the threshold, so that a person should look',
  }),
  uncertain: Band,
  image_url: Type.Union([Address, Type.Null()], { description: 'null with store=false, as the next two' }),
  heatmap_url: Type.Union([Address, Type.Null()], { description: 'null for object detectors too' }),
  overlay_url: Type.Union([Address, Type.Null()]),
  result_image: Type.Union([Address, Type.Null()], { description: 'the same as overlay_url' }),
  bboxes: Type.Array(Corners, { description: '[x, y, width, height] in pixels' }),
  regions: Type.Array(
    Type.Object({
      bbox: Corners,
      area: Type.Number({ description: 'in pixels' }),
      peak: Type.Number({ description: 'the highest score in it, absolute; of an object its confidence' }),
    }),
    { description: 'the same places as bboxes, with what is known of each' },
  ),
  pixel_threshold: Type.Union([Type.Number(), Type.Null()], {
    description:
      'a pixel of the map is anomalous above it; null for object detectors and models of the original',
  }),
  map_url: Type.Union([Address, Type.Null()], {
    description:
      'the map in absolute scores: float32 [height, width] as an .npy file, at the model’s resolution; null without map=true',
  }),
  reconstruction_url: Type.Union([Address, Type.Null()], {
    description: 'what the model makes of the picture, for those that draw it; null without map=true',
  }),
  detections: Type.Array(
    Type.Object({
      label: Type.String(),
      confidence: Type.Number(),
      bbox: Corners,
      box_format: Type.Literal('xyxy'),
    }),
    { description: 'of object detectors, the surest first; bbox is [x1, y1, x2, y2] in pixels' },
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

const forObjects = (what: string) =>
  Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: `${what}; for object detectors alone, left out: the model’s`,
    }),
  );

export const TestOptions = Type.Object(
  {
    conf: forObjects('the least confidence'),
    iou: forObjects('the overlap above which the surer box of a class stays'),
    store: Type.Optional(
      Type.Boolean({ default: true, description: 'false: no preview pictures and no entry in the results' }),
    ),
    map: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'with what is stored also the map in absolute scores and the reconstruction',
      }),
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
