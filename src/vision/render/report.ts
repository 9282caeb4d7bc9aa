// One HTML file that tells how a test went: no scripts, nothing from outside, every string escaped.
import { lossCurve } from './charts.ts';
import { type Html, html } from './html.ts';
import type { Report } from './report-content.ts';
import { curveSection } from './report-curves.ts';
import { reportPage, timeOf } from './report-page.ts';
import { resultCards, scoreTable, wrongSection } from './report-results.ts';
import { scoreSection, tiles } from './report-summary.ts';

/** The whole page as text, results worst first. It works offline. Throws `internal` for a score that is not finite. */
export function renderReport(report: Report): string {
  const broken = report.results.find((r) => !Number.isFinite(r.score));
  if (broken !== undefined) throw new Error(`internal: the score of ${broken.name} is ${broken.score}`);
  const results = [...report.results].sort((a, b) => b.score - a.score);
  const sorted = { ...report, results };
  const footer = `Okapi ${report.version}, ${timeOf(report.createdAt)}. Scores are absolute: the same part gets the same score whatever is tested with it.`;
  return reportPage(report, body(sorted), footer);
}

function body(report: Report): Html {
  return html`${tiles(report)}
${scoreSection(report)}
${wrongSection(report)}
${report.evaluation === undefined ? null : curveSection(report.evaluation)}
${resultCards(report)}
${refusedSection(report)}
${trainingSection(report)}
${scoreTable(report)}`;
}

function refusedSection({ refused = [] }: Report): Html | null {
  if (refused.length === 0) return null;
  return html`<section>
<h2>Not tested</h2>
<div class="card pad"><table class="bare">${refused.map((r) => html`<tr><td>${r.name}</td><td class="quiet">${r.reason}</td></tr>`)}</table></div>
</section>`;
}

/** Loss curve and settings, side by side when there are both. */
function trainingSection({ losses = [], settings = [] }: Report): Html | null {
  if (losses.length === 0 && settings.length === 0) return null;
  const curve =
    losses.length === 0
      ? null
      : html`<div class="card pad"><h3>Loss by epoch</h3>${lossCurve(losses)}
<div class="key"><span><svg viewBox="0 0 11 11"><rect class="key-train" width="11" height="11" rx="2"/></svg>training</span><span><svg viewBox="0 0 11 11"><rect class="key-validation" width="11" height="11" rx="2"/></svg>validation</span></div></div>`;
  const table =
    settings.length === 0
      ? null
      : html`<div class="card pad"><h3>Settings</h3><table class="bare">${settings.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</table></div>`;
  return html`<section>
<h2>The model</h2>
<div class="${curve !== null && table !== null ? 'two' : 'one'}">${curve}${table}</div>
</section>`;
}
