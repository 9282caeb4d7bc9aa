// How good a detector is on pictures whose truth is known: measures of pictures and of pixels, by defect, with the worst cases.
import { readMask, type TestPicture } from '../dataset/folder.ts';
import type { AnomalyDetector } from '../detectors/detector.ts';
import { OkapiError } from '../errors.ts';
import type { Picture } from '../image/picture.ts';
import type { Evaluation } from '../render/report-content.ts';
import { type AnomalyMap, resizeMap } from '../scoring/anomaly-map.ts';
import {
  auroc,
  aurocInterval,
  averagePrecision,
  bestF1,
  type Confusion,
  confusionAt,
  falseAlarmRate,
  type Judged,
  type Metric,
  precision,
  recall,
} from '../scoring/metrics.ts';
import { PixelMetrics } from '../scoring/pixel-metrics.ts';
import { inspectFiles, type TestedFile, type UntestedFile } from './inspect-files.ts';

/** A picture whose truth is known, with the detector's verdict. */
export interface EvaluatedPicture extends Judged {
  readonly file: string;
  /** Null for good. */
  readonly defect: string | null;
  readonly calledAnomalous: boolean;
}

/** How the pictures of one kind of defect fared. */
export interface DefectResult {
  readonly defect: string;
  readonly pictures: number;
  /** Called anomalous at the model's threshold. */
  readonly found: number;
  /** Of these pictures against all good ones. */
  readonly auroc: Metric;
  readonly meanScore: number;
}

export interface DetectorEvaluation extends Evaluation {
  readonly pictures: readonly EvaluatedPicture[];
  readonly untested: readonly UntestedFile[];
  readonly averagePrecision: Metric;
  /** At the model's threshold, as are the three measures that follow. */
  readonly confusion: Confusion;
  readonly falseAlarmRate: Metric;
  readonly recall: Metric;
  readonly precision: Metric;
  readonly defects: readonly DefectResult[];
  /** Anomalous pictures called good, the least suspected first. */
  readonly missed: readonly EvaluatedPicture[];
  /** Good pictures called anomalous, the most suspected first. */
  readonly falseAlarms: readonly EvaluatedPicture[];
  readonly masks: {
    /** Anomalous pictures with and without a mask. */
    readonly used: number;
    readonly missing: number;
    /** Masks that cannot be read or have another size than their picture. */
    readonly refused: readonly Omit<UntestedFile, 'status'>[];
  };
}

export interface EvaluationOptions {
  readonly signal?: AbortSignal | undefined;
  /** Of the bootstrap interval. Default 42. */
  readonly seed?: number;
  /** Called after each picture. */
  readonly onPicture?: (tested: TestedFile, truth: TestPicture) => void | Promise<void>;
}

/**
 * Tests each picture and compares with the truth. Pixel measures are taken at the pictures' own resolution; anomalous
 * pictures without a mask are left out of them. A measure that the pictures do not have says why instead.
 */
export async function evaluateDetector(
  detector: AnomalyDetector,
  pictures: readonly TestPicture[],
  { signal, seed = 42, onPicture }: EvaluationOptions = {},
): Promise<DetectorEvaluation> {
  const truths = new Map(pictures.map((p) => [p.file, p]));
  const evaluated: EvaluatedPicture[] = [];
  const untested: UntestedFile[] = [];
  const pixels = new PixelTruth();
  for await (const result of inspectFiles(detector, [...truths.keys()], { signal })) {
    if (result.status === 'untested') {
      untested.push(result);
      continue;
    }
    const truth = truths.get(result.file)!;
    const { score, isAnomaly, map } = result.prediction;
    const { file, defect } = truth;
    evaluated.push({ file, defect, score, anomalous: defect !== null, calledAnomalous: isAnomaly });
    await pixels.add(truth, result.picture, map);
    await onPicture?.(result, truth);
  }
  return {
    untested,
    ...pictureMeasures(evaluated, detector.model.threshold.value, seed),
    ...pixels.measures(),
  };
}

function pictureMeasures(pictures: readonly EvaluatedPicture[], threshold: number, seed: number) {
  const confusion = confusionAt(pictures, threshold);
  return {
    pictures,
    imageAuroc: auroc(pictures),
    imageAurocInterval: aurocInterval(pictures, { seed }),
    averagePrecision: averagePrecision(pictures),
    bestF1: bestF1(pictures),
    confusion,
    falseAlarmRate: falseAlarmRate(confusion),
    recall: recall(confusion),
    precision: precision(confusion),
    defects: defectResults(pictures),
    missed: pictures.filter((p) => p.anomalous && !p.calledAnomalous).sort((a, b) => a.score - b.score),
    falseAlarms: pictures.filter((p) => !p.anomalous && p.calledAnomalous).sort((a, b) => b.score - a.score),
  };
}

function defectResults(pictures: readonly EvaluatedPicture[]): DefectResult[] {
  const good = pictures.filter((p) => !p.anomalous);
  const names = [...new Set(pictures.map((p) => p.defect))].filter((name) => name !== null);
  return names.map((defect) => {
    const those = pictures.filter((p) => p.defect === defect);
    return {
      defect,
      pictures: those.length,
      found: those.filter((p) => p.calledAnomalous).length,
      auroc: auroc([...good, ...those]),
      meanScore: those.reduce((sum, p) => sum + p.score, 0) / those.length,
    };
  });
}

/** Compares maps with masks, one picture after the other. */
class PixelTruth {
  readonly #metrics = new PixelMetrics();
  readonly #refused: Omit<UntestedFile, 'status'>[] = [];
  #used = 0;
  #missing = 0;

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
      this.#refused.push({ file: truth.mask, code: error.code, message: error.message });
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
  if (mask.width === width && mask.height === height) return mask.data;
  throw new OkapiError(
    'dataset.layout',
    `expected a mask of ${width}x${height} as its picture is, got ${mask.width}x${mask.height}`,
  );
}
