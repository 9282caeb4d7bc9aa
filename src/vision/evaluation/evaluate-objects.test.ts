import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabelledPicture } from '../dataset/labelled.ts';
import type { ObjectDetector } from '../detectors/detector.ts';
import { objectsPicture, writeObjects } from '../detectors/yolo/testing/tiny-objects.ts';
import { type EvaluatedObjects, evaluateObjects } from './evaluate-objects.ts';

let dir: string;
let pictures: LabelledPicture[];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okapi-'));
  pictures = await writeObjects(dir, [0, 1, 2]);
});
afterAll(() => rm(dir, { recursive: true }));

/** Knows the pictures by their pixels: finds each square and nothing else, with confidence 0.8, and a doubtful disc. */
function squareFinder(): ObjectDetector {
  const known = [0, 1, 2].map((seed) => objectsPicture(seed));
  return {
    task: 'detect',
    model: {
      ...{ task: 'detect', kind: 'yolo', variant: 'okapi-n', imageSize: 96, notes: [] },
      ...{ classes: ['disc', 'square'], conf: 0.25, iou: 0.45 },
      metrics: { map50: 0, map50_95: 0, precision: 0, recall: 0 },
    },
    predict: async (list, options) =>
      list.map((picture) => {
        const { boxes } = known.find(({ picture: { data } }) => Buffer.compare(data, picture.data) === 0)!;
        const found = boxes.map(({ classId, box: [x1, y1, x2, y2] }) => ({
          classId: 1 - classId,
          confidence: classId === 0 ? 0.8 : 0.1,
          box: [x1 * picture.width, y1 * picture.height, x2 * picture.width, y2 * picture.height] as const,
        }));
        return { task: 'detect', detections: found.filter(({ confidence }) => confidence > options!.conf!) };
      }),
    close: async () => {},
  };
}

describe('evaluateObjects', () => {
  it('matches classes by name, counts all confidences, and shows what the model would answer', async () => {
    const shown: EvaluatedObjects[] = [];
    const bad = join(dir, 'bad.png');
    await writeFile(bad, 'no picture');
    const set = { classes: ['square', 'disc'], pictures: [...pictures, { file: bad, boxes: [] }] };
    const onPicture = (one: EvaluatedObjects) => void shown.push(one);
    const { report, untested } = await evaluateObjects(squareFinder(), set, { onPicture });
    expect(report).toMatchObject({ map50: 1, counts: { pictures: 3, truths: 6, detections: 6 } });
    expect(untested).toMatchObject([{ file: bad, code: 'image.unsupported_type' }]);
    expect(shown.map(({ detections, truths }) => [detections.length, truths.length])).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(shown[0]!.detections[0]!.box).toEqual(shown[0]!.truths.find(({ classId }) => classId === 1)!.box);
  });

  it("takes a confidence and an overlap in place of the model's", async () => {
    const asked: object[] = [];
    const plain = squareFinder();
    const finder: ObjectDetector = {
      ...plain,
      predict: (list, options) => {
        asked.push(options!);
        return plain.predict(list, options);
      },
    };
    const shown: EvaluatedObjects[] = [];
    const set = { classes: ['square', 'disc'], pictures };
    const onPicture = (one: EvaluatedObjects) => void shown.push(one);
    const { report } = await evaluateObjects(finder, set, { onPicture, conf: 0.05, iou: 0.7 });
    expect(asked[0]).toEqual({ conf: 1e-3, iou: 0.7 });
    expect(report.confusion.confidence).toBe(0.05);
    expect(report.map50).toBe(1);
    expect(shown.map(({ detections }) => detections.length)).toEqual([2, 2, 2]);
    await evaluateObjects(finder, set, { conf: 0 });
    expect(asked.at(-1)).toEqual({ conf: 0, iou: 0.45 });
  });

  it('refuses boxes of a class that the model does not know', async () => {
    const set = { classes: ['square', 'star'], pictures };
    await expect(evaluateObjects(squareFinder(), set)).rejects.toThrow(
      'expected boxes of the classes that the model knows (disc, square), got "star"',
    );
  });
});
