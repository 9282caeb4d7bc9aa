// Requests and answers about the results that tests left behind.
import Type, { type Static } from 'typebox';
import { Address, Cursor, Moment, Next, PageSize } from './values.ts';

export const FeedbackName = Type.Enum(['false_alarm', 'missed']);

export const ResultItem = Type.Object({
  result_id: Type.String(),
  at: Moment,
  by: Type.String(),
  model_id: Type.String(),
  filename: Type.String(),
  score: Type.Number(),
  threshold: Type.Number(),
  is_anomaly: Type.Boolean(),
  is_uncertain: Type.Boolean({ description: 'false in results of before it was kept' }),
  regions: Type.Integer({ description: 'how many' }),
  detections: Type.Array(
    Type.Object({
      label: Type.String(),
      confidence: Type.Number(),
      bbox: Type.Array(Type.Number(), { minItems: 4, maxItems: 4 }),
      box_format: Type.Literal('xyxy'),
    }),
    { description: 'of object detectors' },
  ),
  feedback: Type.Union([FeedbackName, Type.Null()]),
  image_url: Address,
  heatmap_url: Type.Union([Address, Type.Null()], { description: 'null for object detectors' }),
  overlay_url: Address,
  brightness: Type.Union([Type.Number(), Type.Null()], { description: 'mean luma of the picture, 0..1' }),
  sharpness: Type.Union([Type.Number(), Type.Null()], { description: 'variance of its Laplacian' }),
});
export type ResultItem = Static<typeof ResultItem>;

export const FeedbackChange = Type.Object(
  { feedback: Type.Union([FeedbackName, Type.Null()], { description: 'null takes it back' }) },
  { additionalProperties: false },
);
export type FeedbackChange = Static<typeof FeedbackChange>;

export const ResultList = Type.Object({ items: Type.Array(ResultItem), next: Next });
export type ResultList = Static<typeof ResultList>;

export const ResultQuery = Type.Object(
  {
    search: Type.Optional(Type.String({ maxLength: 200, description: 'part of a file name or a label' })),
    verdict: Type.Optional(Type.Enum(['good', 'anomaly'])),
    feedback: Type.Optional(FeedbackName),
    limit: Type.Optional(PageSize),
    after: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);
export type ResultQuery = Static<typeof ResultQuery>;

export const ExportQuery = Type.Object(
  { format: Type.Optional(Type.Enum(['csv', 'json'], { default: 'csv' })) },
  { additionalProperties: false },
);
export type ExportQuery = Static<typeof ExportQuery>;
