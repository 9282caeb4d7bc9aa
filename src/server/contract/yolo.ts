// Requests and answers about object detection.
import Type, { type Static, type TSchema } from 'typebox';
import { Address, Count, Cursor, Moment, Next, PageSize } from './values.ts';

export const YoloDatasetInfo = Type.Object({
  ready: Type.Boolean(),
  train_images: Count,
  val_images: Count,
  classes: Type.Array(Type.String()),
  yaml_path: Type.Union([Type.String(), Type.Null()]),
  note: Type.Union([Type.String(), Type.Null()]),
  updated_at: Type.Union([Moment, Type.Null()]),
  version: Type.Union([Type.String(), Type.Null()], { description: 'changes whenever the dataset does' }),
  source: Type.Union([Type.Literal('zip'), Type.Literal('labels'), Type.Null()]),
  boxes: Type.Array(Type.Object({ class: Type.String(), train: Count, val: Count }), {
    description: 'how many there are of each class',
  }),
});
export type YoloDatasetInfo = Static<typeof YoloDatasetInfo>;

export const YoloUpload = Type.Object(
  {
    allow_partial: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'true: pictures that cannot be read are left out and listed; false: they refuse the whole',
      }),
    ),
  },
  { additionalProperties: false },
);
export type YoloUpload = Static<typeof YoloUpload>;

const examplesOf = <S extends TSchema>(item: S) =>
  Type.Object({ count: Count, examples: Type.Array(item, { description: 'the first 20' }) });
const NamesFound = examplesOf(Type.String());
const SplitCounts = Type.Object({ images: Count, boxes: Count, images_without_boxes: Count });
const Side = Type.Integer({ minimum: 1 });
const PictureSize = Type.Object({ width: Side, height: Side });

/** How sound a dataset is. */
export const YoloDatasetHealth = Type.Object({
  version: Type.String(),
  train: SplitCounts,
  val: SplitCounts,
  classes: Type.Array(
    Type.Object({
      name: Type.String(),
      train_boxes: Count,
      val_boxes: Count,
      train_images: Count,
      val_images: Count,
    }),
  ),
  balance: Type.Union([Type.Number(), Type.Null()], {
    description: 'boxes of the commonest class for each one of the rarest in train',
  }),
  unused_classes: Type.Array(Type.String(), { description: 'classes without a box in train' }),
  split: Type.Object({
    by: Type.Union([Type.Literal('dataset'), Type.Literal('seed')]),
    seed: Type.Union([Type.Integer(), Type.Null()]),
    val_ratio: Type.Union([Type.Number(), Type.Null()]),
  }),
  images_without_labels: NamesFound,
  labels_without_images: NamesFound,
  clamped_boxes: Count,
  duplicate_boxes: Count,
  polygons: Count,
  tiny_boxes: Type.Object({
    under_px: Type.Number({ description: 'a side below this' }),
    at_px: Type.Number({ description: 'when the longer side of the picture has this' }),
    count: Count,
    examples: Type.Array(Type.String()),
  }),
  corrupt_images: examplesOf(
    Type.Object({ file: Type.String(), code: Type.String(), detail: Type.String() }),
  ),
  same_in_train_and_val: Type.Object({
    count: Count,
    examples: Type.Array(
      Type.Object({
        train: Type.String(),
        val: Type.String(),
        bits: Type.Union([Count, Type.Null()], {
          description: 'in how many of 256 bits their fingerprints differ; null: the same bytes',
        }),
      }),
    ),
    complete: Type.Boolean({ description: 'false: there were too many to compare all' }),
  }),
  picture_sizes: Type.Object({
    smallest: PictureSize,
    median: PictureSize,
    largest: PictureSize,
    distinct: Count,
  }),
  ignored_files: Count,
  notes: Type.Array(Type.String()),
});
export type YoloDatasetHealth = Static<typeof YoloDatasetHealth>;

const BoxShare = Type.Number({ minimum: 0, maximum: 1 });

/** Pictures of a dataset with their boxes. */
export const YoloPictures = Type.Object({
  items: Type.Array(
    Type.Object({
      file: Type.String(),
      name: Type.String({ description: 'as it was uploaded' }),
      split: Type.Enum(['train', 'val']),
      url: Address,
      width: Count,
      height: Count,
      boxes: Type.Array(
        Type.Object({ label: Type.String(), x: BoxShare, y: BoxShare, width: BoxShare, height: BoxShare }),
        { description: 'x, y: the top left corner; all as shares of the picture' },
      ),
    }),
  ),
  total: Type.Integer({ description: 'how many there are, over all pages' }),
  next: Next,
});
export type YoloPictures = Static<typeof YoloPictures>;

export const YoloPictureQuery = Type.Object(
  {
    split: Type.Optional(Type.Enum(['train', 'val'])),
    class: Type.Optional(
      Type.String({ minLength: 1, maxLength: 120, description: 'only pictures with a box of it' }),
    ),
    limit: Type.Optional(PageSize),
    after: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);
export type YoloPictureQuery = Static<typeof YoloPictureQuery>;

/** Of a file of weights: a plain name, no path. */
export const weightsNamePattern = '^[A-Za-z0-9_-][A-Za-z0-9._-]{0,190}\\.(pt|pth|safetensors)$';

export const yoloLimits = {
  minImgSize: 64,
  maxImgSize: 1536,
  imgSizeStep: 32,
  maxEpochs: 10_000,
  maxBatch: 1024,
} as const;

/** Those of the original, but for the variant. */
export const yoloDefaults = {
  epochs: 100,
  img_size: 640,
  model_variant: 'okapi-n',
  conf: 0.25,
  iou: 0.45,
} as const;

export const YoloTraining = Type.Object(
  {
    epochs: Type.Optional(
      Type.Integer({ minimum: 1, maximum: yoloLimits.maxEpochs, default: yoloDefaults.epochs }),
    ),
    img_size: Type.Optional(
      Type.Integer({
        minimum: yoloLimits.minImgSize,
        maximum: yoloLimits.maxImgSize,
        multipleOf: yoloLimits.imgSizeStep,
        default: yoloDefaults.img_size,
        description: 'pictures are letterboxed into a square of this side',
      }),
    ),
    batch: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: yoloLimits.maxBatch,
        description:
          'left out: chosen by the memory that a job may take and by the number of pictures; one that does not fit is refused, with what would',
      }),
    ),
    model_variant: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        default: yoloDefaults.model_variant,
        description:
          'okapi-n and okapi-s start from a trunk that was trained on COCO; yolov8n, s, m, l, x have no weights of their own: ' +
          'with .pt, and a file of that name in training.weights_dir, they start from it, else from scratch. ' +
          '(The original’s default was yolov8n.pt.)',
      }),
    ),
    weights: Type.Optional(
      Type.String({
        pattern: weightsNamePattern,
        maxLength: 200,
        description:
          'name of a file in training.weights_dir to start from; it is read at once, and refused when it is no detector of the variant',
      }),
    ),
    lr0: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        description: 'left out: what the trainer learns best with',
      }),
    ),
    conf: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        default: yoloDefaults.conf,
        description: 'the least confidence of a detection; it can be changed later',
      }),
    ),
    iou: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        default: yoloDefaults.iou,
        description: 'the overlap above which the surer box of a class stays; it can be changed later',
      }),
    ),
  },
  { additionalProperties: false },
);
export type YoloTraining = Static<typeof YoloTraining>;
