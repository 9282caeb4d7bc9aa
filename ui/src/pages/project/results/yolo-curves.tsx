// The curves of an object detector: the training by epochs; precision against recall, and F1 by confidence.
import { type Line, LineChart } from '../../../components/line-chart.tsx';
import { useWords } from '../../../text/language.tsx';
import type { Metrics, Report } from './use-metrics.ts';
import { words } from './yolo-words.ts';

/** More lines cannot be told apart; the mean is always there. */
const mostClasses = 7;

type Curve = NonNullable<Report['curves']['mean']>;

const share = [0, 1] as const;

export function YoloTrainingCurves({ metrics }: { readonly metrics: Metrics }) {
  const w = useWords(words);
  const epochs = metrics.epochs.filter(({ epoch }) => typeof epoch === 'number');
  const byEpoch = (name: string, key: string): Line => ({
    name,
    points: epochs.map(
      (row) => [row.epoch as number, typeof row[key] === 'number' ? row[key] : null] as const,
    ),
  });
  const marks = [{ x: metrics.best_epoch, label: w.best }];
  return (
    <div className="results-curves even">
      <section className="card">
        <h3>{w.loss}</h3>
        <LineChart title={w.loss} lines={[byEpoch(w.lossName, 'loss')]} xLabel={w.epoch} marks={marks} />
      </section>
      <section className="card">
        <h3>{w.byEpoch}</h3>
        <LineChart
          title={w.byEpoch}
          lines={[
            byEpoch('mAP50', 'map50'),
            byEpoch('mAP50-95', 'map50_95'),
            byEpoch(w.precision, 'precision'),
            byEpoch(w.recall, 'recall'),
          ]}
          xLabel={w.epoch}
          yRange={share}
          marks={marks}
        />
      </section>
    </div>
  );
}

/** @param threshold the least confidence to mark */
export function YoloCurves({ report, threshold }: { readonly report: Report; readonly threshold: number }) {
  const w = useWords(words);
  const { recalls, confidences, mean, classes } = report.curves;
  const byClass = (xs: readonly number[], ys: (curve: Curve) => readonly (number | null)[]): Line[] => {
    const lineOf = (name: string, curve: Curve | null | undefined, more: Partial<Line> = {}): Line[] =>
      curve == null ? [] : [{ name, points: xs.map((x, i) => [x, ys(curve)[i] ?? null] as const), ...more }];
    return [
      ...lineOf(w.mean, mean, { colour: 0 }),
      ...report.perClass
        .slice(0, mostClasses)
        .flatMap(({ name }, i) => lineOf(name, classes[i], { colour: i + 1, dashed: true })),
    ];
  };
  const pr = byClass(recalls, ({ precisionByRecall }) => precisionByRecall);
  const f1 = byClass(confidences, (curve) => curve.f1);
  return (
    <div className="results-curves even">
      {pr.length > 0 && (
        <section className="card">
          <h3>{w.pr}</h3>
          <LineChart
            title={w.prTitle}
            lines={pr}
            xLabel={w.recall}
            yLabel={w.precision}
            xRange={share}
            showsLast={false}
            yRange={share}
          />
        </section>
      )}
      {f1.length > 0 && (
        <section className="card">
          <h3>{w.f1}</h3>
          <LineChart
            title={w.f1Title}
            lines={f1}
            xLabel={w.confidence}
            yLabel="F1"
            xRange={share}
            showsLast={false}
            yRange={share}
            marks={[{ x: threshold, label: w.here }]}
          />
        </section>
      )}
    </div>
  );
}
