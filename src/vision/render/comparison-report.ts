// One HTML file that puts models side by side: their figures on the same pictures, and where they do not agree.
import type { BestF1, Interval, Metric } from '../scoring/metrics.ts';
import { short, threeFigures } from './charts.ts';
import { type Html, html } from './html.ts';
import { type PageHead, reportPage } from './report-page.ts';

export interface ComparedModelRow {
  readonly name: string;
  readonly threshold: number;
  readonly imageAuroc: Metric;
  readonly imageAurocInterval: Interval | null;
  readonly averagePrecision: Metric;
  readonly bestF1: BestF1 | null;
  readonly pixelAuroc: Metric;
  readonly aupro: Metric;
  readonly falseAlarmRate: Metric;
  readonly falseAlarmInterval: Interval | null;
  readonly recall: Metric;
}

export interface ComparisonReport extends PageHead {
  readonly version: string;
  readonly models: readonly ComparedModelRow[];
  readonly againstFirst: readonly {
    readonly name: string;
    readonly aurocDifference: Metric;
    readonly interval: Interval | null;
    readonly onlyThisRight: number;
    readonly onlyFirstRight: number;
  }[];
  readonly pictures: readonly {
    readonly name: string;
    readonly truth: string;
    readonly differs: boolean;
    readonly verdicts: readonly {
      readonly score: number;
      readonly calledAnomalous: boolean;
      readonly ratio: number | null;
    }[];
  }[];
}

/** Pictures on which the models differ come first, all others are folded away. */
export function renderComparison(report: ComparisonReport): string {
  const differing = report.pictures.filter(({ differs }) => differs);
  const body = html`<section>
<h2>${report.models.length} models on the same ${report.pictures.length} pictures</h2>
<div class="card pad">${figureTable(report.models)}
<table class="bare">${report.againstFirst.map((row) => html`<tr><td>${sentenceOf(report.models[0]!.name, row)}</td></tr>`)}</table></div>
</section>
<section>
<h2>Where they do not agree</h2>
<div class="card pad">${differing.length === 0 ? html`<p>They judge every picture alike.</p>` : pictureTable(report, differing)}</div>
</section>
<details class="card"><summary>All ${report.pictures.length} pictures</summary><div class="inner">${pictureTable(report, report.pictures)}</div></details>`;
  return reportPage(
    report,
    body,
    `Okapi ${report.version}. Scores of two models have no common scale; compare them by their thresholds.`,
  );
}

const figureRows: readonly (readonly [string, (row: ComparedModelRow) => string])[] = [
  ['image AUROC', (m) => withInterval(m.imageAuroc, m.imageAurocInterval, digits)],
  ['average precision', (m) => metric(m.averagePrecision, digits)],
  ['best F1', (m) => (m.bestF1 === null ? '–' : digits(m.bestF1.f1))],
  ['pixel AUROC', (m) => metric(m.pixelAuroc, digits)],
  ['AUPRO', (m) => metric(m.aupro, digits)],
  ['defects found', (m) => metric(m.recall, percent)],
  ['false alarms', (m) => withInterval(m.falseAlarmRate, m.falseAlarmInterval, percent)],
  ['threshold', (m) => short(m.threshold)],
];

function figureTable(models: readonly ComparedModelRow[]): Html {
  return html`<table>
<thead><tr><th></th>${models.map(({ name }) => html`<th class="number">${name}</th>`)}</tr></thead>
${figureRows.map(([name, text]) => html`<tr><th scope="row">${name}</th>${models.map((m) => html`<td class="number">${text(m)}</td>`)}</tr>`)}
</table>`;
}

/** In words: which one is better, and whether these pictures can tell. */
export function sentenceOf(
  first: string,
  {
    name,
    aurocDifference,
    interval,
    onlyThisRight,
    onlyFirstRight,
  }: ComparisonReport['againstFirst'][number],
): string {
  const counts = `${onlyThisRight} pictures are judged rightly by ${name} alone, ${onlyFirstRight} by ${first} alone`;
  if (aurocDifference.value === null || interval === null) return `${counts}; ${aurocDifference.reason}.`;
  const range = `${signed(interval.low)} to ${signed(interval.high)}`;
  const clear = interval.low > 0 || interval.high < 0;
  const said = clear ? 'these pictures tell them apart' : 'these pictures cannot tell them apart';
  return `The image AUROC of ${name} is ${signed(aurocDifference.value)} against ${first} (95 % interval ${range}): ${said}. ${counts}.`;
}

function pictureTable({ models }: ComparisonReport, pictures: ComparisonReport['pictures']): Html {
  return html`<table>
<thead><tr><th>picture</th><th>truth</th>${models.map(({ name }) => html`<th class="number">${name}</th>`)}</tr></thead>
${pictures.map(({ name, truth, verdicts }) => html`<tr><td>${name}</td><td>${truth}</td>${verdicts.map(verdictCell)}</tr>`)}
</table>`;
}

function verdictCell({
  score,
  calledAnomalous,
  ratio,
}: ComparisonReport['pictures'][number]['verdicts'][number]): Html {
  const pill = calledAnomalous
    ? html`<span class="pill ng">NG</span>`
    : html`<span class="pill ok">OK</span>`;
  return html`<td class="number">${pill} ${threeFigures(score)}${ratio === null ? '' : ` (${ratio.toFixed(2)} × threshold)`}</td>`;
}

const digits = (value: number) => value.toFixed(4);
const percent = (value: number) => `${Math.round(value * 1000) / 10} %`;
const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
const metric = (m: Metric, format: (value: number) => string) => (m.value === null ? '–' : format(m.value));

function withInterval(m: Metric, interval: Interval | null, format: (value: number) => string): string {
  return interval === null
    ? metric(m, format)
    : `${metric(m, format)} (${format(interval.low)} to ${format(interval.high)})`;
}
