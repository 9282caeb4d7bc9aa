// The results of the report: a card for each tested picture, worst first, and a table of all scores.
import type { Threshold } from '../scoring/threshold.ts';
import { short, threeFigures } from './charts.ts';
import { ember } from './colormap.ts';
import { type Html, html } from './html.ts';
import type { EncodedPicture, Report, ReportResult } from './report-content.ts';

/** Cards of the results that have pictures, with chips that filter them without a script. */
export function resultCards({ results, threshold }: Report): Html | null {
  const shown = results.filter((r) => r.pictures !== null);
  if (shown.length === 0) return null;
  const filters = FILTERS.map((f) => ({ ...f, count: shown.filter(f.keep).length })).filter(
    (f) => f.count > 0,
  );
  return html`<section>
<h2>Results, worst first</h2>
${filters.map((f, i) => html`<input class="filter" type="radio" name="show" id="show-${f.id}"${i === 0 ? CHECKED : null}>`)}
<div class="chips">${filters.map((f) => html`<label for="show-${f.id}">${f.word} ${f.count}</label>`)}</div>
${heatKey(threshold)}
<div class="results">${shown.map((r, i) => card(r, threshold, i))}</div>
</section>`;
}

const CHECKED = html` checked`;
const isWrong = (r: ReportResult) => r.truth !== null && r.truth.anomalous !== r.anomalous;

const FILTERS: readonly { id: string; word: string; keep: (r: ReportResult) => boolean }[] = [
  { id: 'all', word: 'All', keep: () => true },
  { id: 'ng', word: 'NG', keep: (r) => r.anomalous },
  { id: 'ok', word: 'OK', keep: (r) => !r.anomalous },
  { id: 'wrong', word: 'Wrong', keep: isWrong },
];

function card(r: ReportResult, threshold: Threshold, index: number): Html {
  const { input, overlay, reconstruction } = r.pictures!;
  return html`<article class="card result ${r.anomalous ? 'is-ng' : 'is-ok'}${isWrong(r) ? ' is-wrong' : ''}">
<div class="top">${pill(r)}<span class="name" title="${r.name}">${r.name}</span>${truthTag(r)}</div>
<input class="zoom" type="checkbox" id="zoom-${index}" aria-label="Enlarge ${r.name}">
<label class="shots" for="zoom-${index}">${shot(input, 'picture', r.name)}${shot(overlay, 'heat', r.name)}${reconstruction === undefined ? null : shot(reconstruction, 'reconstruction', r.name)}</label>
<div class="bottom">${scoreBar(r, threshold.value)}
<p class="under"><span>score <b class="mono">${threeFigures(r.score)}</b></span><span>${relation(r.score, threshold.value)}</span></p>
${places(r)}</div>
</article>`;
}

function pill({ anomalous }: ReportResult): Html {
  return anomalous ? html`<span class="pill ng">NG</span>` : html`<span class="pill ok">OK</span>`;
}

function truthTag(r: ReportResult): Html | null {
  if (r.truth === null) return null;
  if (!isWrong(r)) return html`<span class="tag">${r.truth.kind}</span>`;
  return html`<span class="tag wrong">${r.truth.anomalous ? 'missed' : 'false alarm'}: ${r.truth.kind}</span>`;
}

function shot({ bytes, mime, width, height }: EncodedPicture, what: string, name: string): Html {
  const uri = `data:${mime};base64,${Buffer.from(bytes).toString('base64')}`;
  return html`<figure><img src="${uri}" width="${width}" height="${height}" decoding="async" alt="${what} of ${name}"><figcaption>${what}</figcaption></figure>`;
}

/** A bar up to twice the threshold, which stands in the middle as in the heat colours. */
function scoreBar({ score, anomalous }: ReportResult, threshold: number): Html {
  const length =
    threshold > 0 ? Math.min(1, Math.max(0, score / (2 * threshold))) : score > threshold ? 1 : 0;
  return html`<svg class="bar" viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true"><rect class="track" y="3" width="1000" height="6"/><rect class="${anomalous ? 'ng' : 'ok'}" y="3" width="${Math.round(length * 1000)}" height="6"/><rect class="mark-line" x="498" width="4" height="12"/></svg>`;
}

