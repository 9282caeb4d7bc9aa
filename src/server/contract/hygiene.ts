// Answers about pictures before and after a training: what a person should look at, and what has changed since.
import Type, { type Static } from 'typebox';
import { Address, Count, Moment, Slug } from './values.ts';

export const Hygiene = Type.Object({
  dataset_sha256: Type.String({
    description: 'of the pictures that were checked; a model that learns from them has the same',
  }),
  checked_at: Moment,
  checked: Count,
  left_out: Type.Integer({ minimum: 0, description: 'not looked at, because there are more than can be' }),
  unread: Type.Array(Type.Object({ filename: Type.String(), code: Type.String(), detail: Type.String() })),
  flags: Type.Array(
    Type.Object({
      kind: Type.Enum(['odd', 'near_duplicate', 'blurred', 'exposure', 'size']),
      filename: Type.String(),
      display_name: Type.String(),
      url: Address,
      figure: Type.Number({ description: 'what was measured' }),
      typical: Type.Union([Type.Number(), Type.Null()], {
        description: 'what is usual among these pictures',
      }),
      other: Type.Union([Type.String(), Type.Null()], {
        description: 'of near duplicates: the other picture',
      }),
      sentence: Type.String(),
    }),
    { description: 'pictures to look at; none is left out because of it' },
  ),
  notes: Type.Array(Type.String(), { description: 'what could not be told' }),
});
export type Hygiene = Static<typeof Hygiene>;

export const DriftQuery = Type.Object(
  {
    last: Type.Optional(
      Type.Integer({
        minimum: 20,
        maximum: 5000,
        default: 200,
        description: 'how many of the newest results',
      }),
    ),
  },
  { additionalProperties: false },
);
export type DriftQuery = Static<typeof DriftQuery>;

const Verdict = Type.Enum(['stable', 'watch', 'drifted', 'unknown']);
const Middle = Type.Union([
  Type.Object({
    median: Type.Number(),
    deviation: Type.Number({ description: 'median absolute deviation times 1.4826' }),
    count: Count,
  }),
  Type.Null(),
]);

export const DriftFigure = Type.Object({
  recent: Middle,
  calibration: Middle,
  shift: Type.Union([Type.Number(), Type.Null()], {
    description: 'of the medians, in deviations of the calibration; of sharpness on a logarithmic scale',
  }),
  verdict: Verdict,
  sentence: Type.String(),
});

export const Drift = Type.Object({
  model_id: Slug,
  results: Count,
  verdict: Verdict,
  score: DriftFigure,
  brightness: DriftFigure,
  sharpness: DriftFigure,
});
export type Drift = Static<typeof Drift>;
