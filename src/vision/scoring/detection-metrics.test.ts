import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../autodiff/random.ts';
import type { Box } from '../dataset/labelled.ts';
import type { Detection } from './detection.ts';
import { recallPoints } from './detection-curves.ts';
import { boxIou, iouThresholds } from './detection-matching.ts';
import { evaluateDetections, type JudgedDetections } from './detection-metrics.ts';

interface Case {
  name: string;
  classes: number;
  maxDetections: number;
  pictures: JudgedDetections[];
  ap50: (number | null)[];
  ap50_95: (number | null)[];
  map50: number;
  map50_95: number;
  precisionByRecall: (number[] | null)[];
  meanF1: number[];
  confusion: number[][];
}
const cases: Case[] = JSON.parse(
  readFileSync(new URL('fixtures/detection-metrics.json', import.meta.url), 'utf8'),
);

const truth = (box: Box, classId = 0) => ({ classId, box });
const found = (confidence: number, box: Box, classId = 0): Detection => ({ classId, confidence, box });
const near = (v: number | null) => (v === null ? null : expect.closeTo(v, 4));

const here: Box = [10, 10, 20, 20];
const there: Box = [40, 40, 60, 60];
const nowhere: Box = [80, 80, 90, 90];

describe('evaluateDetections against an independent implementation', () => {
  for (const c of cases) {
    const names = Array.from({ length: c.classes }, (_, i) => `class ${i}`);
    const report = evaluateDetections(c.pictures, names, { maxDetections: c.maxDetections });

    it(`agrees on average precision: ${c.name}`, () => {
      expect(report.perClass.map((p) => p.ap50)).toEqual(c.ap50.map(near));
      expect(report.perClass.map((p) => p.ap50_95)).toEqual(c.ap50_95.map(near));
      expect([report.map50, report.map50_95]).toEqual([near(c.map50), near(c.map50_95)]);
    });

    it(`agrees on the curves and the confusion: ${c.name}`, () => {
      expect(report.curves.classes.map((p) => p?.precisionByRecall ?? null)).toEqual(
        c.precisionByRecall.map((points) => (points === null ? null : points.map(near))),
      );
      expect(report.curves.mean!.f1).toEqual(c.meanF1.map(near));
      expect(report.confusion.counts).toEqual(c.confusion);
    });

    it(`takes the best F1 of all confidences: ${c.name}`, () => {
      expect(report.f1!).toBeGreaterThanOrEqual(Math.max(...c.meanF1) - 1e-6);
      expect(Object.values(report.perClass).map((p) => p.f1 === null)).toEqual(c.ap50.map((v) => v === null));
    });
  }
});