function relation(score: number, threshold: number): string {
  return threshold > 0 ? `${(score / threshold).toFixed(2)} × threshold` : `threshold ${short(threshold)}`;
}

const MAX_PLACES = 3;

function places({ regions }: ReportResult): Html | null {
  if (regions.length === 0) return null;
  const rest = regions.length - MAX_PLACES;
  return html`<ul class="places">${regions.slice(0, MAX_PLACES).map(({ box: [x, y, w, h], peak, area }) => html`<li class="mono">${w}×${h} px at (${x}, ${y}), area ${area} px, peak ${threeFigures(peak)}</li>`)}${rest > 0 ? html`<li>and ${rest} more</li>` : null}</ul>`;
}

/** What the heat colours mean; imported models scale each picture by itself. */
function heatKey({ pixelValue }: Threshold): Html {
  if (pixelValue === null)
    return html`<p class="key">Heat colours are scaled to each picture by itself, as the imported model's own program does: they do not compare.</p>`;
  const table = ember();
  const stops = [0, 32, 64, 96, 128, 160, 192, 224, 255].map((level) => {
    const rgb = `rgb(${table.slice(level * 3, level * 3 + 3).join(',')})`;
    return html`<stop offset="${(level / 255).toFixed(3)}" stop-color="${rgb}"/>`;
  });
  return html`<p class="key"><span class="wide">heat from 0 <svg viewBox="0 0 90 10" preserveAspectRatio="none" aria-hidden="true"><defs><linearGradient id="heat">${stops}</linearGradient></defs><rect fill="url(#heat)" width="90" height="10"/></svg> to ${short(2 * pixelValue)}, twice the pixel threshold, the same in every picture</span><span>white outlines: above the pixel threshold</span><span class="screen">click a picture to enlarge it</span></p>`;
}

const MOST_WRONG = 20;

/** Wrong verdicts, the one farthest on the wrong side of the threshold first; null when all are right or no truth is known. */
export function wrongSection({ results, threshold }: Report): Html | null {
  const far = ({ score }: ReportResult) => Math.abs(score - threshold.value);
  const wrong = results.filter(isWrong).sort((a, b) => far(b) - far(a));
  if (wrong.length === 0) return null;
  const rest = wrong.length - MOST_WRONG;
  return html`<section>
<h2>Wrong verdicts, the farthest from the threshold first</h2>
<div class="card pad"><table>
<thead><tr><th>truth</th><th>picture</th><th class="number">score</th><th class="number">relation</th></tr></thead>
${wrong.slice(0, MOST_WRONG).map((r) => html`<tr><td>${truthTag(r)}</td><td>${r.name}</td><td class="number">${threeFigures(r.score)}</td><td class="number">${relation(r.score, threshold.value)}</td></tr>`)}
</table>${rest > 0 ? html`<p class="quiet">and ${rest} more</p>` : null}</div>
</section>`;
}

/** Every result as a row, folded away when there are many. */
export function scoreTable({ results, threshold }: Report): Html {
  const truthKnown = results.some((r) => r.truth !== null);
  const rows = results.map(
    (r) =>
      html`<tr><td>${pill(r)}</td><td>${r.name}</td>${truthKnown ? html`<td>${truthTag(r)}</td>` : null}<td class="number">${threeFigures(r.score)}</td><td class="number">${relation(r.score, threshold.value)}</td><td class="number">${r.regions.length}</td></tr>`,
  );
  return html`<details class="card"><summary>All ${results.length} scores as a table</summary><div class="inner"><table>
<thead><tr><th>verdict</th><th>picture</th>${truthKnown ? html`<th>truth</th>` : null}<th class="number">score</th><th class="number">relation</th><th class="number">regions</th></tr></thead>
${rows}
</table></div></details>`;
}
