// Answers about evaluations of object detectors: figures over a split of a dataset, and picture by picture.
import Type, { type Static } from 'typebox';
import { detectionReport } from './detection-report.ts';
import { Address, Count, Moment, Share, Slug } from './values.ts';

const FigureOrNone = Type.Union([Share, Type.Null()]);

const summary = {
  task: Type.Literal('detect'),
  evaluation_id: Slug,
  model_id: Slug,
  created_at: Moment,
  by: Type.String(),
  conf: Share,
  iou: Share,
  dataset_version: Type.String({ description: 'of that time; versions that are replaced are removed' }),
  dataset_sha256: Type.String({ description: 'equal for the same pictures with the same boxes' }),
  split: Type.Enum(['val', 'train']),
  counts: Type.Object({
    pictures: Count,
    boxes: Count,
    seen: Type.Union([Count, Type.Null()], {
      description:
        'pictures left out, because a model has learnt from them (of the split train: that are among these); null: not known',
    }),
    untested: Type.Integer({ minimum: 0, description: 'pictures that could not be read' }),
  }),
  chose_best_epoch: Type.Boolean({
    description:
      'whether the training chose its best epoch by this split, which flatters the figures a little',
  }),
  note: Type.Union([Type.String(), Type.Null()]),
  figures: Type.Object(
    {
      map50: FigureOrNone,
      map50_95: FigureOrNone,
      precision: FigureOrNone,
      recall: FigureOrNone,
      f1: FigureOrNone,
      best_confidence: FigureOrNone,
    },
    {
      description:
        'precision, recall and F1 are means over the classes, at best_confidence, where the mean F1 is best',
    },
  ),
};

export const ObjectsEvaluationInfo = Type.Object(summary);
export type ObjectsEvaluationInfo = Static<typeof ObjectsEvaluationInfo>;

const Corners = Type.Array(Type.Number(), {
  minItems: 4,
  maxItems: 4,
  description: '[x1, y1, x2, y2] in pixels',
});

const Picture = Type.Object({
  filename: Type.String({ description: 'its name among the files of the dataset' }),
  display_name: Type.String({ description: 'as it was uploaded' }),
  url: Address,
  width: Count,
  height: Count,
  counts: Type.Object(
    { found: Count, confused: Count, missed: Count, extra: Count },
    {
      description:
        'at conf, boxes that belong together as in the confusion matrix: true boxes found, taken for another class and missed, and detections where nothing is',
    },
  ),
  truths: Type.Array(
    Type.Object({
      label: Type.String(),
      bbox: Corners,
      outcome: Type.Enum(['found', 'confused', 'missed']),
    }),
  ),
  detections: Type.Array(
    Type.Object({
      label: Type.String(),
      confidence: Share,
      bbox: Corners,
      outcome: Type.Enum(['right', 'confused', 'extra']),
    }),
    { description: 'the surest first' },
  ),
});

export const ObjectsEvaluationDetail = Type.Object({
  ...summary,
  report: Type.Object(detectionReport),
  pictures: Type.Array(Picture, { description: 'those with the most mistakes first, 1000 at most' }),
  untested: Type.Array(Type.Object({ filename: Type.String(), code: Type.String(), detail: Type.String() })),
});
export type ObjectsEvaluationDetail = Static<typeof ObjectsEvaluationDetail>;
