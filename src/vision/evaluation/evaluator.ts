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
  type Judged,
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

  /**
   * `leftOut` are scores of good pictures that the model has learnt from, each by a model that had not seen it. They are the good
   * side of all figures of pictures when no good picture was tested.
   * @param seed of the bootstrap interval
   */
  finish(seed: number, leftOut: readonly number[] = []): DetectorEvaluation {
    const hasGood = this.#pictures.some(({ anomalous }) => !anomalous);
    const good = hasGood ? [] : leftOut;
    return {
      untested: this.#untested,
      goodSide: hasGood ? 'pictures' : good.length > 0 ? 'left-out' : 'none',
      leftOut: good.length,
      ...pictureMeasures(this.#pictures, good, this.#threshold, seed),
      ...this.#pixels.measures(),
    };
  }
}

function pictureMeasures(
  pictures: readonly EvaluatedPicture[],
  leftOut: readonly number[],
  threshold: number,
  seed: number,
) {
  const judged: readonly Judged[] = [...pictures, ...leftOut.map((score) => ({ score, anomalous: false }))];
  const confusion = confusionAt(judged, threshold);
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = confusion;
  const worst = worstFirst(pictures, threshold);
  const best = bestF1(judged);
  return {
    threshold,
    pictures,
    imageAuroc: auroc(judged),
    imageAurocInterval: aurocInterval(judged, { seed }),
    averagePrecision: averagePrecision(judged),
    bestF1: best,
    atBestF1: best && confusionAt(judged, best.threshold),
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
    histogram: scoreBins(judged),
    roc: rocCurve(judged),
    precisionRecall: precisionRecallCurve(judged),
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
