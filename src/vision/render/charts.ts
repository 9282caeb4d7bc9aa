// The charts of the report as inline SVG: scores against the threshold, loss over the epochs.
import { type Html, type HtmlPart, html } from './html.ts';
import type { EpochLoss } from './report-content.ts';

export interface ScoredPicture {
  readonly name: string;
  readonly score: number;
  readonly series: 'good' | 'defective' | 'unknown';
}

export const WIDTH = 640;
const HEIGHT = 270;
export const LEFT = 44;
export const RIGHT = 14;
export const TOP = 26;
export const BOTTOM = 34;
/** With more pictures than this, dots would only cover each other. */
export const MAX_DOTS = 400;

/** Places a value on a line of pixels. */
export type Axis = (value: number) => number;

export const axis =
  (from: number, to: number, start: number, end: number): Axis =>
  (value) =>
    Math.round((start + ((value - from) / (to - from || 1)) * (end - start)) * 100) / 100;

/** A histogram of scores, stacked by what the pictures truly are, with a dot a picture and the threshold as a line. */
export function scoreHistogram(pictures: readonly ScoredPicture[], threshold: number): Html {
  const scores = pictures.map((p) => p.score);
  const ticks = niceTicks(Math.min(0, ...scores), Math.max(threshold * 1.15, ...scores));
  const bins = binned(pictures, ticks[0]!, ticks.at(-1)!);
  const counts = niceTicks(0, Math.max(1, ...bins.map(total))).filter(Number.isInteger);
  const base = HEIGHT - BOTTOM - 12;
  const x = axis(ticks[0]!, ticks.at(-1)!, LEFT, WIDTH - RIGHT);
  const y = axis(0, counts.at(-1)!, base, TOP);
  const cut = x(threshold);
  return chart(`Histogram of ${pictures.length} scores, threshold ${short(threshold)}`, [
    grid(counts, y),
    bins.map((bin) => bar(bin, x, y)),
    pictures.length > MAX_DOTS ? null : pictures.map((p) => dot(p, x, base + 7)),
    ticks.map((t) => label(x(t), HEIGHT - 8, 'tick', short(t), 18)),
    html`<line class="cut" x1="${cut}" x2="${cut}" y1="${TOP - 8}" y2="${base + 12}"/>`,
    label(cut, TOP - 13, 'cut-label', `threshold ${short(threshold)}`, 60),
  ]);
}

/** Counts of the scores in `from`..`to`, the upper end of the last bin included. */
interface Bin {
  readonly from: number;
  readonly to: number;
  readonly counts: Record<ScoredPicture['series'], number>;
}

const total = ({ counts }: Bin) => counts.good + counts.unknown + counts.defective;

function binned(pictures: readonly ScoredPicture[], from: number, to: number): Bin[] {
  const n = Math.max(10, Math.min(40, Math.round(2 * Math.sqrt(pictures.length) + 8)));
  const width = (to - from) / n;
  const bins = Array.from({ length: n }, (_, i) => ({
    from: from + i * width,
    to: from + (i + 1) * width,
    counts: { good: 0, unknown: 0, defective: 0 },
  }));
  for (const p of pictures) {
    const i = Math.floor((p.score - from) / width);
    bins[Math.max(0, Math.min(n - 1, i))]!.counts[p.series]++;
  }
  return bins;
}

function bar({ from, to, counts }: Bin, x: Axis, y: Axis): (Html | null)[] {
  let below = 0;
  return (['good', 'unknown', 'defective'] as const).map((series) => {
    const bottom = y(below);
    below += counts[series];
    if (counts[series] === 0) return null;
    return html`<rect class="${series}" x="${x(from) + 1}" y="${y(below)}" width="${round(x(to) - x(from) - 2)}" height="${round(bottom - y(below))}" rx="1.5"/>`;
  });
}

