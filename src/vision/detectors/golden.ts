// The golden picture of a model: proof, at every load, that the model still gives the score it gave when it was made.
import { OkapiError } from '../errors.ts';
import { decodePicture } from '../image/decode.ts';
import type { Detector } from './detector.ts';

export const goldenPicture = 'golden.png';
export const goldenRecord = 'golden.json';

/** How far a score may be from the recorded one: devices and versions round differently. */
export const GOLDEN_TOLERANCE = 1e-4;

export function writeGolden(score: number): string {
  return `${JSON.stringify({ picture: goldenPicture, score, tolerance: GOLDEN_TOLERANCE }, null, 2)}\n`;
}

/** Throws checkpoint.corrupt when the detector gives the golden picture another score than the record says. */
export async function checkGolden(
  detector: Detector,
  picture: Uint8Array,
  record: Uint8Array,
): Promise<void> {
  const { score: expected } = JSON.parse(new TextDecoder().decode(record)) as { score: number };
  const [prediction] = await detector.predict([await decodePicture(picture)]);
  const score = prediction!.score;
  if (Math.abs(score - expected) <= GOLDEN_TOLERANCE) return; // never true for a record without a score
  throw new OkapiError(
    'checkpoint.corrupt',
    `the model gives its golden picture the score ${score}, expected ${expected} within ${GOLDEN_TOLERANCE}: it is not used`,
  );
}
