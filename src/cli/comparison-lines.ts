// Models side by side as lines of text.
import type { Comparison } from '../vision/evaluation/compare-models.ts';
import type { DetectorEvaluation } from '../vision/evaluation/detector-evaluation.ts';
import { sentenceOf } from '../vision/render/comparison-report.ts';
import type { Interval, Metric } from '../vision/scoring/metrics.ts';
import { printable, type Terminal } from './terminal.ts';
import { count, figure, percent, table } from './wording.ts';

const MOST_SHOWN = 20;

export function comparisonLines(
  models: readonly { readonly name: string; readonly evaluation: DetectorEvaluation }[],
  { againstFirst, pictures }: Comparison,
  terminal: Terminal,
): string[] {
  const heading = (text: string) => terminal.style('bold', text);
  const names = models.map(({ name }) => printable(name));
  const figures = rows.map(([name, text]) => [name, ...models.map(({ evaluation }) => text(evaluation))]);
  const right = models.map((_, i) => i + 1);
  const lines = [
    heading(`${models.length} models on the same ${count(pictures.length, 'picture')}`),
    ...table([['', ...names], ...figures], right).map((line) => `  ${line}`),
    '',
    ...againstFirst.map((row) => printable(sentenceOf(models[0]!.name, row))),
  ];
  const differing = pictures.filter(({ differs }) => differs);
  if (differing.length === 0) return [...lines, 'They judge every picture alike.'];
  const shown = differing
    .slice(0, MOST_SHOWN)
    .map(({ file, defect, verdicts }) => [
      printable(defect ?? 'good'),
      ...verdicts.map(
        ({ score, calledAnomalous, ratio }) =>
          `${calledAnomalous ? 'NG' : 'OK'} ${ratio === null ? figure(score) : `${ratio.toFixed(2)} x`}`,
      ),
      printable(file),
    ]);
  const rest = differing.length - shown.length;
  return [
    ...lines,
    '',
    heading('Where they do not agree (scores as multiples of the threshold)'),
    ...table([['truth', ...names, 'picture'], ...shown], right).map((line) => `  ${line}`),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}

const digits = (value: number) => value.toFixed(4);
const shown = (metric: Metric, format: (value: number) => string) =>
  metric.value === null ? '–' : format(metric.value);
const range = (interval: Interval | null, format: (value: number) => string) =>
  interval === null ? '' : ` (${format(interval.low)} to ${format(interval.high)})`;

const rows: readonly (readonly [string, (e: DetectorEvaluation) => string])[] = [
  ['image AUROC', (e) => shown(e.imageAuroc, digits) + range(e.imageAurocInterval, digits)],
  ['average precision', (e) => shown(e.averagePrecision, digits)],
  ['best F1', (e) => (e.bestF1 === null ? '–' : digits(e.bestF1.f1))],
  ['pixel AUROC', (e) => shown(e.pixelAuroc, digits)],
  ['AUPRO', (e) => shown(e.aupro, digits)],
  ['defects found', (e) => shown(e.recall, percent)],
  ['false alarms', (e) => shown(e.falseAlarmRate, percent) + range(e.falseAlarmInterval, percent)],
  ['threshold', (e) => figure(e.threshold)],
];
