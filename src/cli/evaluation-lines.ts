// An evaluation as lines of text.
import type { DetectorEvaluation, EvaluatedPicture } from '../vision/evaluation/detector-evaluation.ts';
import type { Metric } from '../vision/scoring/metrics.ts';
import { printable, type Terminal } from './terminal.ts';
import { count, figure, percent, table } from './wording.ts';

const MOST_WRONG = 5;

export function evaluationLines(e: DetectorEvaluation, threshold: number, terminal: Terminal): string[] {
  const heading = (text: string) => terminal.style('bold', text);
  const { truePositives: tp, falsePositives: fp, trueNegatives: tn, falseNegatives: fn } = e.confusion;
  const lines = [
    heading(`${count(e.pictures.length, 'picture')}: ${tn + fp - e.leftOut} good, ${tp + fn} defective`),
    ...leftOutLines(e),
    ...measures(e).map((line) => `  ${line}`),
    ...maskLines(e),
    '',
    heading(`At the model's threshold of ${figure(threshold)}`),
    ...table(
      [
        ['', 'called OK', 'called NG'],
        ['truly good', String(tn), String(fp)],
        ['truly defective', String(fn), String(tp)],
      ],
      [1, 2],
    ).map((line) => `  ${line}`),
    `  defects found ${shown(e.recall, percent)}, false alarms ${shown(e.falseAlarmRate, percent)}${falseAlarmRange(e)}`,
  ];
  if (e.defects.length > 0) lines.push('', heading('By defect'), ...defectLines(e));
  lines.push(...wrongLines('Missed, the least suspected first', e.missed, heading));
  lines.push(...wrongLines('False alarms, the most suspected first', e.falseAlarms, heading));
  return lines;
}

function leftOutLines({ goodSide, leftOut }: DetectorEvaluation): string[] {
  if (goodSide !== 'left-out') return [];
  return [
    `  the good side are ${leftOut} scores of good pictures that it has learnt from, each by a model that had not seen it`,
  ];
}

function measures(e: DetectorEvaluation): string[] {
  const interval = e.imageAurocInterval;
  const range = interval === null ? '' : `95 % interval ${digits(interval.low)} to ${digits(interval.high)}`;
  const best =
    e.bestF1 === null
      ? ['–', 'it needs good and defective pictures']
      : [digits(e.bestF1.f1), `at a threshold of ${figure(e.bestF1.threshold)}`];
  return table([
    ['image AUROC', ...cells(e.imageAuroc, range)],
    ['average precision', ...cells(e.averagePrecision)],
    ['pixel AUROC', ...cells(e.pixelAuroc)],
    ['AUPRO', ...cells(e.aupro)],
    ['best F1', ...best],
  ]);
}

function falseAlarmRange({ falseAlarmInterval: interval }: DetectorEvaluation): string {
  return interval === null ? '' : ` (95 % interval ${percent(interval.low)} to ${percent(interval.high)})`;
}

const digits = (value: number) => value.toFixed(4);
const shown = (metric: Metric, format: (value: number) => string) =>
  metric.value === null ? `– (${metric.reason})` : format(metric.value);

function cells(metric: Metric, note = ''): string[] {
  return metric.value === null ? ['–', metric.reason] : [digits(metric.value), note];
}

function maskLines({ masks }: DetectorEvaluation): string[] {
  const lines = masks.refused.map(
    ({ file, message, code }) => `  mask not used: ${printable(file)}: ${printable(message)} (${code})`,
  );
  if (masks.used > 0 && masks.missing > 0)
    lines.push(
      `  ${count(masks.missing, 'defective picture')} without a mask left out of the pixel measures`,
    );
  return lines;
}

function defectLines({ defects }: DetectorEvaluation): string[] {
  const rows = defects.map((d) => [
    printable(d.defect),
    String(d.pictures),
    String(d.found),
    d.auroc.value === null ? '–' : digits(d.auroc.value),
    figure(d.meanScore),
  ]);
  return table([['defect', 'pictures', 'found', 'AUROC', 'mean score'], ...rows], [1, 2, 3, 4]).map(
    (line) => `  ${line}`,
  );
}

function wrongLines(
  title: string,
  pictures: readonly EvaluatedPicture[],
  heading: (text: string) => string,
): string[] {
  if (pictures.length === 0) return [];
  const shownPictures = pictures.slice(0, MOST_WRONG);
  const rest = pictures.length - shownPictures.length;
  return [
    '',
    heading(title),
    ...shownPictures.map(({ score, file }) => `  ${figure(score)}  ${printable(file)}`),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}
