// One HTML file that tells how an object detector did: figures, charts and pictures; no scripts, nothing from outside.
import { createHash } from 'node:crypto';
import type { DetectionReport } from '../scoring/detection-metrics.ts';
import { confusionChart } from './confusion-chart.ts';
import { confidenceChart, precisionRecallChart } from './detection-charts.ts';
import { Html, html } from './html.ts';
import type { EncodedPicture } from './report-content.ts';
import { reportStyle } from './report-style.ts';

export interface DetectionResult {
  readonly name: string;
  /** What was found, as words: '2 scratch, 1 dent'. */
  readonly found: string;
  /** What is there, when it is known. */
  readonly truth: string | null;
  /** Null leaves the picture out. */
  readonly overlay: EncodedPicture | null;
}

export interface DetectionPage {
  readonly title: string;
  /** ISO 8601; shown in UTC. */
  readonly createdAt: string;
  /** Of the program. */
  readonly version: string;
  readonly classes: readonly string[];
  /** Against known boxes, when there are any. */
  readonly report: DetectionReport | null;
  readonly results: readonly DetectionResult[];
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
  readonly settings: readonly (readonly [name: string, value: string])[];
}

/** The whole page as text. Its content security policy allows nothing but its pictures and its one style sheet. */
export function renderDetectionPage(page: DetectionPage): string {
  const hash = createHash('sha256').update(reportStyle).digest('base64');
  const policy = `default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const time = new Date(page.createdAt).toISOString().slice(0, 16).replace('T', ' ');
  const body = html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${page.title}</title>
<link rel="icon" href="data:,">
<style>${new Html(reportStyle)}</style>
</head>
<body>
<main>
<header><div><h1>${page.title}</h1><p class="quiet">${time} UTC</p></div></header>
${page.report === null ? null : figures(page.report)}
${page.report === null ? null : charts(page.report, page.classes)}
${results(page.results)}
${rows(
  'Not tested',
  page.refused.map(({ name, reason }) => [name, reason] as const),
)}
${rows('The model', page.settings)}
<footer>Okapi ${page.version}</footer>
</main>
</body>
</html>`;
  return `<!doctype html>\n${body}\n`;
}

const shown = (value: number | null) => (value === null ? '–' : value.toFixed(3));

function figures(report: DetectionReport): Html {
  const tiles = [
    ['mAP50', shown(report.map50), 'at an overlap of 0.50'],
    ['mAP50-95', shown(report.map50_95), 'mean over overlaps of 0.50 to 0.95'],
    ['precision', shown(report.precision), 'where F1 is best'],
    ['recall', shown(report.recall), `at confidence ${shown(report.bestConfidence)}`],
  ] as const;
  const header = ['class', 'boxes', 'AP50', 'AP50-95', 'precision', 'recall'];
  return html`<dl class="tiles">${tiles.map(([name, value, note]) => html`<div class="card tile"><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`)}</dl>
<section>
<h2>By class</h2>
<div class="card pad"><table><thead><tr>${header.map((name, i) => html`<th class="${i > 0 ? 'number' : ''}">${name}</th>`)}</tr></thead>
${report.perClass.map((c) => html`<tr><td>${c.name}</td>${[String(c.truths), ...[c.ap50, c.ap50_95, c.precision, c.recall].map(shown)].map((cell) => html`<td class="number">${cell}</td>`)}</tr>`)}</table></div>
</section>`;
}

function charts(report: DetectionReport, classes: readonly string[]): Html {
  const all = [
    ['Precision and recall', precisionRecallChart(report)],
    ['F1 by confidence', confidenceChart(report, 'f1')],
    ['Confusion', confusionChart(report.confusion, classes)],
  ] as const;
  return html`<section>
<h2>Charts</h2>
<div class="results">${all.map(([name, chart]) => html`<div class="card pad"><h3>${name}</h3>${chart}</div>`)}</div>
</section>`;
}

function results(list: readonly DetectionResult[]): Html | null {
  if (list.length === 0) return null;
  return html`<section>
<h2>Pictures</h2>
<div class="results">${list.map(card)}</div>
</section>`;
}

function card({ name, found, truth, overlay }: DetectionResult): Html {
  const picture =
    overlay === null
      ? null
      : html`<div class="shots"><figure><img src="data:${overlay.mime};base64,${Buffer.from(overlay.bytes).toString('base64')}" width="${overlay.width}" height="${overlay.height}" alt="" loading="lazy"></figure></div>`;
  const truly = truth === null ? null : html`<div class="under"><span>labelled: ${truth}</span></div>`;
  return html`<article class="card result"><div class="top"><span class="name">${name}</span></div>${picture}<div class="bottom"><div class="under"><span>found: <b>${found}</b></span></div>${truly}</div></article>`;
}

function rows(title: string, list: readonly (readonly [name: string, value: string])[]): Html | null {
  if (list.length === 0) return null;
  return html`<section>
<h2>${title}</h2>
<div class="card pad"><table class="bare">${list.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</table></div>
</section>`;
}
