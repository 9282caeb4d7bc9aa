// Collects verdicts on pictures whose truth is known, one at a time, and measures them together at the end.
import type { TestPicture } from '../dataset/folder.ts';
import type { AnomalyPrediction } from '../detectors/detector.ts';
import type { Picture } from '../image/picture.ts';
import { binomialInterval } from '../scoring/binomial-interval.ts';
import {
  auroc,
  aurocInterval,
  averagePrecision,
  bestF1,
  confusionAt,
  falseAlarmRate,
  type Interval,
  precision,
  precisionRecallCurve,
  recall,
  rocCurve,
  worstFirst,
} from '../scoring/metrics.ts';
import { scoreBins } from '../scoring/score-bins.ts';
import type { DefectResult, DetectorEvaluation, EvaluatedPicture } from './detector-evaluation.ts';
import type { UntestedFile } from './inspect-files.ts';
import { PixelTruth } from './pixel-truth.ts';

export class Evaluator {
  readonly #threshold: number;
  readonly #pictures: EvaluatedPicture[] = [];
  readonly #untested: UntestedFile[] = [];
  readonly #pixels = new PixelTruth();

  /** Pictures that score above the threshold are called anomalous, whatever the detector's own one is. */
  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  async add(
    truth: TestPicture,
    picture: Picture,
    { score, map }: Pick<AnomalyPrediction, 'score' | 'map'>,
  ): Promise<EvaluatedPicture> {
    const { file, defect } = truth;
    const calledAnomalous = score > this.#threshold;
    const evaluated = { file, defect, score, anomalous: defect !== null, calledAnomalous };
    await this.#pixels.add(truth, picture, map);
    this.#pictures.push(evaluated);
    return evaluated;
  }

  leaveOut(file: UntestedFile): void {
    this.#untested.push(file);
  }

  /** @param seed of the bootstrap interval */
  finish(seed: number): DetectorEvaluation {
    return {
      untested: this.#untested,
      ...pictureMeasures(this.#pictures, this.#threshold, seed),
      ...this.#pixels.measures(),
    };
  }
}

function pictureMeasures(pictures: readonly EvaluatedPicture[], threshold: number, seed: number) {
  const confusion = confusionAt(pictures, threshold);
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = confusion;
  const worst = worstFirst(pictures, threshold);
  return {
    threshold,
    pictures,
    imageAuroc: auroc(pictures),
    imageAurocInterval: aurocInterval(pictures, { seed }),
    averagePrecision: averagePrecision(pictures),
    bestF1: bestF1(pictures),
    confusion,
    falseAlarmRate: falseAlarmRate(confusion),
    falseAlarmInterval: intervalOf(falsePositives, falsePositives + trueNegatives),
    recall: recall(confusion),
    recallInterval: intervalOf(truePositives, truePositives + falseNegatives),
    precision: precision(confusion),
    defects: defectResults(pictures),
    missed: worst.filter((p) => p.anomalous),
    falseAlarms: worst.filter((p) => !p.anomalous),
    worst,
    histogram: scoreBins(pictures),
    roc: rocCurve(pictures),
    precisionRecall: precisionRecallCurve(pictures),
  };
}

const intervalOf = (count: number, total: number): Interval | null =>
  total === 0 ? null : binomialInterval(count, total);

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
