import { describe, expect, it } from 'vitest';
import type { Box, LabelledBox } from '../dataset/labelled.ts';
import type { ObjectDetector } from '../detectors/detector.ts';
import type { Detection } from '../scoring/detection.ts';
import { ObjectEvaluator } from './object-evaluator.ts';

const picture = { width: 100, height: 100, data: new Uint8Array(3 * 100 * 100) };
const model: ObjectDetector['model'] = {
  ...{ task: 'detect', kind: 'yolo', variant: 'okapi-n', imageSize: 96, notes: [] },
  ...{ classes: ['disc', 'square'], conf: 0.5, iou: 0.45 },
  metrics: { map50: 0, map50_95: 0, precision: 0, recall: 0 },
};
const detector: ObjectDetector = {
  task: 'detect',
  model,
  predict: () => Promise.reject(new Error('nobody asks')),
  close: async () => {},
};

const places: readonly Box[] = [
  [0, 0, 20, 20],
  [40, 0, 60, 20],
  [0, 40, 20, 60],
  [40, 40, 60, 60],
];
const found = (classId: number, place: number, confidence = 0.9): Detection => ({
  classId,
  confidence,
  box: places[place]!,
});
/** In shares, with the numbers of `classes` below. */
const there = (classId: number, place: number): LabelledBox => ({
  classId,
  box: places[place]!.map((v) => v / 100) as unknown as Box,
});
/** Another order than the model's. */
const classes = ['square', 'disc'];
const judge = (evaluator: ObjectEvaluator, file: string, boxes: LabelledBox[], detections: Detection[]) =>
  evaluator.add({ file, boxes }, picture, { task: 'detect', detections });

describe('ObjectEvaluator', () => {
  it('tells of each box whether it is found, confused or missed, and of each detection whether it is right', () => {
    const evaluator = new ObjectEvaluator(detector, classes);
    const boxes = [there(0, 0), there(0, 1), there(1, 2)];
    // Right, of another class, sure of nothing, and on nothing.
    const judged = judge(evaluator, 'a', boxes, [
      found(1, 0),
      found(0, 1, 0.8),
      found(0, 2, 0.4),
      found(1, 3, 0.7),
    ]);
    expect(judged.truths.map(({ outcome }) => outcome)).toEqual(['found', 'confused', 'missed']);
    expect(judged.detections.map(({ outcome }) => outcome)).toEqual(['right', 'confused', 'extra']);
    expect(judged.counts).toEqual({ found: 1, confused: 1, missed: 1, extra: 1 });
  });

  it('puts the pictures with the most mistakes first, and its counts are those of the confusion matrix', () => {
    const evaluator = new ObjectEvaluator(detector, classes, { conf: 0.3 });
    judge(evaluator, 'good', [there(0, 0)], [found(1, 0)]);
    judge(evaluator, 'bad', [there(0, 0), there(1, 1)], [found(0, 0), found(0, 3, 0.31)]);
    judge(evaluator, 'worse', [there(0, 0), there(1, 1), there(1, 2)], [found(0, 3, 0.29)]);
    const { pictures, report } = evaluator.finish();
    expect(pictures.map(({ file }) => file)).toEqual(['bad', 'worse', 'good']);
    const sum = (name: 'found' | 'confused' | 'missed' | 'extra') =>
      pictures.reduce((total, { counts }) => total + counts[name], 0);
    const { counts } = report.confusion;
    const background = model.classes.length;
    expect(sum('found')).toBe(counts[0]![0]! + counts[1]![1]!);
    expect(sum('confused')).toBe(counts[0]![1]! + counts[1]![0]!);
    expect(sum('missed')).toBe(counts[0]![background]! + counts[1]![background]!);
    expect(sum('extra')).toBe(counts[background]![0]! + counts[background]![1]!);
  });
});