function dot({ name, score, series }: ScoredPicture, x: Axis, y: number): Html {
  return html`<circle class="${series} dot" cx="${x(score)}" cy="${y}" r="3"><title>${name}: ${short(score)}</title></circle>`;
}

/** Training and validation loss by epoch, with the best validation marked. */
export function lossCurve(losses: readonly EpochLoss[]): Html {
  const validated = losses.filter((l) => l.validation !== null) as { epoch: number; validation: number }[];
  const values = [...losses.map((l) => l.train), ...validated.map((l) => l.validation)];
  if (!values.every(Number.isFinite)) throw new Error('internal: a loss of the report is not finite');
  const ticks = niceTicks(Math.min(0, ...values), Math.max(...values));
  const [first, last] = [losses[0]!.epoch, losses.at(-1)!.epoch];
  const x = axis(first, last, LEFT + 6, WIDTH - RIGHT - 6);
  const y = axis(ticks[0]!, ticks.at(-1)!, HEIGHT - BOTTOM, TOP);
  const epochs = niceTicks(first, last).filter((t) => Number.isInteger(t) && t >= first && t <= last);
  const line = (series: string, points: readonly (readonly [number, number])[]) =>
    html`<polyline class="line ${series}" points="${points.map(([e, v]) => `${x(e)},${y(v)}`).join(' ')}"/>`;
  const best = validated.reduce<(typeof validated)[number] | null>(
    (b, l) => (b === null || l.validation < b.validation ? l : b),
    null,
  );
  return chart(`Loss over ${losses.length} epochs`, [
    grid(ticks, y),
    line(
      'train',
      losses.map((l) => [l.epoch, l.train]),
    ),
    line(
      'validation',
      validated.map((l) => [l.epoch, l.validation]),
    ),
    best === null
      ? null
      : html`<circle class="best" cx="${x(best.epoch)}" cy="${y(best.validation)}" r="4.5"><title>best validation loss ${short(best.validation)} after epoch ${best.epoch}</title></circle>`,
    epochs.map((e) => label(x(e), HEIGHT - 10, 'tick', String(e))),
  ]);
}

/** A drawing WIDTH wide; its class and size come from the style sheet, its label is read to those who cannot see it. */
export function chart(label: string, parts: HtmlPart, height = HEIGHT): Html {
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">${parts}</svg>`;
}

/** A level line a tick, from LEFT to `right`, with its number. */
export function grid(ticks: readonly number[], y: Axis, right = WIDTH - RIGHT): Html[] {
  return ticks.map(
    (t) =>
      html`<line class="grid" x1="${LEFT}" x2="${right}" y1="${y(t)}" y2="${y(t)}"/><text class="tick" x="${LEFT - 7}" y="${y(t) + 4}" text-anchor="end">${short(t)}</text>`,
  );
}

/** Words centred at x, or ending or starting there where `half` their width would leave the chart. */
export function label(x: number, y: number, kind: string, words: string, half = 12): Html {
  const anchor = x + half > WIDTH ? 'end' : x - half < 0 ? 'start' : 'middle';
  return html`<text class="${kind}" x="${anchor === 'end' ? WIDTH - 2 : x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
}

/** Four to eight round values (1, 2 or 5 times a power of ten apart) that cover `from`..`to`. */
export function niceTicks(from: number, to: number): number[] {
  const span = to - from > 1e-12 ? to - from : Math.max(Math.abs(from), 1e-9);
  const raw = span / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= raw * 0.999) ?? 10);
  const first = Math.floor(from / step + 1e-9);
  const last = Math.max(Math.ceil(to / step - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A number as people read it: three figures, no exponent where it can be helped. */
export function short(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2);
  return String(Number(value.toPrecision(size >= 1000 ? 4 : 3)));
}

/** Three figures with their zeros, so that a column of scores lines up. */
export function threeFigures(value: number): string {
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1000 ? value.toPrecision(3) : short(value);
}

/** To two decimals, as coordinates are written. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
