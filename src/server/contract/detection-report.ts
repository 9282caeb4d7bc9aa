// The figures of an object detector over pictures whose boxes are known, as its training and evaluations answer them.
import Type from 'typebox';
import { Count, Share } from './values.ts';

const FigureOrNone = Type.Union([Share, Type.Null()]);
const figures = { precision: FigureOrNone, recall: FigureOrNone, f1: FigureOrNone };
const Curve = Type.Object({
  precisionByRecall: Type.Array(Type.Number()),
  precision: Type.Array(FigureOrNone),
  recall: Type.Array(Type.Number()),
  f1: Type.Array(Type.Number()),
});

/** As the library counts them, by COCO's method. */
export const detectionReport = {
  map50: FigureOrNone,
  map50_95: FigureOrNone,
  ...figures,
  bestConfidence: Type.Union([Share, Type.Null()], { description: 'where the mean F1 is best' }),
  perClass: Type.Array(
    Type.Object({
      name: Type.String(),
      truths: Count,
      pictures: Count,
      detections: Count,
      ap50: FigureOrNone,
      ap50_95: FigureOrNone,
      ...figures,
    }),
  ),
  curves: Type.Object({
    recalls: Type.Array(Type.Number()),
    confidences: Type.Array(Type.Number()),
    classes: Type.Array(Type.Union([Curve, Type.Null()])),
    mean: Type.Union([Curve, Type.Null()]),
  }),
  confusion: Type.Object({
    confidence: Share,
    iou: Share,
    counts: Type.Array(Type.Array(Count), {
      description: 'counts[truth][detection]; the last row and column are background',
    }),
  }),
  counts: Type.Object({ pictures: Count, truths: Count, detections: Count }),
  classesWithoutTruth: Type.Array(Type.String()),
};
