// The curves of an evaluation: ROC, and precision against recall.
import type { PrecisionRecallPoint, RocPoint } from '../scoring/metrics.ts';
import { axis, BOTTOM, chart, grid, LEFT, label, RIGHT, TOP, WIDTH } from './charts.ts';
import { type Html, html } from './html.ts';
import type { Evaluation } from './report-content.ts';

/** null when the pictures have only one class, or the evaluation keeps no curves. */
export function curveSection({ roc = [], precisionRecall = [] }: Evaluation): Html | null {
  if (roc.length === 0 || precisionRecall.length === 0) return null;
  return html`<section>
<h2>Curves</h2>
<div class="two even">
<div class="card pad"><h3>Defects found against false alarms (ROC)</h3>${rocChart(roc)}</div>
<div class="card pad"><h3>Precision against recall</h3>${precisionChart(precisionRecall)}</div>
</div>
</section>`;
}

const HEIGHT = 360;
const shares = [0, 0.2, 0.4, 0.6, 0.8, 1];
const x = axis(0, 1, LEFT + 6, WIDTH - RIGHT - 6);
const y = axis(0, 1, HEIGHT - BOTTOM, TOP);

function rocChart(points: readonly RocPoint[]): Html {
  return drawn('ROC curve', 'good parts called defective', [
    line(
      'faint',
      shares.map((share) => [share, share]),
    ),
    line(
      'validation',
      points.map((p) => [p.falsePositiveRate, p.truePositiveRate]),
    ),
  ]);
}

function precisionChart(points: readonly PrecisionRecallPoint[]): Html {
  // Precision falls in steps: between two points it is that of the one with the higher recall.
  const steps = points.flatMap((p, i): [number, number][] => [
    [points[i - 1]?.recall ?? 0, p.precision],
    [p.recall, p.precision],
  ]);
  return drawn('Precision against recall', 'defects found', [line('validation', steps)]);
}

function drawn(name: string, below: string, lines: readonly Html[]): Html {
  return chart(
    name,
    [
      grid(shares, y),
      shares.map((share) => label(x(share), HEIGHT - 18, 'tick', String(share))),
      label(x(0.5), HEIGHT - 3, 'tick', below, 90),
      [...lines],
    ],
    HEIGHT,
  );
}

function line(kind: string, points: readonly (readonly [number, number])[]): Html {
  return html`<polyline class="line ${kind}" points="${points.map(([u, v]) => `${x(u)},${y(v)}`).join(' ')}"/>`;
}
