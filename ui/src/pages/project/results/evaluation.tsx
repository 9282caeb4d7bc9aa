// How well a model judges marked pictures: start, progress, and the figures of each evaluation.
import { useState } from 'react';
import { addresses } from '../../../addresses.ts';
import { Button, LinkButton } from '../../../components/button.tsx';
import { Empty } from '../../../components/empty.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Notice } from '../../../components/notice.tsx';
import type { ModelDetail, ProjectInfo } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { EvaluationChoice } from './evaluation-choice.tsx';
import { EvaluationNews } from './evaluation-news.tsx';
import { EvaluationReport } from './evaluation-report.tsx';
import { words } from './evaluation-words.ts';
import { useEvaluationStart } from './use-evaluation-start.ts';
import { useEvaluation, useEvaluations } from './use-evaluations.ts';

interface EvaluationViewProps {
  readonly project: ProjectInfo;
  readonly model: ModelDetail;
}

export function EvaluationView({ project, model }: EvaluationViewProps) {
  const w = useWords(words);
  const { project_id } = project;
  const { model_id } = model;
  const format = useFormat();
  const list = useEvaluations(model_id);
  const [chosen, setChosen] = useState<string | null>(null);
  const newest = list.data?.items[0]?.evaluation_id ?? null;
  const whole = useEvaluation(chosen ?? newest);
  const started = useEvaluationStart(project_id, model_id, () => setChosen(null));
  const { start, open } = started;
  if (list.data === undefined)
    return list.error === null ? <Loading /> : <Failure error={list.error} onRetry={() => list.refetch()} />;
  const toMark = (
    <LinkButton icon="tag" to={addresses.project(project_id, 'pictures')}>
      {w.mark}
    </LinkButton>
  );
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
  const told = (
    <EvaluationNews
      started={started}
      tooFew={
        <Notice tone="warn" action={toMark}>
          <strong>{w.tooFew}</strong> {w.needsText}
        </Notice>
      }
    />
  );
  if (newest === null)
    return (
      <div className="stack">
        {told}
        {open?.kind !== 'evaluate' && (
          <Empty
            icon="chart"
            title={w.empty}
            action={
              <>
                {startButton(w.evaluate, project.num_ng > 0 ? 'primary' : 'plain')}
                {toMark}
              </>
            }
          >
            {w.emptyText} {w.needs}. {project.num_ng === 0 && w.needsText}
          </Empty>
        )}
      </div>
    );
  return (
    <div className="stack">
      <div className="page-head">
        <div>
          <h2>{w.title}</h2>
          <p>{w.intro}</p>
        </div>
        <div className="row">
          <EvaluationChoice
            items={list.data.items.flatMap((item) =>
              item.task === 'anomaly'
                ? [
                    {
                      id: item.evaluation_id,
                      at: item.created_at,
                      of: w.of(format.count(item.counts.ok), format.count(item.counts.ng)),
                    },
                  ]
                : [],
            )}
            chosen={chosen ?? newest}
            onChoose={setChosen}
          />
          {startButton(w.again, 'plain')}
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
        whole.data.task === 'anomaly' && (
          <EvaluationReport key={whole.data.evaluation_id} model={model} evaluation={whole.data} />
        )
      )}
    </div>
  );
}
