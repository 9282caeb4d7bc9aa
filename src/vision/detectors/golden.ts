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

/**
 * Throws checkpoint.corrupt when the detector gives the golden picture another score than the record says, and
 * checkpoint.malformed when the record says none.
 */
export async function checkGolden(
  detector: Detector,
  picture: Uint8Array,
  record: Uint8Array,
): Promise<void> {
  const expected = scoreIn(record);
  const [prediction] = await detector.predict([await decodePicture(picture)]);
  const score = prediction!.score;
  if (Math.abs(score - expected) <= GOLDEN_TOLERANCE) return;
  throw new OkapiError(
    'checkpoint.corrupt',
    `the model gives its golden picture the score ${score}, expected ${expected} within ${GOLDEN_TOLERANCE}: it is not used`,
  );
}

function scoreIn(record: Uint8Array): number {
  try {
    const { score } = JSON.parse(new TextDecoder().decode(record)) as { score: unknown };
    if (Number.isFinite(score)) return score as number;
  } catch {
    // Not JSON: the same answer as without a score.
  }
  throw new OkapiError('checkpoint.malformed', `expected a score in ${goldenRecord}, found none`);
}
