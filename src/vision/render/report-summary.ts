// The head of the report: counts and measures, the scores against the threshold, what to make of it.
import {
  type Confusion,
  confusionAt,
  falseAlarmRate,
  type Interval,
  type Judged,
  type Metric,
  recall,
} from '../scoring/metrics.ts';
import type { ScoreSource, ThresholdMethod } from '../scoring/threshold.ts';
import { MAX_DOTS, type ScoredPicture, scoreHistogram, short } from './charts.ts';
import { type Html, html } from './html.ts';
import type { Evaluation, Report, ReportResult } from './report-content.ts';

/** A row with the counts of verdicts, and one of measures when the truth is known. */
export function tiles(report: Report): Html {
  const { results, refused = [], evaluation } = report;
  const ng = results.filter((r) => r.anomalous).length;
  const confusion = confusionOf(report);
  return html`<dl class="tiles">
${tile('', 'Pictures', String(results.length), refused.length > 0 ? `and ${refused.length} not tested` : 'all tested')}
${tile('ok', 'OK', String(results.length - ng), share(results.length - ng, results.length))}
${tile(ng > 0 ? 'ng' : '', 'NG', String(ng), share(ng, results.length))}
${confusion === null ? null : verdictTiles(confusion, evaluation?.falseAlarmInterval ?? null)}
</dl>
${evaluation === undefined ? null : html`<dl class="tiles">${evaluationTiles(evaluation)}</dl>`}`;
}

function verdictTiles(c: Confusion, interval: Interval | null): Html[] {
  const anomalous = c.truePositives + c.falseNegatives;
  const good = c.falsePositives + c.trueNegatives;
  return [
    metricTile('Defects found', recall(c), asPercent, `${c.truePositives} of ${anomalous}`),
    metricTile(
      'False alarms',
      falseAlarmRate(c),
      asPercent,
      falseAlarmWords(c.falsePositives, good, interval),
    ),
  ];
}

function falseAlarmWords(alarms: number, good: number, interval: Interval | null): string {
  const counts = `${alarms} of ${good} good parts`;
  return interval === null
    ? counts
    : `${counts}; 95 % interval ${asPercent(interval.low)} to ${asPercent(interval.high)}`;
}

function evaluationTiles(e: Evaluation): Html[] {
  const best = e.bestF1;
  return [
    metricTile('Image AUROC', e.imageAuroc, figures, intervalWords(e.imageAurocInterval)),
    best === null
      ? tile('', 'Best F1', '–', 'needs good and defective pictures')
      : tile('', 'Best F1', figures(best.f1), `at a threshold of ${short(best.threshold)}`),
    metricTile('Pixel AUROC', e.pixelAuroc, figures, 'defective pixels against good ones'),
    metricTile('AUPRO', e.aupro, figures, 'overlap with true regions, to 30 % false pixels'),
  ];
}

function intervalWords(interval: Interval | null): string {
  if (interval === null) return '';
  if (interval.low === interval.high) return 'these pictures are fully apart';
  return `95 % interval ${figures(interval.low)} to ${figures(interval.high)}`;
}

function metricTile(name: string, metric: Metric, format: (v: number) => string, note: string): Html {
  return metric.value === null
    ? tile('', name, '–', metric.reason)
    : tile('', name, format(metric.value), note);
}

function tile(kind: string, name: string, value: string, note: string): Html {
  return html`<div class="card tile ${kind}"><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`;
}

/** The histogram of scores beside the threshold and its words. */
export function scoreSection(report: Report): Html {
  const { threshold, results } = report;
  const confusion = confusionOf(report);
  return html`<section>
<h2>Scores and threshold</h2>
<div class="two">
<div class="card pad"><h3>Anomaly score of each picture</h3>${scoreHistogram(results.map(scored), threshold.value)}${key(results)}</div>
<div class="card pad"><h3>Threshold</h3>
<p class="big">${short(threshold.value)}</p>
<p class="words">${sentence(threshold.trust)}</p>
<p class="words quiet">${METHOD_WORDS[threshold.method]}${threshold.method === 'imported' ? '' : SOURCE_WORDS[threshold.source]}</p>
${confusion === null ? null : confusionTable(confusion)}
</div>
</div>
</section>`;
}

const METHOD_WORDS: Record<ThresholdMethod, string> = {
  'quantile-and-spread':
    'A high quantile of the scores of good parts, or their median and three deviations, whichever is higher',
  conformal: 'The score that good parts exceed at the stated rate',
  'conformal-short':
    'The highest score of the good parts, or their median and three deviations, whichever is higher',
  imported: 'The threshold that came with the model.',
};
const SOURCE_WORDS: Record<ScoreSource, string> = {
  'held-out': ', all of them kept out of training.',
  'cross-fitted': ', each scored by a model that was trained without it.',
};

function scored({ name, score, truth }: ReportResult): ScoredPicture {
  const series = truth === null ? 'unknown' : truth.anomalous ? 'defective' : 'good';
  return { name, score, series };
}

const SERIES_WORDS: Record<ScoredPicture['series'], string> = {
  good: 'truly good',
  defective: 'truly defective',
  unknown: 'truth not known',
};

/** Names only the series that are there. */
function key(results: readonly ReportResult[]): Html {
  const present = new Set(results.map((r) => scored(r).series));
  const entries = (['good', 'defective', 'unknown'] as const).filter((s) => present.has(s));
  return html`<div class="key">${entries.map(
    (s) =>
      html`<span><svg viewBox="0 0 11 11" aria-hidden="true"><rect class="${s}" width="11" height="11" rx="2"/></svg>${SERIES_WORDS[s]}</span>`,
  )}${results.length > MAX_DOTS ? null : html`<span>one dot a picture</span>`}</div>`;
}

function confusionTable(c: Confusion): Html {
  const cell = (count: number, kind: 'right' | 'wrong') =>
    html`<td class="${count === 0 ? 'none' : kind}">${count}</td>`;
  return html`<table class="confusion">
<thead><tr><th></th><th scope="col">called OK</th><th scope="col">called NG</th></tr></thead>
<tr><th scope="row">truly good</th>${cell(c.trueNegatives, 'right')}${cell(c.falsePositives, 'wrong')}</tr>
<tr><th scope="row">truly defective</th>${cell(c.falseNegatives, 'wrong')}${cell(c.truePositives, 'right')}</tr>
</table>`;
}

/** Of the results whose truth is known; null when there are none. */
function confusionOf({ results }: Report): Confusion | null {
  const judged = results
    .filter((r) => r.truth !== null)
    .map((r): Judged => ({ score: r.anomalous ? 1 : 0, anomalous: r.truth!.anomalous }));
  return judged.length === 0 ? null : confusionAt(judged, 0.5);
}

const asPercent = (v: number) => `${Math.round(v * 1000) / 10} %`;
const share = (part: number, whole: number) => (whole === 0 ? '' : asPercent(part / whole));
const figures = (v: number) => v.toFixed(3);
const sentence = (words: string) => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
