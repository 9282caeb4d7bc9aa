// What a report tells: results, threshold, and, when known, the truth, the training and the settings.
import type { BestF1, Interval, Metric, PrecisionRecallPoint, RocPoint } from '../scoring/metrics.ts';
import type { Region } from '../scoring/regions.ts';
import type { Threshold } from '../scoring/threshold.ts';

/** A picture that is already encoded, at the size it should be stored with. */
export interface EncodedPicture {
  readonly bytes: Uint8Array;
  readonly mime: 'image/jpeg' | 'image/png' | 'image/webp';
  readonly width: number;
  readonly height: number;
}

export interface ReportResult {
  readonly name: string;
  readonly score: number;
  readonly anomalous: boolean;
  /** What the part truly is, when known: `kind` names the defect, or says good. */
  readonly truth: { readonly anomalous: boolean; readonly kind: string } | null;
  readonly regions: readonly Region[];
  /** Null leaves the result out of the grid of cards; it still counts and stands in the table. */
  readonly pictures: {
    readonly input: EncodedPicture;
    readonly overlay: EncodedPicture;
    readonly reconstruction?: EncodedPicture;
  } | null;
}

/** Measures against the truth that need more than the results' scores. */
export interface Evaluation {
  readonly imageAuroc: Metric;
  readonly imageAurocInterval: Interval | null;
  readonly bestF1: BestF1 | null;
  readonly pixelAuroc: Metric;
  readonly aupro: Metric;
  /** Of all good pictures, called anomalous; null without good pictures. */
  readonly falseAlarmInterval?: Interval | null;
  readonly roc?: readonly RocPoint[];
  readonly precisionRecall?: readonly PrecisionRecallPoint[];
}

export interface EpochLoss {
  readonly epoch: number;
  readonly train: number;
  readonly validation: number | null;
}

export interface Report {
  readonly title: string;
  /** ISO 8601; shown in UTC. */
  readonly createdAt: string;
  /** Of the program. */
  readonly version: string;
  readonly threshold: Threshold;
  readonly results: readonly ReportResult[];
  /** Pictures that could not be tested, and why. */
  readonly refused?: readonly { readonly name: string; readonly reason: string }[];
  readonly evaluation?: Evaluation;
  readonly losses?: readonly EpochLoss[];
  readonly settings?: readonly (readonly [name: string, value: string])[];
}
