// An evaluation of a model that finds anomalies in the words of the API.
import type { DetectorEvaluation, EvaluatedPicture } from '../../vision/evaluation/detector-evaluation.ts';
import type { Interval, Metric } from '../../vision/scoring/metrics.ts';
import { imageUrl } from '../datasets/image-url.ts';
import type { ModelRecord } from '../models/model-record.ts';
import { readable } from '../platform/queue/attempt-end.ts';
import type { JobRecord } from '../platform/queue/job.ts';
import type { AnomalyPictures, AnomalyRecord } from './evaluation-record.ts';
import type { TestSet } from './test-set.ts';

/** Points of a curve: more cannot be seen. */
const MOST_POINTS = 1000;

interface Origin {
  readonly job: Pick<JobRecord, 'job_id' | 'created_by'>;
  readonly model: Pick<ModelRecord, 'model_id' | 'owner'>;
  readonly set: TestSet;
  readonly created_at: string;
}

export function evaluationOf(
  e: DetectorEvaluation,
  { job, model, set, created_at }: Origin,
): { readonly record: AnomalyRecord; readonly pictures: AnomalyPictures } {
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = e.confusion;
  return {
    record: {
      task: 'anomaly',
      evaluation_id: job.job_id,
      model_id: model.model_id,
      owner: model.owner,
      created_at,
      by: job.created_by,
      threshold: e.threshold,
      dataset_sha256: set.sha256,
      counts: {
        ok: trueNegatives + falsePositives - e.leftOut,
        ng: truePositives + falseNegatives,
        seen: set.seen,
        untested: e.untested.length,
        left_out: e.leftOut,
      },
      good_side: e.goodSide,
      note: noteOn(set, e),
      figures: figuresOf(e),
      suggestion: suggestionOf(e),
      confusion: {
        true_positives: truePositives,
        false_positives: falsePositives,
        true_negatives: trueNegatives,
        false_negatives: falseNegatives,
      },
      masks: { used: e.masks.used, missing: e.masks.missing, refused: e.masks.refused.length },
    },
    pictures: picturesOf(e, model, set),
  };
}

function noteOn({ seen }: TestSet, { goodSide, leftOut }: DetectorEvaluation): string | null {
  const sentences = [
    seen === null &&
      'what one of the models has learnt from is not known: pictures that it knows may be among these, and then the figures flatter it',
    seen !== null && seen > 0 && `${seen} marked pictures are left out, because a model has learnt from them`,
    goodSide === 'left-out' &&
      `there is no ok picture that the model has not learnt from: the good side are ${leftOut} scores of pictures that it has learnt from, each given by a model that had not seen it`,
  ].filter((sentence) => sentence !== false);
  return sentences.length === 0 ? null : sentences.join('; ');
}

function figuresOf(e: DetectorEvaluation): AnomalyRecord['figures'] {
  return {
    image_auroc: withInterval(e.imageAuroc, e.imageAurocInterval),
    average_precision: figure(e.averagePrecision),
    best_f1:
      e.bestF1 === null
        ? { value: null, threshold: null, ...reason(e.imageAuroc) }
        : { value: e.bestF1.f1, threshold: e.bestF1.threshold },
    pixel_auroc: figure(e.pixelAuroc),
    aupro: figure(e.aupro),
    false_alarm_rate: withInterval(e.falseAlarmRate, e.falseAlarmInterval),
    recall: withInterval(e.recall, e.recallInterval),
    precision: figure(e.precision),
  };
}

function suggestionOf({ bestF1, atBestF1 }: DetectorEvaluation): AnomalyRecord['suggestion'] {
  if (bestF1 === null || atBestF1 === null) return null;
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = atBestF1;
  return {
    threshold: bestF1.threshold,
    false_alarms: falsePositives,
    of_good: falsePositives + trueNegatives,
    missed: falseNegatives,
    of_ng: truePositives + falseNegatives,
  };
}

const reason = (metric: Metric) => (metric.reason === undefined ? {} : { reason: metric.reason });

function figure(metric: Metric) {
  return { value: metric.value, ...reason(metric) };
}

export function withInterval(metric: Metric, interval: Interval | null) {
  return { ...figure(metric), interval: interval === null ? null : [interval.low, interval.high] };
}

function picturesOf(e: DetectorEvaluation, { owner }: Origin['model'], { images }: TestSet): AnomalyPictures {
  const names = new Map(images.map(({ filename, display_name }) => [filename, display_name]));
  const item = ({ file, anomalous, score, calledAnomalous }: EvaluatedPicture) => ({
    filename: file,
    display_name: names.get(file) ?? file,
    url: imageUrl(owner, file),
    truth: anomalous ? ('ng' as const) : ('ok' as const),
    score,
    is_anomaly: calledAnomalous,
  });
  const right = e.pictures.filter((p) => p.anomalous === p.calledAnomalous).sort((a, b) => b.score - a.score);
  return {
    pictures: [...e.worst, ...right].map(item),
    untested: e.untested.map(({ file, code, message }) => ({
      filename: file,
      code,
      detail: readable(message),
    })),
    refused_masks: e.masks.refused.map(({ picture, code, message }) => ({
      filename: picture,
      code,
      detail: readable(message),
    })),
    histogram: { edges: e.histogram.edges, ok: e.histogram.good, ng: e.histogram.anomalous },
    roc: thinned(e.roc).map(({ score, falsePositiveRate, truePositiveRate }) => ({
      // Above every score: nothing is called anomalous.
      score: Number.isFinite(score) ? score : null,
      false_positive_rate: falsePositiveRate,
      true_positive_rate: truePositiveRate,
    })),
    precision_recall: thinned(e.precisionRecall),
  };
}

/** Evenly spread, the first and the last among them. */
export function thinned<P>(points: readonly P[], most = MOST_POINTS): P[] {
  if (points.length <= most) return [...points];
  return Array.from({ length: most }, (_, i) => points[Math.round((i * (points.length - 1)) / (most - 1))]!);
}
