// Turns predictions into the results of a report: small pictures, of the worst results only when there are many.
import type { ModelDescription } from '../detectors/detector.ts';
import { encodePicture } from '../image/encode.ts';
import type { Picture } from '../image/picture.ts';
import type { EncodedPicture, ReportResult } from '../render/report-content.ts';
import type { TestedFile } from './inspect-files.ts';
import { overlayOf, shrink } from './preview.ts';

/** Pictures in a report are for a look, not for measuring. */
const MAX_SIDE = 480;
const JPEG_QUALITY = 82;

/** One tested picture as a result under `name`, with its pictures. Regions stay in pixels of the original picture. */
export async function reportResult(
  name: string,
  { picture, prediction }: Pick<TestedFile, 'picture' | 'prediction'>,
  model: ModelDescription,
  truth: ReportResult['truth'] = null,
): Promise<ReportResult> {
  const { score, isAnomaly, regions, reconstruction } = prediction;
  const small = shrink(picture, regions, MAX_SIDE);
  const overlay = overlayOf(small.picture, { ...prediction, regions: small.regions }, model);
  return {
    name,
    score,
    anomalous: isAnomaly,
    truth,
    regions,
    pictures: {
      input: await jpegOf(small.picture),
      overlay: await jpegOf(overlay),
      ...(reconstruction && { reconstruction: await jpegOf(shrink(reconstruction, [], MAX_SIDE).picture) }),
    },
  };
}

async function jpegOf(picture: Picture): Promise<EncodedPicture> {
  const bytes = await encodePicture(picture, 'jpeg', { quality: JPEG_QUALITY });
  return { bytes, mime: 'image/jpeg', width: picture.width, height: picture.height };
}

/** Collects results and keeps the pictures of at most `limit` of them: wrong verdicts first, then the highest scores. */
export class ReportResults {
  readonly #limit: number;
  readonly #results: ReportResult[] = [];
  #pictured: number[] = [];

  constructor(limit = 200) {
    this.#limit = limit;
  }

  add(result: ReportResult): void {
    this.#pictured.push(this.#results.push(result) - 1);
    if (this.#pictured.length >= 2 * this.#limit) this.#prune();
  }

  /** In the order they were added. */
  all(): readonly ReportResult[] {
    this.#prune();
    return this.#results;
  }

  #prune(): void {
    const worth = (i: number) => {
      const { truth, anomalous, score } = this.#results[i]!;
      return [truth !== null && truth.anomalous !== anomalous ? 1 : 0, score] as const;
    };
    const ordered = this.#pictured.sort((a, b) => worth(b)[0] - worth(a)[0] || worth(b)[1] - worth(a)[1]);
    for (const i of ordered.slice(this.#limit)) this.#results[i] = { ...this.#results[i]!, pictures: null };
    this.#pictured = ordered.slice(0, this.#limit);
  }
}
