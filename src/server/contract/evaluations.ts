// Requests and answers about evaluations: how well models judge the pictures that people have marked.
import Type, { type Static } from 'typebox';
import { ImageItem } from './images.ts';
import { ObjectsEvaluationDetail, ObjectsEvaluationInfo } from './objects-evaluations.ts';
import { Address, Count, Moment, Share, Slug } from './values.ts';

const Reason = Type.Optional(Type.String({ description: 'why there is no value' }));
const Value = Type.Union([Type.Number(), Type.Null()]);
const Figure = Type.Object({ value: Value, reason: Reason });
const Interval = Type.Union([Type.Array(Type.Number(), { minItems: 2, maxItems: 2 }), Type.Null()], {
  description: '95 %: low and high; null where there is no value',
});
const FigureWithInterval = Type.Object({ value: Value, interval: Interval, reason: Reason });

const forObjects = (what: string) =>
  Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: `${what}; for object detectors alone, left out: the model’s`,
    }),
  );

export const EvaluationOptions = Type.Object(
  {
    unseen_by: Type.Optional(
      Type.Array(Slug, {
        maxItems: 20,
        description:
          'ids of models: pictures that these have learnt from are left out too, so that all can be compared',
      }),
    ),
    conf: forObjects('the least confidence: what is shown and what the confusion matrix counts'),
    iou: forObjects('the overlap above which the surer box of a class stays'),
    split: Type.Optional(
      Type.Enum(['val', 'train'], {
        description:
          'of the dataset, for object detectors alone; left out: val, which is test where an archive has no val. ' +
          'train holds what the model has learnt from, and its figures flatter the model',
      }),
    ),
    dataset_version: Type.Optional(
      Type.String({
        pattern: '^v-[0-9a-f]{32}$',
        description: 'for object detectors alone; left out: the current dataset of the project',
      }),
    ),
  },
  { additionalProperties: false },
);
export type EvaluationOptions = Static<typeof EvaluationOptions>;

const summary = {
  task: Type.Literal('anomaly'),
  evaluation_id: Slug,
  model_id: Slug,
  created_at: Moment,
  by: Type.String(),
  threshold: Type.Number({ description: 'that the verdicts were made by' }),
  dataset_sha256: Type.String({ description: 'equal for the same pictures with the same marks and masks' }),
  counts: Type.Object({
    ok: Count,
    ng: Count,
    seen: Type.Union([Count, Type.Null()], {
      description: 'marked pictures left out, because a model has learnt from them; null: not known',
    }),
    untested: Type.Integer({ minimum: 0, description: 'pictures that could not be read' }),
    left_out: Type.Integer({
      minimum: 0,
      description: 'scores of good pictures of the training that stand in for ok pictures; see good_side',
    }),
  }),
  good_side: Type.Enum(['pictures', 'left-out', 'none'], {
    description:
      'what the ng pictures are held against: ok pictures; or, when the model has learnt from all of these, the scores that its ' +
      'threshold rests on, each given by a model that had not seen the picture (false alarms at the threshold are then by ' +
      'calibration, and counted in confusion); or nothing',
  }),
  note: Type.Union([Type.String(), Type.Null()]),
  figures: Type.Object({
    image_auroc: FigureWithInterval,
    average_precision: Figure,
    best_f1: Type.Object({ value: Value, threshold: Value, reason: Reason }),
    pixel_auroc: Figure,
    aupro: Figure,
    false_alarm_rate: FigureWithInterval,
    recall: FigureWithInterval,
    precision: Figure,
  }),
  suggestion: Type.Union(
    [
      Type.Object({
        threshold: Type.Number(),
        false_alarms: Count,
        of_good: Count,
        missed: Count,
        of_ng: Count,
      }),
      Type.Null(),
    ],
    {
      description:
        'the threshold of the best F1 with what it would do on these very pictures, which chose it: on others it may do less ' +
        'well; null without both sides, and in evaluations of before there was one. PATCH /models/{id}/threshold takes it over',
    },
  ),
  confusion: Type.Object(
    { true_positives: Count, false_positives: Count, true_negatives: Count, false_negatives: Count },
    { description: 'at the threshold; positive is called anomalous, true is rightly so' },
  ),
  masks: Type.Object({ used: Count, missing: Count, refused: Count }),
};

