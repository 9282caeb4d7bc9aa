// What an evaluation tells: measures of pictures and of pixels, by defect, with the worst cases and what charts are drawn from.
import type { Evaluation } from '../render/report-content.ts';
import type {
  Confusion,
  Interval,
  Judged,
  Metric,
  PrecisionRecallPoint,
  RocPoint,
} from '../scoring/metrics.ts';
import type { ScoreBins } from '../scoring/score-bins.ts';
import type { UntestedFile } from './inspect-files.ts';

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
  /** Called anomalous at the threshold. */
  readonly found: number;
  /** Of these pictures against all good ones. */
  readonly auroc: Metric;
  readonly meanScore: number;
}

export interface DetectorEvaluation extends Evaluation {
  /** Above it a picture is called anomalous. */
  readonly threshold: number;
  readonly pictures: readonly EvaluatedPicture[];
  /**
   * What the defective pictures are held against: good pictures; or, when none was tested, the scores that good pictures of the
   * training got from models that had not seen them; or nothing.
   */
  readonly goodSide: 'pictures' | 'left-out' | 'none';
  /** How many such scores; 0 unless they are the good side. */
  readonly leftOut: number;
  readonly untested: readonly UntestedFile[];
  readonly averagePrecision: Metric;
  /** At the threshold, as are the measures that follow. */
  readonly confusion: Confusion;
  /** Likewise, at the threshold of the best F1; null without one. */
  readonly atBestF1: Confusion | null;
  readonly falseAlarmRate: Metric;
  /** Clopper-Pearson, 95 %; null without good pictures. */
  readonly falseAlarmInterval: Interval | null;
  readonly recall: Metric;
  /** As falseAlarmInterval; null without anomalous pictures. */
  readonly recallInterval: Interval | null;
  readonly precision: Metric;
  readonly defects: readonly DefectResult[];
  /** Anomalous pictures called good, the least suspected first. */
  readonly missed: readonly EvaluatedPicture[];
  /** Good pictures called anomalous, the most suspected first. */
  readonly falseAlarms: readonly EvaluatedPicture[];
  /** Both together, the one farthest on the wrong side of the threshold first. */
  readonly worst: readonly EvaluatedPicture[];
  readonly histogram: ScoreBins;
  /** Empty without both classes, as is the next one. */
  readonly roc: readonly RocPoint[];
  readonly precisionRecall: readonly PrecisionRecallPoint[];
  readonly masks: {
    /** Anomalous pictures with and without a mask. */
    readonly used: number;
    readonly missing: number;
    /** Masks that cannot be read, mark nothing, or have another size than their picture. */
    readonly refused: readonly RefusedMask[];
  };
}

export interface RefusedMask extends Omit<UntestedFile, 'status'> {
  /** The picture that it belongs to; `file` is the mask. */
  readonly picture: string;
}
