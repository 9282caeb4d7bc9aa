// The charts of an object detector as inline SVG: curves by recall and confidence, losses and mAP by epoch, labels.
import type { DetectionReport } from '../scoring/detection-metrics.ts';
import { axis, BOTTOM, chart, grid, LEFT, label, niceTicks, round, short, TOP, WIDTH } from './charts.ts';
import { classColours, colourOf, hexColour } from './class-colours.ts';
import { type Html, type HtmlPart, html } from './html.ts';

const HEIGHT = 330;
/** Where the curves end and their names begin. */
const PLOT_END = 456;
/** With more classes than this, they are thin grey lines without names and only the mean stands out. */
export const MAX_NAMED_CURVES = 14;
/** Rows of the label chart. */
export const MAX_LABEL_ROWS = 60;
const LONGEST_NAME = 18;

/** One named line; null leaves a gap at the end or the start. */
interface Curve {
  readonly name: string;
  readonly figure: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly look: HtmlPart;
}

/** Precision against recall at IoU 0.50, a line a class with its AP50, and their mean. */
export function precisionRecallChart({ perClass, curves, map50 }: DetectionReport): Html {
  const along = (values: readonly number[]) => curves.recalls.map((r, i) => [r, values[i]!] as const);
  const lines = perClass.flatMap(({ name, ap50 }, c): Curve[] => {
    const curve = curves.classes[c] ?? null;
    if (curve === null) return [];
    return [{ name, figure: figures(ap50), points: along(curve.precisionByRecall), look: lookOf(c) }];
  });
  return unitChart(
    `Precision against recall at IoU 0.50, mAP50 ${figures(map50)}`,
    { x: 'recall', y: 'precision' },
    lines,
    curves.mean === null
      ? null
      : { name: 'mean', figure: figures(map50), points: along(curves.mean.precisionByRecall), look: MEAN },
  );
}

/** F1, precision or recall against the confidence at IoU 0.50, and where the mean F1 is best. */
export function confidenceChart(
  { perClass, curves, bestConfidence, ...report }: DetectionReport,
  figure: 'f1' | 'precision' | 'recall',
): Html {
  const title = { f1: 'F1', precision: 'precision', recall: 'recall' }[figure];
  const along = (values: readonly (number | null)[]) =>
    curves.confidences.flatMap((c, i) => (values[i] === null ? [] : [[c, values[i]!] as const]));
  const lines = perClass.flatMap(({ name, ...values }, c): Curve[] => {
    const curve = curves.classes[c] ?? null;
    if (curve === null) return [];
    return [{ name, figure: figures(values[figure]), points: along(curve[figure]), look: lookOf(c) }];
  });
  const x = axis(0, 1, LEFT, PLOT_END);
  const cut =
    bestConfidence === null
      ? null
      : html`<line class="cut" x1="${x(bestConfidence)}" x2="${x(bestConfidence)}" y1="${TOP - 8}" y2="${HEIGHT - BOTTOM - 14}"/>${label(x(bestConfidence), TOP - 13, 'cut-label', `best F1 at ${short(bestConfidence)}`, 60)}`;
  return unitChart(
    `${title} against confidence at IoU 0.50${bestConfidence === null ? '' : `, best F1 at ${short(bestConfidence)}`}`,
    { x: 'confidence', y: title },
    lines,
    curves.mean === null
      ? null
      : { name: 'mean', figure: figures(report[figure]), points: along(curves.mean[figure]), look: MEAN },
    cut,
  );
}

const MEAN = html`class="line mean"`;

/** A colour a class, then the colours again in dashes. Light colours are darker here than in boxes, for thin lines. */
function lookOf(classId: number): Html {
  const colour = colourOf(classId);
  const light = colour[0] + colour[1] > 400 ? 0.8 : 1;
  const hex = hexColour(colour.map((v) => Math.round(v * light)) as [number, number, number]);
  const dashes = ['', '7 3', '2 4'][Math.floor(classId / classColours.length) % 3]!;
  return html`class="line" stroke="${hex}"${dashes === '' ? null : html` stroke-dasharray="${dashes}"`}`;
}

/** Both axes 0..1. */
function unitChart(
  title: string,
  axes: { readonly x: string; readonly y: string },
  lines: readonly Curve[],
  mean: Curve | null,
  more: Html | null = null,
): Html {
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const bottom = HEIGHT - BOTTOM - 14;
  const x = axis(0, 1, LEFT, PLOT_END);
  const y = axis(0, 1, bottom, TOP);
  const named = lines.length <= MAX_NAMED_CURVES;
  const shown = named ? lines : lines.map((l) => ({ ...l, look: html`class="line faint"` }));
  const all = mean === null ? shown : [...shown, mean];
  return chart(
    title,
    [
      grid(ticks, y, PLOT_END),
      ticks.map((t) => label(x(t), bottom + 16, 'tick', short(t))),
      label((LEFT + PLOT_END) / 2, HEIGHT - 10, 'name-label', axes.x, 40),
      sideways(13, (bottom + TOP) / 2, axes.y),
      all.map(({ look, points, name }) => line(look, points, x, y, name)),
      more,
      key(named ? all : mean === null ? [] : [mean], named ? null : `${lines.length} classes in grey`),
    ],
    HEIGHT,
  );
}

