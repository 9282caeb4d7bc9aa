// The golden picture of a model: proof, at every load, that the model still gives what it gave when it was made.
import type { Box } from '../dataset/labelled.ts';
import { OkapiError } from '../errors.ts';
import { decodePicture } from '../image/decode.ts';
import type { Picture } from '../image/picture.ts';
import type { Detection } from '../scoring/detection.ts';
import type { AnomalyDetector, Detector, ObjectDetector } from './detector.ts';

export const goldenPicture = 'golden.png';
export const goldenRecord = 'golden.json';

/** How far a score or a confidence may be from the recorded one: devices and versions round differently. */
export const GOLDEN_TOLERANCE = 1e-4;
/** How far a side of a box may be from the recorded one, in pixels of the golden picture. */
export const GOLDEN_PIXELS = 1e-2;
/** Boxes that are recorded: the surest ones, whatever the model's own thresholds are. */
export const GOLDEN_BOXES = 10;
/** The thresholds that the golden picture is looked at with; even a model that has learnt little finds something. */
export const goldenOptions = { conf: 1e-3, iou: 0.45 } as const;

export function writeGolden(score: number): string {
  return json({ picture: goldenPicture, score, tolerance: GOLDEN_TOLERANCE });
}

/** `detections` is what the model finds in the golden picture under `goldenOptions`. */
export function writeGoldenBoxes(detections: readonly Detection[]): string {
  const rows = detections.slice(0, GOLDEN_BOXES).map(({ classId, confidence, box }) => ({
    class_id: classId,
    confidence,
    box,
  }));
  const tolerance = { pixels: GOLDEN_PIXELS, confidence: GOLDEN_TOLERANCE };
  return json({ picture: goldenPicture, ...goldenOptions, detections: rows, tolerance });
}

/**
 * Throws checkpoint.corrupt when the detector makes something else of the golden picture than the record says, and
 * checkpoint.malformed when the record says nothing.
 */
export async function checkGolden(
  detector: Detector,
  picture: Uint8Array,
  record: Uint8Array,
): Promise<void> {
  const decoded = await decodePicture(picture);
  return detector.task === 'anomaly'
    ? checkScore(detector, decoded, record)
    : checkBoxes(detector, decoded, record);
}

async function checkScore(detector: AnomalyDetector, picture: Picture, record: Uint8Array): Promise<void> {
  const expected = scoreIn(record);
  const [prediction] = await detector.predict([picture]);
  const { score } = prediction!;
  if (Math.abs(score - expected) <= GOLDEN_TOLERANCE) return;
  throw new OkapiError(
    'checkpoint.corrupt',
    `the model gives its golden picture the score ${score}, expected ${expected} within ${GOLDEN_TOLERANCE}: it is not used`,
  );
}

async function checkBoxes(detector: ObjectDetector, picture: Picture, record: Uint8Array): Promise<void> {
  const expected = detectionsIn(record);
  const [prediction] = await detector.predict([picture], goldenOptions);
  const found = prediction!.detections;
  const missing = expected.find((one) => !found.some((other) => agree(one, other)));
  if (missing === undefined) return;
  const { classId, confidence, box } = missing;
  throw new OkapiError(
    'checkpoint.corrupt',
    `the model no longer finds in its golden picture class ${classId} at [${box.join(', ')}] with confidence ${confidence}, ` +
      `within ${GOLDEN_PIXELS} px and ${GOLDEN_TOLERANCE}: it is not used`,
  );
}

function agree(a: Detection, b: Detection): boolean {
  return (
    a.classId === b.classId &&
    Math.abs(a.confidence - b.confidence) <= GOLDEN_TOLERANCE &&
    a.box.every((side, i) => Math.abs(side - b.box[i]!) <= GOLDEN_PIXELS)
  );
}

function scoreIn(record: Uint8Array): number {
  const { score } = fieldsOf(record);
  if (Number.isFinite(score)) return score as number;
  throw new OkapiError('checkpoint.malformed', `expected a score in ${goldenRecord}, found none`);
}

function detectionsIn(record: Uint8Array): Detection[] {
  const { detections } = fieldsOf(record);
  const rows = Array.isArray(detections) ? detections.map(detectionOf) : [null];
  if (rows.every((row) => row !== null)) return rows;
  throw new OkapiError('checkpoint.malformed', `expected detections in ${goldenRecord}, found none`);
}

function detectionOf(row: unknown): Detection | null {
  const { class_id, confidence, box } = (row ?? {}) as Record<string, unknown>;
  const isBox = Array.isArray(box) && box.length === 4 && box.every(Number.isFinite);
  if (!Number.isSafeInteger(class_id) || !Number.isFinite(confidence) || !isBox) return null;
  return { classId: class_id as number, confidence: confidence as number, box: box as unknown as Box };
}

function fieldsOf(record: Uint8Array): Record<string, unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(record)) ?? {};
  } catch {
    return {}; // Not JSON: the same answer as without the field.
  }
}

const json = (fields: object) => `${JSON.stringify(fields, null, 2)}\n`;
