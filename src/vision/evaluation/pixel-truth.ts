// Compares anomaly maps with masks of the defects, one picture after the other.
import { readMask, type TestPicture } from '../dataset/folder.ts';
import { OkapiError } from '../errors.ts';
import type { Picture } from '../image/picture.ts';
import { type AnomalyMap, resizeMap } from '../scoring/anomaly-map.ts';
import type { Metric } from '../scoring/metrics.ts';
import { PixelMetrics } from '../scoring/pixel-metrics.ts';
import type { RefusedMask } from './detector-evaluation.ts';

export class PixelTruth {
  readonly #metrics = new PixelMetrics();
  readonly #refused: RefusedMask[] = [];
  #used = 0;
  #missing = 0;

  /** At the picture's own resolution. Anomalous pictures without a usable mask are left out. */
  async add(truth: TestPicture, picture: Picture, map: AnomalyMap): Promise<void> {
    const { width, height } = picture;
    if (truth.defect === null) return this.#metrics.add(resizeMap(map, width, height), null);
    if (truth.mask === null) {
      this.#missing++;
      return;
    }
    try {
      this.#metrics.add(resizeMap(map, width, height), await maskFor(truth.mask, picture));
      this.#used++;
    } catch (error) {
      if (!(error instanceof OkapiError)) throw error;
      this.#refused.push({
        file: truth.mask,
        picture: truth.file,
        code: error.code,
        message: error.message,
      });
    }
  }

  measures() {
    return {
      pixelAuroc: this.#explained(this.#metrics.auroc()),
      aupro: this.#explained(this.#metrics.aupro()),
      masks: { used: this.#used, missing: this.#missing, refused: this.#refused },
    };
  }

  #explained(metric: Metric): Metric {
    if (metric.value !== null || this.#used > 0 || this.#missing + this.#refused.length === 0) return metric;
    return { value: null, reason: 'there are no usable masks of the defects' };
  }
}

async function maskFor(file: string, { width, height }: Picture): Promise<Uint8Array> {
  const mask = await readMask(file);
  if (mask.width !== width || mask.height !== height)
    throw new OkapiError(
      'dataset.layout',
      `expected a mask of ${width}x${height} as its picture is, got ${mask.width}x${mask.height}`,
    );
  if (mask.data.includes(1)) return mask.data;
  throw new OkapiError('dataset.layout', 'expected a mask that marks the defect, this one is all black');
}
