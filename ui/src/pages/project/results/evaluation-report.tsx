// One evaluation: figures with their intervals, curves, confusion, and picture by picture.
import { addresses } from '../../../addresses.ts';
import { Ago } from '../../../components/ago.tsx';
import { LinkButton } from '../../../components/button.tsx';
import { LineChart } from '../../../components/line-chart.tsx';
import { Notice } from '../../../components/notice.tsx';
import { Who } from '../../../components/who.tsx';
import type { ModelDetail } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { Confusion } from './confusion.tsx';
import { EvaluationFigures } from './evaluation-figures.tsx';
import { words } from './evaluation-words.ts';
import { JudgedPictures } from './judged-pictures.tsx';
import type { Evaluation } from './scored.ts';
import { Suggestion } from './suggestion.tsx';

export function EvaluationReport({
  model,
  evaluation,
}: {
  readonly model: ModelDetail;
  readonly evaluation: Evaluation;
}) {
  const w = useWords(words);
  const format = useFormat();
  const { counts, figures, threshold, roc, precision_recall, good_side } = evaluation;
  const share = [0, 1] as const;
  const alarms = figures.false_alarm_rate.value;
  const found = figures.recall.value;
  const hasBoth = good_side !== 'none' && counts.ng > 0;
  const toHoldOut = model.project_id !== null && (
    <LinkButton icon="tag" to={addresses.project(model.project_id, 'pictures')}>
      {w.holdOut}
    </LinkButton>
  );
  return (
    <>
      <p className="quiet">
        {w.of(format.count(counts.ok), format.count(counts.ng))} · <Ago at={evaluation.created_at} /> ·{' '}
        <Who name={evaluation.by} />
        {counts.seen === null
          ? ` · ${w.seenUnknown}`
          : counts.seen > 0 && ` · ${w.seen(format.count(counts.seen))}`}
      </p>
      {threshold !== model.threshold && (
        <Notice tone="note">
          {w.otherThreshold(format.decimal(threshold), format.decimal(model.threshold))}
        </Notice>
      )}
      {counts.ok === 0 && (
        <Notice tone={good_side === 'left-out' ? 'note' : 'warn'} action={toHoldOut}>
          {good_side === 'left-out' ? w.leftOut(format.count(counts.left_out)) : w.noOk} {w.holdOutText}
        </Notice>
      )}
      {counts.ng === 0 && <Notice tone="warn">{w.noNg}</Notice>}
      {counts.untested > 0 && (
        <Notice tone="warn">
          {w.untested(format.count(counts.untested))}
          <ul>
            {evaluation.untested.slice(0, 10).map(({ filename, detail }) => (
              <li key={filename}>{detail}</li>
            ))}
          </ul>
        </Notice>
      )}
      {evaluation.refused_masks.length > 0 && (
        <Notice tone="warn">{w.refusedMasks(format.count(evaluation.refused_masks.length))}</Notice>
      )}
      <EvaluationFigures figures={figures} />
      <div className="results-curves">
        {roc.length > 0 && hasBoth && (
          <section className="card">
            <h3>{w.roc}</h3>
            <LineChart
              title={w.rocTitle}
              lines={[
                {
                  name: w.tpr,
                  points: roc.map((point) => [point.false_positive_rate, point.true_positive_rate] as const),
                },
              ]}
              xLabel={w.fpr}
              yLabel={w.tpr}
              xRange={share}
              showsLast={false}
              yRange={share}
              marks={alarms === null ? [] : [{ x: alarms, label: w.here }]}
            />
          </section>
        )}
        {precision_recall.length > 0 && hasBoth && (
          <section className="card">
            <h3>{w.pr}</h3>
            <LineChart
              title={w.prTitle}
              lines={[
                {
                  name: w.precision,
                  points: precision_recall
                    .map(({ recall, precision }) => [recall, precision] as const)
                    .sort(([a], [b]) => a - b),
                },
              ]}
              xLabel={w.tpr}
              yLabel={w.precision}
              xRange={share}
              showsLast={false}
              yRange={share}
              marks={found === null ? [] : [{ x: found, label: w.here }]}
            />
          </section>
        )}
        <section className="card">
          <h3>{w.confusion}</h3>
          <Confusion confusion={evaluation.confusion} isLeftOut={good_side === 'left-out'} />
        </section>
      </div>
      <Suggestion model={model} evaluation={evaluation} />
      <JudgedPictures model={model} evaluation={evaluation} />
    </>
  );
}