describe('evaluateDetections by hand', () => {
  it('is 1 when every box is found as it is', () => {
    const report = evaluateDetections(
      [
        {
          truths: [truth(here), truth(there, 1)],
          detections: [found(0.6, here), found(0.9, there, 1)],
        },
      ],
      ['a', 'b'],
    );
    expect([report.map50, report.map50_95, report.precision, report.recall, report.f1]).toEqual([
      1, 1, 1, 1, 1,
    ]);
    expect(report.bestConfidence).toBe(0.3); // the middle of 0 .. 0.6
    expect(report.counts).toEqual({ pictures: 1, truths: 2, detections: 2 });
  });

  it('counts what a false alarm before the second of two objects costs', () => {
    const pictures = [
      { truths: [truth(here)], detections: [found(0.9, here), found(0.8, nowhere)] },
      { truths: [truth(there)], detections: [found(0.7, there)] },
    ];
    const { perClass, map50 } = evaluateDetections(pictures, ['a']);
    // Precision 1 at the 51 recalls up to 0.5, then 2/3 at the other 50.
    expect(map50).toBeCloseTo((51 + 50 * (2 / 3)) / 101, 12);
    expect(perClass[0]).toMatchObject({ truths: 2, pictures: 2, detections: 3 });
    expect(perClass[0]!.f1).toBeCloseTo(0.8, 12); // all three: 2 right of 3 found and 2 true
  });

  it('gives a box that overlaps by 0.72 a place in five of the ten thresholds', () => {
    const pictures = [{ truths: [truth([0, 0, 100, 10])], detections: [found(0.5, [0, 0, 72, 10])] }];
    const { map50, map50_95 } = evaluateDetections(pictures, ['a']);
    expect([map50, map50_95]).toEqual([1, expect.closeTo(0.5, 12)]);
  });

  it('lets an object be found once, by the surest', () => {
    const pictures = [{ truths: [truth(here)], detections: [found(0.5, here), found(0.9, here)] }];
    const report = evaluateDetections(pictures, ['a']);
    expect(report.map50).toBe(1);
    expect(report.curves.mean!.precision[20]).toBe(0.5);
    expect(report.bestConfidence).toBe(0.7); // the middle of 0.501 .. 0.9
  });

  it('takes the last of two objects that are overlapped equally, as pycocotools does', () => {
    const truths = [truth([0, 0, 10, 10]), truth([4, 0, 14, 10])];
    const detections = [found(0.9, [2, 0, 12, 10]), found(0.8, [4, 0, 14, 10])];
    expect(evaluateDetections([{ truths, detections }], ['a']).map50).toBeCloseTo(51 / 101, 12);
    truths.reverse();
    expect(evaluateDetections([{ truths, detections }], ['a']).map50).toBe(1);
  });

  it('orders equal confidences by picture', () => {
    const right = { truths: [truth(here)], detections: [found(0.5, here)] };
    const wrong = { truths: [], detections: [found(0.5, here)] };
    expect(evaluateDetections([right, wrong], ['a']).map50).toBe(1);
    expect(evaluateDetections([wrong, right], ['a']).map50).toBe(0.5);
  });

  it('keeps only the surest detections of a class in a picture', () => {
    const detections = [found(0.9, nowhere), found(0.8, here)];
    const pictures = [{ truths: [truth(here)], detections }];
    expect(evaluateDetections(pictures, ['a'], { maxDetections: 1 }).map50).toBe(0);
    expect(evaluateDetections(pictures, ['a'], { maxDetections: 2 }).map50).toBe(0.5);
  });

  it('leaves classes without a true box out of the means and names them', () => {
    const pictures = [{ truths: [truth(here)], detections: [found(0.9, here), found(0.9, there, 1)] }];
    const report = evaluateDetections(pictures, ['a', 'b']);
    expect([report.map50, report.precision]).toEqual([1, 1]);
    expect(report.perClass[1]).toEqual({
      name: 'b',
      truths: 0,
      pictures: 0,
      detections: 1,
      ap50: null,
      ap50_95: null,
      precision: null,
      recall: null,
      f1: null,
    });
    expect(report.classesWithoutTruth).toEqual(['b']);
    expect(report.curves.classes[1]).toBeNull();
  });

  it('says null and never NaN where there is no truth, no detection or nothing at all', () => {
    const nothing = { map50: null, map50_95: null, precision: null, recall: null, f1: null };
    for (const pictures of [[], [{ truths: [], detections: [found(0.9, here)] }]])
      expect(evaluateDetections(pictures, ['a'])).toMatchObject({ ...nothing, bestConfidence: null });
    const blind = evaluateDetections([{ truths: [truth(here)], detections: [] }], ['a']);
    expect(blind).toMatchObject({ map50: 0, map50_95: 0, precision: null, recall: 0, f1: 0 });
    expect(blind.bestConfidence).toBeNull();
    const wrong = evaluateDetections([{ truths: [truth(here)], detections: [found(0.9, there)] }], ['a']);
    expect(wrong).toMatchObject({ map50: 0, precision: 0, recall: 0, f1: 0, bestConfidence: null });
    for (const report of [blind, wrong, evaluateDetections([], [])])
      expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('refuses a class that is not there and a confidence that is no number', () => {
    const broken = (d: Detection) => () => evaluateDetections([{ truths: [], detections: [d] }], ['a']);
    expect(broken(found(0.5, here, 1))).toThrow('internal: a box has class 1 of 1');
    expect(broken(found(Number.NaN, here))).toThrow('internal: a detection has the confidence NaN');
  });

  it('does not change what it is given', () => {
    const detections = Object.freeze([found(0.1, here), found(0.9, there)]);
    evaluateDetections([{ truths: Object.freeze([truth(here)]), detections }], ['a']);
    expect(detections.map((d) => d.confidence)).toEqual([0.1, 0.9]);
  });
});

describe('the confusion matrix', () => {
  const pictures = [
    {
      truths: [truth(here), truth(there, 1), truth([0, 0, 5, 5], 1)],
      detections: [found(0.9, here, 1), found(0.6, here), found(0.8, there, 1), found(0.5, nowhere)],
    },
  ];

  it('has a row a true class and a column a detected one, background last', () => {
    expect(evaluateDetections(pictures, ['a', 'b']).confusion).toEqual({
      confidence: 0.25,
      iou: 0.45,
      counts: [
        [0, 1, 0], // `here` is taken for b, which is surer
        [0, 1, 1], // one missed
        [2, 0, 0], // the second box at `here`, and the one where nothing is
      ],
    });
  });

  it('leaves out what is not sure enough and parts what does not overlap enough', () => {
    const strict = evaluateDetections(pictures, ['a', 'b'], { confidence: 0.85 }).confusion.counts;
    expect(strict).toEqual([
      [0, 1, 0],
      [0, 0, 2],
      [0, 0, 0],
    ]);
    const half = [{ truths: [truth([0, 0, 10, 10])], detections: [found(0.9, [0, 0, 10, 5])] }];
    expect(evaluateDetections(half, ['a'], { iou: 0.5 }).confusion.counts).toEqual([
      [1, 0],
      [0, 0],
    ]);
    expect(evaluateDetections(half, ['a'], { iou: 0.51 }).confusion.counts).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });
});

describe('what COCO rounds', () => {
  it('has thresholds and recalls with the rounding of numpy', () => {
    expect(iouThresholds[9]).toBe(0.95);
    expect(iouThresholds[4]).toBeCloseTo(0.7, 15);
    expect(recallPoints[29]).toBe(29 * 0.01);
    expect(recallPoints).toHaveLength(101);
  });

  it('sees no overlap in boxes without area, apart or turned over', () => {
    expect(boxIou(here, here)).toBe(1);
    expect(boxIou([0, 0, 0, 0], [0, 0, 0, 0])).toBe(0);
    expect(boxIou(here, [20, 10, 30, 20])).toBe(0);
    expect(boxIou([20, 20, 10, 10], here)).toBe(0);
  });
});

describe('evaluateDetections on large sets', () => {
  it('judges 1,000 pictures with 100 detections each without work that grows with the square', () => {
    const random = new Random(5);
    const box = (): Box => {
      const [x, y] = [random.uniform(0, 600), random.uniform(0, 600)];
      return [x, y, x + random.uniform(5, 60), y + random.uniform(5, 60)];
    };
    const pictures = Array.from({ length: 1000 }, () => {
      const truths = Array.from({ length: 20 }, () => truth(box(), random.int(10)));
      const detections = Array.from({ length: 100 }, (_, i) =>
        found(
          random.uniform(0, 1),
          i < 20 ? truths[i]!.box : box(),
          i < 20 ? truths[i]!.classId : random.int(10),
        ),
      );
      return { truths, detections };
    });
    const report = evaluateDetections(pictures, Array.from('abcdefghij'));
    expect(report.counts).toEqual({ pictures: 1000, truths: 20_000, detections: 100_000 });
    expect(report.recall!).toBeGreaterThan(0.2);
  });
});