/** What changes from epoch to epoch: losses, or mAP. Values that were not measured are null. */
export interface EpochSeries {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/** A line a series over the epochs, from 0 or the lowest value up, with the last value by its name. */
export function epochChart(title: string, epochs: readonly number[], series: readonly EpochSeries[]): Html {
  const known = series.flatMap((s) => s.values.filter((v) => v !== null));
  if (!known.every(Number.isFinite)) throw new Error('internal: a value of an epoch is not finite');
  const ticks = niceTicks(
    known.reduce((a, b) => Math.min(a, b), 0),
    known.reduce((a, b) => Math.max(a, b), 0),
  );
  const [first, last] = [epochs[0] ?? 0, epochs.at(-1) ?? 1];
  const bottom = HEIGHT - BOTTOM - 14;
  const x = axis(first, last, LEFT + 6, PLOT_END);
  const y = axis(ticks[0]!, ticks.at(-1)!, bottom, TOP);
  const steps = niceTicks(first, last).filter((t) => Number.isInteger(t) && t >= first && t <= last);
  const lines = series.map(({ name, values }, i): Curve => {
    const points = epochs.flatMap((e, n) => {
      const value = values[n] ?? null;
      return value === null ? [] : [[e, value] as const];
    });
    const end = points.at(-1)?.[1] ?? null;
    return { name, figure: end === null ? '' : short(end), points, look: lookOf(i) };
  });
  return chart(
    `${title} over ${epochs.length} epochs`,
    [
      grid(ticks, y, PLOT_END),
      steps.map((t) => label(x(t), bottom + 16, 'tick', String(t))),
      label((LEFT + PLOT_END) / 2, HEIGHT - 10, 'name-label', 'epoch', 40),
      lines.map(({ look, points, name }) => line(look, points, x, y, name)),
      key(lines, null),
    ],
    HEIGHT,
  );
}

/** A line, or a dot when there is but one point. */
function line(
  look: HtmlPart,
  points: Curve['points'],
  x: (v: number) => number,
  y: (v: number) => number,
  name: string,
): Html {
  const at = points.map(([u, v]) => `${x(u)},${y(v)}`);
  const path = at.length === 1 ? `${at[0]} ${at[0]}` : at.join(' ');
  return html`<polyline ${look} points="${path}"><title>${name}</title></polyline>`;
}

/** Names and figures to the right of the curves, the mean in strong letters. */
function key(curves: readonly Curve[], note: string | null): Html[] {
  const left = PLOT_END + 16;
  const rows = curves.map(({ name, figure, look }, i) => {
    const y = TOP + 6 + i * 19;
    const kind = look === MEAN ? 'strong' : 'name-label';
    return html`<polyline ${look} points="${left},${y - 4} ${left + 16},${y - 4}"/><text class="${kind}" x="${left + 22}" y="${y}" text-anchor="start">${cut(name, 15)}<title>${name}</title></text><text class="${kind}" x="${WIDTH - 2}" y="${y}" text-anchor="end">${figure}</text>`;
  });
  if (note !== null) rows.push(label(left, TOP + 6 + curves.length * 19, 'name-label', note, WIDTH));
  return rows;
}

/** How many labels a class has in each part of a dataset, as bars, a row a class. */
export function labelChart(
  classes: readonly string[],
  parts: readonly { readonly name: string; readonly counts: readonly number[] }[],
): Html {
  const rows = Math.min(classes.length, MAX_LABEL_ROWS);
  const thick = 22;
  const left = 140;
  const height = TOP + 14 + Math.max(1, rows) * thick + 20;
  const totals = classes.map((_, c) => parts.reduce((n, p) => n + (p.counts[c] ?? 0), 0));
  const x = axis(0, Math.max(1, ...totals.slice(0, rows)), left, WIDTH - 60);
  return chart(
    `Labels of ${classes.length} classes`,
    [
      parts.map(
        ({ name }, p) =>
          html`<rect x="${left + p * 110}" y="8" width="11" height="11" rx="2" fill="${barColour(p)}"/><text class="name-label" x="${left + p * 110 + 17}" y="18" text-anchor="start">${name}</text>`,
      ),
      classes.slice(0, rows).map((name, c) => {
        const y = TOP + 10 + c * thick;
        let before = 0;
        const bars = parts.map(({ counts }, p) => {
          const [from, to] = [x(before), x(before + (counts[c] ?? 0))];
          before += counts[c] ?? 0;
          return to > from
            ? html`<rect x="${from}" y="${y}" width="${round(to - from)}" height="${thick - 6}" fill="${barColour(p)}"/>`
            : null;
        });
        return html`<text class="name-label" x="${left - 8}" y="${y + 12}" text-anchor="end">${cut(name, LONGEST_NAME)}<title>${name}</title></text>${bars}<text class="tick" x="${round(x(before) + 6)}" y="${y + 12}" text-anchor="start">${before}</text>`;
      }),
      classes.length > rows
        ? label(left, height - 6, 'name-label', `and ${classes.length - rows} classes more`, 0)
        : null,
    ],
    height,
  );
}

/** Blue, orange, green: the parts of a dataset. */
const barColour = (part: number): string => hexColour(colourOf([1, 0, 5][part % 3]!));

/** Text that reads upwards, centred at (x, y). */
export function sideways(x: number, y: number, words: string): Html {
  return html`<text class="name-label" x="${x}" y="${round(y)}" text-anchor="middle" transform="rotate(-90 ${x} ${round(y)})">${words}</text>`;
}

/** A name cut to so many letters. */
export function cut(name: string, letters: number): string {
  const all = [...name];
  return all.length > letters ? `${all.slice(0, letters - 2).join('')}..` : name;
}

/** Two or three figures, or a dash where there is none. */
function figures(value: number | null): string {
  return value === null ? '-' : value.toFixed(3);
}
