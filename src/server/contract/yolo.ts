// Requests and answers about object detection.
import Type, { type Static } from 'typebox';
import { Count, Moment } from './values.ts';

export const YoloDatasetInfo = Type.Object({
  ready: Type.Boolean(),
  train_images: Count,
  val_images: Count,
  classes: Type.Array(Type.String()),
  yaml_path: Type.Union([Type.String(), Type.Null()]),
  note: Type.Union([Type.String(), Type.Null()]),
  updated_at: Type.Union([Moment, Type.Null()]),
});
export type YoloDatasetInfo = Static<typeof YoloDatasetInfo>;

export const YoloTraining = Type.Object(
  {
    epochs: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 100 })),
    img_size: Type.Optional(Type.Integer({ minimum: 64, maximum: 2048, multipleOf: 32, default: 640 })),
    batch: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024 })),
    model_variant: Type.Optional(Type.String({ minLength: 1, maxLength: 100, default: 'yolov8n.pt' })),
    lr0: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1 })),
    conf: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 0.25 })),
    iou: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 0.45 })),
  },
  { additionalProperties: false },
);
export type YoloTraining = Static<typeof YoloTraining>;
