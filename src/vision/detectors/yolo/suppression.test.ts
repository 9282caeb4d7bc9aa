import { describe, expect, it } from 'vitest';
import { toOnnx } from '../../../autodiff/onnx/to-onnx.ts';
import { Random } from '../../../autodiff/random.ts';
import { openRuntimeOn } from '../../runtime/runtime.ts';
import { candidateGraph } from '../../yolo/candidate-graph.ts';
import { detectionGraph } from '../../yolo/detection-graph.ts';
import { yoloNetwork } from '../../yolo/network.ts';
import { parseVariant } from '../../yolo/variants.ts';
import { detectIn } from './detect.ts';
import { suppress } from './suppression.ts';

const candidates = {
  boxes: Float32Array.from([0, 0, 10, 10, 1, 0, 11, 10, 0, 0, 10, 10, 50, 50, 60, 60]),
  scores: Float32Array.from([0.9, 0.1, 0.8, 0.2, 0.3, 0.7, 0.05, 0.04]),
  classes: 2,
};

describe('suppress', () => {
  it('keeps the surest of overlapping boxes of a class, and boxes of other classes', () => {
    const found = suppress(candidates, { conf: 0.01, iou: 0.5 });
    expect(found.map(({ classId, confidence }) => [classId, confidence.toFixed(2)])).toEqual([
      [0, '0.90'],
      [1, '0.70'],
      [0, '0.05'],
    ]);
    expect(found[0]!.box).toEqual([0, 0, 10, 10]);
    expect(suppress(candidates, { conf: 0.01, iou: 0.9 })).toHaveLength(4);
    expect(suppress(candidates, { conf: 0.7, iou: 0.9 })).toHaveLength(2);
  });

  it('finds what the served graph finds, box for box', async () => {
    const runtime = await openRuntimeOn('cpu', { threads: 1 });
    const size = 96;
    const network = yoloNetwork({ variant: parseVariant('yolov8n'), classes: 3, seed: 4 });
    const random = new Random(8).fork('pixels');
    const pixels = Uint8Array.from({ length: 3 * size * size }, () => random.int(256));
    const weights = network.parameters
      .all()
      .map(({ name, shape, data }) => [name, { type: 'float32', dims: shape, data }] as const);
    const whole = await runtime.load(toOnnx(candidateGraph(network, size, 1)));
    const fed = weights.filter(([name]) => whole.inputNames.includes(name));
    const dims = [1, size, size, 3];
    const out = await whole.run({
      pixels: { type: 'uint8', dims, data: pixels },
      ...Object.fromEntries(fed),
    });
    const served = await runtime.load(toOnnx(detectionGraph(network, size)));
    const [boxes, scores] = [out.boxes!.data as Float32Array, out.scores!.data as Float32Array];
    for (const thresholds of [
      { conf: 0.0001, iou: 0.45 },
      { conf: 0.0001, iou: 0.8 },
    ]) {
      const expected = suppress({ boxes, scores, classes: 3 }, thresholds);
      const found = await detectIn(served, pixels, size, thresholds);
      expect(expected.length).toBeGreaterThan(5);
      expect(found).toHaveLength(expected.length);
      for (const [i, { classId, confidence, box }] of expected.entries()) {
        expect(found[i]!.classId).toBe(classId);
        expect(found[i]!.confidence).toBeCloseTo(confidence, 5);
        for (const [k, side] of box.entries()) expect(found[i]!.box[k]).toBeCloseTo(side, 2);
      }
    }
    await runtime.close();
  });
});
