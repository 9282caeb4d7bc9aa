// The confusion matrix of an object detector as inline SVG.
import type { ConfusionMatrix } from '../scoring/confusion-matrix.ts';
import { chart, round, short } from './charts.ts';
import { cut, sideways } from './detection-charts.ts';
import { type Html, html } from './html.ts';

const LEFT = 132;
const TOP = 104;
const SIDE = 470;
/** With more rows than this there is no room for counts, and from the second on none for names. */
const MAX_COUNTS = 24;
const MAX_NAMES = 40;

/**
 * A row a true class and a column a detected one, background last. A cell is as dark as its share of the row, so that
 * rare classes are seen as well.
 */
export function confusionChart(
  { counts, confidence, iou }: ConfusionMatrix,
  classes: readonly string[],
): Html {
  const names = [...classes, 'background'];
  const n = names.length;
  const cell = Math.min(78, SIDE / n);
  const side = cell * n;
  const at = (i: number) => round(i * cell);
  const cells = counts.flatMap((row, r) => {
    const total = row.reduce((a, b) => a + b, 0);
    return row.map((count, c) => {
      if (count === 0) return null;
      const [x, y, share] = [LEFT + at(c), TOP + at(r), count / total];
      const number =
        n > MAX_COUNTS
          ? null
          : html`<text class="${share > 0.5 ? 'on-dark' : 'on-light'}" x="${round(x + cell / 2)}" y="${round(y + cell / 2 + 4)}" text-anchor="middle">${count < 10_000 || cell > 50 ? count : short(count)}</text>`;
      return html`<rect class="cell" x="${x}" y="${y}" width="${round(cell)}" height="${round(cell)}" fill-opacity="${round(0.06 + 0.94 * share)}"><title>${names[r]!} taken for ${names[c]!}: ${count}</title></rect>${number}`;
    });
  });
  const lines = Array.from({ length: n + 1 }, (_, i) => [
    html`<line class="grid" x1="${LEFT}" x2="${LEFT + side}" y1="${TOP + at(i)}" y2="${TOP + at(i)}"/>`,
    html`<line class="grid" x1="${LEFT + at(i)}" x2="${LEFT + at(i)}" y1="${TOP}" y2="${TOP + side}"/>`,
  ]);
  return chart(
    `Confusion matrix of ${classes.length} classes at confidence ${short(confidence)} and IoU ${short(iou)}`,
    [
      cells,
      n > MAX_NAMES
        ? html`<rect class="cell-frame" x="${LEFT}" y="${TOP}" width="${side}" height="${side}"/>`
        : lines,
      n > MAX_NAMES
        ? null
        : names.map((name, i) => {
            const [x, y] = [LEFT + at(i) + cell / 2, TOP + at(i) + cell / 2];
            return html`<text class="name-label" x="${LEFT - 8}" y="${round(y + 4)}" text-anchor="end">${cut(name, 15)}<title>${name}</title></text>${columnName(x, name)}`;
          }),
      sideways(13, TOP + side / 2, 'true class'),
      html`<text class="name-label" x="${LEFT}" y="${round(TOP + side + 22)}" text-anchor="start">Detected (columns) against true (rows) at confidence ${short(confidence)}, IoU ${short(iou)}</text>`,
    ],
    Math.ceil(TOP + side + 34),
  );
}

function columnName(x: number, name: string): Html {
  const y = TOP - 8;
  return html`<text class="name-label" x="${round(x)}" y="${y}" text-anchor="start" transform="rotate(-45 ${round(x)} ${y})">${cut(name, 15)}<title>${name}</title></text>`;
}
