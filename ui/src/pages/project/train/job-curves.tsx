// The curves of a training: loss, learning rate, and the figures of object detectors.
import { type Line, LineChart } from '../../../components/line-chart.tsx';
import type { JobStory } from '../../../server/jobs.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './job-words.ts';

type Epoch = JobStory['epochs'][number];

/** Names of the figures, as people know them. */
const figures = { map50: 'mAP50', map50_95: 'mAP50-95', precision: 'precision', recall: 'recall' };
const parts = { box: 'box', cls: 'class', dfl: 'dfl' };

/** The training that people watch: the first phase. Those for the threshold are short and many. */
export function mainEpochs(epochs: readonly Epoch[]): readonly Epoch[] {
  return epochs.filter(({ phase }) => phase === epochs[0]!.phase);
}

export function JobCurves({ epochs: all }: { readonly epochs: readonly Epoch[] }) {
  const w = useWords(words);
  if (all.length === 0) return null;
  const epochs = mainEpochs(all);
  const best = epochs.findLast((epoch) => epoch.best);
  const lineOf = (name: string, value: (epoch: Epoch) => number | undefined): Line => ({
    name,
    points: epochs.map((epoch) => [epoch.epoch, value(epoch) ?? null] as const),
  });
  const named = (names: Readonly<Record<string, string>>) =>
    Object.entries(names)
      .filter(([key]) => epochs.some(({ metrics }) => metrics?.[key] !== undefined))
      .map(([key, name]) => lineOf(name, ({ metrics }) => metrics?.[key]));
  const xRange = [1, Math.max(2, epochs[0]!.epochs)] as const;
  const [figureLines, partLines] = [named(figures), named(parts)];
  return (
    <>
      <section className="card">
        <h3>{w.loss}</h3>
        <LineChart
          title={w.lossTitle}
          lines={[
            lineOf(w.trainingLoss, ({ loss }) => loss),
            // Of object detectors it is no loss: their figures say it better.
            ...(figureLines.length > 0
              ? []
              : [lineOf(w.validationLoss, ({ validation_loss }) => validation_loss)]),
          ]}
          xLabel={w.epochs}
          xRange={xRange}
          marks={best === undefined ? [] : [{ x: best.epoch, label: w.best }]}
        />
      </section>
      {figureLines.length > 0 && (
        <section className="card">
          <h3>{w.figures}</h3>
          <LineChart
            title={w.figures}
            lines={figureLines}
            xLabel={w.epochs}
            xRange={xRange}
            yRange={[0, 1]}
          />
        </section>
      )}
      {partLines.length > 0 && (
        <section className="card">
          <h3>{w.parts}</h3>
          <LineChart title={w.parts} lines={partLines} xLabel={w.epochs} xRange={xRange} height={170} />
        </section>
      )}
      <section className="card">
        <h3>{w.rate}</h3>
        <LineChart
          title={w.rate}
          lines={[lineOf(w.rate, ({ learning_rate }) => learning_rate)]}
          xLabel={w.epochs}
          xRange={xRange}
          height={170}
        />
      </section>
    </>
  );
}
