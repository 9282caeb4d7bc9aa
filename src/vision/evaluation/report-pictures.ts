// Turns predictions into the results of a report: small pictures, of the worst results only when there are many.
import type { AnomalyModel } from '../detectors/detector.ts';
import { renderPrediction } from '../detectors/render-prediction.ts';
import { encodePicture } from '../image/encode.ts';
import type { Picture } from '../image/picture.ts';
import { resize } from '../image/resize.ts';
import type { EncodedPicture, ReportResult } from '../render/report-content.ts';
import type { Box } from '../scoring/original-regions.ts';
import type { Region } from '../scoring/regions.ts';
import type { TestedFile } from './inspect-files.ts';

/** Pictures in a report are for a look, not for measuring. */
const MAX_SIDE = 480;
const JPEG_QUALITY = 82;

/** One tested picture as a result under `name`, with its pictures. Regions stay in pixels of the original picture. */
export async function reportResult(
  name: string,
  { picture, prediction }: Pick<TestedFile, 'picture' | 'prediction'>,
  model: AnomalyModel,
  truth: ReportResult['truth'] = null,
): Promise<ReportResult> {
  const { score, isAnomaly, regions, reconstruction } = prediction;
  const small = shrink(picture, regions, MAX_SIDE);
  const { overlay } = renderPrediction(small.picture, { ...prediction, regions: small.regions }, model);
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

/** A picture and the regions found in it, no side longer than `maxSide`. */
export function shrink(
  picture: Picture,
  regions: readonly Region[],
  maxSide: number,
): { picture: Picture; regions: readonly Region[] } {
  const scale = Math.min(1, maxSide / Math.max(picture.width, picture.height));
  if (scale === 1) return { picture, regions };
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  return {
    picture: resize(picture, width, height, 'area'),
    regions: regions.map((r) => scaled(r, width / picture.width, height / picture.height)),
  };
}

function scaled(region: Region, sx: number, sy: number): Region {
  const [x, y, w, h] = region.box;
  const side = (length: number) => Math.max(1, Math.round(length));
  const box: Box = [Math.round(x * sx), Math.round(y * sy), side(w * sx), side(h * sy)];
  const polygon = region.polygon.map(([u, v]) => [u * sx, v * sy] as const);
  return { ...region, box, polygon, area: side(region.area * sx * sy) };
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