const AnomalyEvaluationInfo = Type.Object(summary);
export type AnomalyEvaluationInfo = Static<typeof AnomalyEvaluationInfo>;

export const EvaluationInfo = Type.Union([AnomalyEvaluationInfo, ObjectsEvaluationInfo]);
export type EvaluationInfo = Static<typeof EvaluationInfo>;

export const EvaluationList = Type.Object({
  items: Type.Array(EvaluationInfo, { description: 'newest first' }),
});
export type EvaluationList = Static<typeof EvaluationList>;

const Truth = Type.Enum(['ok', 'ng']);
const Picture = Type.Object({
  filename: Type.String(),
  display_name: Type.String(),
  url: Address,
  truth: Truth,
  score: Type.Number(),
  is_anomaly: Type.Boolean(),
});
const Refused = Type.Object({ filename: Type.String(), code: Type.String(), detail: Type.String() });

const AnomalyEvaluationDetail = Type.Object({
  ...summary,
  pictures: Type.Array(Picture, {
    description: 'wrong verdicts first, the farthest on the wrong side of the threshold leading',
  }),
  untested: Type.Array(Refused),
  refused_masks: Type.Array(Refused),
  histogram: Type.Object(
    { edges: Type.Array(Type.Number()), ok: Type.Array(Count), ng: Type.Array(Count) },
    { description: 'scores in equal steps; edges has one entry more' },
  ),
  roc: Type.Array(
    Type.Object({
      score: Type.Union([Type.Number(), Type.Null()], { description: 'null: nothing is called anomalous' }),
      false_positive_rate: Share,
      true_positive_rate: Share,
    }),
  ),
  precision_recall: Type.Array(Type.Object({ score: Type.Number(), precision: Share, recall: Share })),
});
export type AnomalyEvaluationDetail = Static<typeof AnomalyEvaluationDetail>;

export const EvaluationDetail = Type.Union([AnomalyEvaluationDetail, ObjectsEvaluationDetail]);
export type EvaluationDetail = Static<typeof EvaluationDetail>;

/** A picture of the history that was added to the good ones. */
export const GoodPicture = Type.Object({
  status: Type.Enum(['stored', 'duplicate']),
  image: ImageItem,
});
export type GoodPicture = Static<typeof GoodPicture>;

export const ComparisonQuery = Type.Object(
  {
    models: Type.String({
      pattern: '^[a-z0-9_-]{1,200}(,[a-z0-9_-]{1,200}){1,9}$',
      maxLength: 2100,
      description: 'two to ten ids of models, joined by commas; the others are held against the first',
    }),
  },
  { additionalProperties: false },
);
export type ComparisonQuery = Static<typeof ComparisonQuery>;

export const ModelComparison = Type.Object({
  dataset_sha256: Type.String(),
  models: Type.Array(AnomalyEvaluationInfo, { description: 'the newest evaluation of each on this set' }),
  against_first: Type.Array(
    Type.Object({
      model_id: Slug,
      auroc_difference: FigureWithInterval,
      only_this_right: Count,
      only_first_right: Count,
    }),
  ),
  pictures: Type.Array(
    Type.Object({
      filename: Type.String(),
      display_name: Type.String(),
      url: Address,
      truth: Truth,
      differs: Type.Boolean({ description: 'whether the models do not all say the same' }),
      verdicts: Type.Array(
        Type.Object({
          score: Type.Number(),
          is_anomaly: Type.Boolean(),
          ratio: Type.Union([Type.Number(), Type.Null()], { description: 'score over threshold' }),
        }),
        { description: 'one a model' },
      ),
    }),
    { description: 'those where they differ first' },
  ),
});
export type ModelComparison = Static<typeof ModelComparison>;
