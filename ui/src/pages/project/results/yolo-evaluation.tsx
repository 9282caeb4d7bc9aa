// How well an object detector does on a split of the dataset: start, progress, and the figures of each evaluation.
import { useState } from 'react';
import { addresses } from '../../../addresses.ts';
import { Ago } from '../../../components/ago.tsx';
import { Button, LinkButton } from '../../../components/button.tsx';
import { Empty } from '../../../components/empty.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Notice } from '../../../components/notice.tsx';
import { Who } from '../../../components/who.tsx';
import type { ModelDetail, ProjectInfo, ResultOf } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { EvaluationChoice } from './evaluation-choice.tsx';
import { EvaluationNews } from './evaluation-news.tsx';
import { words as evaluationWords } from './evaluation-words.ts';
import { useEvaluationStart } from './use-evaluation-start.ts';
import { useEvaluation, useEvaluations } from './use-evaluations.ts';
import { YoloClasses } from './yolo-classes.tsx';
import { YoloConfusion } from './yolo-confusion.tsx';
import { YoloCurves } from './yolo-curves.tsx';
import { YoloJudged } from './yolo-judged.tsx';
import { YoloFigures } from './yolo-summary.tsx';
import { words } from './yolo-words.ts';

export type ObjectsEvaluation = Extract<ResultOf<'getEvaluation'>, { readonly task: 'detect' }>;

export function YoloEvaluationView({
  project,
  model,
}: {
  readonly project: ProjectInfo;
  readonly model: ModelDetail;
}) {
  const w = useWords(words).evaluation;
  const ew = useWords(evaluationWords);
  const format = useFormat();
  const { project_id } = project;
  const { model_id } = model;
  const list = useEvaluations(model_id);
  const [chosen, setChosen] = useState<string | null>(null);
  const newest = list.data?.items[0]?.evaluation_id ?? null;
  const whole = useEvaluation(chosen ?? newest);
  const started = useEvaluationStart(project_id, model_id, () => setChosen(null));
  const { start, open } = started;
  if (list.data === undefined)
    return list.error === null ? <Loading /> : <Failure error={list.error} onRetry={() => list.refetch()} />;
  const startButton = (text: string, look: 'primary' | 'plain') => (
    <Button
      look={look}
      icon="play"
      busy={start.isPending}
      disabled={open !== undefined}
      onClick={() => start.mutate()}
    >
      {text}
    </Button>
  );
  const told = <EvaluationNews started={started} />;
  if (newest === null)
    return (
      <div className="stack">
        {told}
        {open?.kind !== 'evaluate' && (
          <Empty
            icon="chart"
            title={ew.empty}
            action={
              <>
                {startButton(ew.evaluate, 'primary')}
                <LinkButton icon="tag" to={addresses.project(project_id, 'dataset')}>
                  {w.dataset}
                </LinkButton>
              </>
            }
          >
            {w.emptyText}
          </Empty>
        )}
      </div>
    );
  return (
    <div className="stack">
      <div className="page-head">
        <div>
          <h2>{ew.title}</h2>
          <p>{w.intro}</p>
        </div>
        <div className="row">
          <EvaluationChoice
            items={list.data.items.flatMap((item) =>
              item.task === 'detect'
                ? [
                    {
                      id: item.evaluation_id,
                      at: item.created_at,
                      of: w.of(format.count(item.counts.pictures), format.count(item.counts.boxes)),
                    },
                  ]
                : [],
            )}
            chosen={chosen ?? newest}
            onChoose={setChosen}
          />
          {startButton(ew.again, 'plain')}
        </div>
      </div>
      {told}
      {whole.data === undefined ? (
        whole.error === null ? (
          <Loading />
        ) : (
          <Failure error={whole.error} onRetry={() => whole.refetch()} />
        )
      ) : (
        whole.data.task === 'detect' && (
          <ObjectsReport key={whole.data.evaluation_id} evaluation={whole.data} model={model} />
        )
      )}
    </div>
  );
}

function ObjectsReport({
  evaluation,
  model,
}: {
  readonly evaluation: ObjectsEvaluation;
  readonly model: ModelDetail;
}) {
  const all = useWords(words);
  const w = all.evaluation;
  const ew = useWords(evaluationWords);
  const format = useFormat();
  const { counts, split, conf, iou, report, untested } = evaluation;
  const last = model.thresholds.at(-1);
  return (
    <>
      <p className="quiet">
        {w.of(format.count(counts.pictures), format.count(counts.boxes))} · {split} ·{' '}
        {w.at(format.decimal(conf, 2), format.decimal(iou, 2))} · <Ago at={evaluation.created_at} /> ·{' '}
        <Who name={evaluation.by} />
      </p>
      {evaluation.chose_best_epoch && <p className="quiet">{w.choseEpoch}</p>}
      {split === 'train' && <Notice tone="warn">{w.ofTrain}</Notice>}
      {counts.seen === null && <Notice tone="warn">{ew.seenUnknown}</Notice>}
      {split === 'val' && counts.seen !== null && counts.seen > 0 && (
        <Notice tone="note">{w.seen(format.count(counts.seen))}</Notice>
      )}
      {last !== undefined && (last.value !== conf || last.iou !== iou) && (
        <Notice tone="note">
          {w.otherThresholds(format.decimal(last.value, 2), format.decimal(last.iou ?? 0, 2))}
        </Notice>
      )}
      {untested.length > 0 && (
        <Notice tone="warn">
          {ew.untested(format.count(untested.length))}
          <ul>
            {untested.slice(0, 10).map(({ filename, detail }) => (
              <li key={filename}>{detail}</li>
            ))}
          </ul>
        </Notice>
      )}
      <YoloFigures report={report} />
      {report.classesWithoutTruth.length > 0 && (
        <Notice tone="warn">{all.classesWithout(report.classesWithoutTruth.join(', '))}</Notice>
      )}
      <YoloCurves report={report} threshold={conf} />
      <div className="results-curves wide">
        <YoloClasses report={report} />
        <YoloConfusion report={report} />
      </div>
      <YoloJudged pictures={evaluation.pictures} total={counts.pictures} />
    </>
  );
}
