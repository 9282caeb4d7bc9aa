// One HTML file that tells how a test went: no scripts, nothing from outside, every string escaped.
import { createHash } from 'node:crypto';
import { lossCurve } from './charts.ts';
import { Html, html } from './html.ts';
import type { Report } from './report-content.ts';
import { resultCards, scoreTable } from './report-results.ts';
import { reportStyle } from './report-style.ts';
import { scoreSection, tiles } from './report-summary.ts';

/**
 * The whole page as text, results worst first. It works offline: pictures are inside, and its content security policy
 * allows nothing but them and its one style sheet. Throws `internal` for a score that is not finite.
 */
export function renderReport(report: Report): string {
  const broken = report.results.find((r) => !Number.isFinite(r.score));
  if (broken !== undefined) throw new Error(`internal: the score of ${broken.name} is ${broken.score}`);
  const results = [...report.results].sort((a, b) => b.score - a.score);
  return `<!doctype html>\n${page({ ...report, results })}\n`;
}

function page(report: Report): Html {
  const hash = createHash('sha256').update(reportStyle).digest('base64');
  const policy = `default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${report.title}</title>
<link rel="icon" href="data:,">
<style>${new Html(reportStyle)}</style>
</head>
<body>
<main>
${heading(report)}
${tiles(report)}
${scoreSection(report)}
${resultCards(report)}
${refusedSection(report)}
${trainingSection(report)}
${scoreTable(report)}
<footer>Okapi ${report.version}, ${timeOf(report)}. Scores are absolute: the same part gets the same score whatever is tested with it.</footer>
</main>
</body>
</html>`;
}

function heading(report: Report): Html {
  return html`<header>
<svg class="mark" viewBox="0 0 44 44" aria-hidden="true"><circle class="ring" cx="22" cy="22" r="19"/><path class="tick-mark" fill="none" d="M13.5 22.5l6 6 11.5-12.5"/></svg>
<div><h1>${report.title}</h1><p class="quiet">${timeOf(report)}</p></div>
</header>`;
}

function timeOf({ createdAt }: Report): string {
  const time = new Date(createdAt);
  if (Number.isNaN(time.getTime())) throw new Error(`internal: ${createdAt} is no time`);
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
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
