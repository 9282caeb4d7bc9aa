// Requests and answers about the results that tests left behind.
import Type, { type Static } from 'typebox';
import { Address, Cursor, Moment, Next, PageSize } from './values.ts';

export const ResultItem = Type.Object({
  at: Moment,
  model_id: Type.String(),
  filename: Type.String(),
  score: Type.Union([Type.Number(), Type.Null()]),
  threshold: Type.Union([Type.Number(), Type.Null()]),
  is_anomaly: Type.Union([Type.Boolean(), Type.Null()]),
  image_url: Type.Optional(Type.Union([Address, Type.Null()])),
  heatmap_url: Type.Optional(Type.Union([Address, Type.Null()])),
  overlay_url: Type.Optional(Type.Union([Address, Type.Null()])),
});

export const ResultList = Type.Object({ items: Type.Array(ResultItem), next: Next });
export type ResultList = Static<typeof ResultList>;

export const ResultQuery = Type.Object(
  {
    search: Type.Optional(Type.String({ maxLength: 200, description: 'part of a file name or model id' })),
    verdict: Type.Optional(Type.Enum(['good', 'anomaly'])),
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
