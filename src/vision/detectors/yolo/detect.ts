// The one way from pictures to detections: the figures of a finished model, tests and serving all come through here.
import type { RuntimeSession } from '../../../autodiff/runtime.ts';
import type { Box } from '../../dataset/labelled.ts';
import { OkapiError } from '../../errors.ts';
import type { Picture } from '../../image/picture.ts';
import type { Detection } from '../../scoring/detection.ts';
import { fromLetterbox, letterbox } from '../../yolo/letterbox.ts';
import type { DetectModel, DetectOptions, DetectPrediction, ObjectDetector } from '../detector.ts';

export interface DetectThresholds {
  readonly conf: number;
  readonly iou: number;
}

/** Runs the detection graph on the pixels [size, size, 3] of a letterboxed picture; boxes are in its pixels. */
export async function detectIn(
  session: RuntimeSession,
  pixels: Uint8Array,
  size: number,
  { conf, iou }: DetectThresholds,
): Promise<Detection[]> {
  const scalar = (value: number) => ({ type: 'float32', dims: [1], data: Float32Array.of(value) });
  const out = await session.run({
    pixels: { type: 'uint8', dims: [1, size, size, 3], data: pixels },
    conf: scalar(conf),
    iou: scalar(iou),
  });
  const boxes = out.boxes!.data as Float32Array;
  return Array.from({ length: Number(out.count!.data[0]) }, (_, i) => ({
    classId: Number(out.classes!.data[i]),
    confidence: Number(out.scores!.data[i]),
    box: [...boxes.subarray(4 * i, 4 * i + 4)] as unknown as Box,
  }));
}

/** The detections of a picture, in its pixels, the surest first. */
export async function detect(
  session: RuntimeSession,
  picture: Picture,
  size: number,
  thresholds: DetectThresholds,
): Promise<Detection[]> {
  const { pixels, ...placement } = letterbox(picture, size);
  const found = await detectIn(session, pixels.data, size, thresholds);
  return found.map((detection) => ({ ...detection, box: fromLetterbox(detection.box, placement, picture) }));
}

/** A detector over a session of a detection graph, which it closes in the end. */
export function objectDetector(session: RuntimeSession, model: DetectModel): ObjectDetector {
  return {
    task: 'detect',
    model,
    async predict(pictures, options) {
      const thresholds = thresholdsOf(model, options);
      const predictions: DetectPrediction[] = [];
      for (const picture of pictures) {
        const detections = await detect(session, picture, model.imageSize, thresholds);
        predictions.push({ task: 'detect', detections });
      }
      return predictions;
    },
    close: () => session.close(),
  };
}

function thresholdsOf(model: DetectModel, { conf = model.conf, iou = model.iou }: DetectOptions = {}) {
  for (const [name, value] of Object.entries({ conf, iou }))
    if (!(value >= 0 && value <= 1))
      throw new OkapiError('option.invalid', `expected ${name} to be a number from 0 to 1, got ${value}`);
  return { conf, iou };
}
