// How well a model judges marked pictures: start, progress, and the figures of each evaluation.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { addresses } from '../../../addresses.ts';
import { Button, LinkButton } from '../../../components/button.tsx';
import { Empty } from '../../../components/empty.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Notice } from '../../../components/notice.tsx';
import { ApiError, api, type ModelDetail, type ProjectInfo } from '../../../server/client.ts';
import { hasEnded, useJobs } from '../../../server/jobs.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { EvaluationProgress } from './evaluation-progress.tsx';
import { EvaluationReport } from './evaluation-report.tsx';
import { words } from './evaluation-words.ts';
import { useEvaluation, useEvaluations } from './use-evaluations.ts';

interface EvaluationViewProps {
  readonly project: ProjectInfo;
  readonly model: ModelDetail;
}

export function EvaluationView({ project, model }: EvaluationViewProps) {
  const w = useWords(words);
  const { project_id } = project;
  const { model_id } = model;
  const client = useQueryClient();
  const list = useEvaluations(model_id);
  const jobs = useJobs(project_id);
  const [chosen, setChosen] = useState<string | null>(null);
  const newest = list.data?.items[0]?.evaluation_id ?? null;
  const whole = useEvaluation(chosen ?? newest);
  const start = useMutation({
    mutationFn: () => api.evaluateModel({ model_id, body: {} }),
    onSuccess() {
      setChosen(null);
      return client.invalidateQueries({ queryKey: ['jobs', project_id] });
    },
  });
  if (list.data === undefined)
    return list.error === null ? <Loading /> : <Failure error={list.error} onRetry={() => list.refetch()} />;
  const open = jobs.data?.items.find(({ status }) => !hasEnded(status));
  const lastOne = jobs.data?.items.find(({ kind }) => kind === 'evaluate');
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
  const isTooFew = start.error instanceof ApiError && start.error.code === 'dataset.too_few_images';
  const told = (
    <>
      {open !== undefined &&
        (open.kind === 'evaluate' ? (
          <EvaluationProgress jobId={open.job_id} modelId={model_id} />
        ) : (
          <Notice tone="warn">{w.blocked}</Notice>
        ))}
      {isTooFew && (
        <Notice tone="warn" action={toMark}>
          <strong>{w.tooFew}</strong> {w.needsText}
        </Notice>
      )}
      {start.error !== null && !isTooFew && <Failure error={start.error} />}
      {open === undefined && lastOne?.status === 'failed' && (
        <Notice tone="ng">
          {w.failed} {lastOne.detail}
        </Notice>
      )}
    </>
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
          <Choice items={list.data.items} chosen={chosen ?? newest} onChoose={setChosen} />
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
        <EvaluationReport key={whole.data.evaluation_id} model={model} evaluation={whole.data} />
      )}
    </div>
  );
}

function Choice({
  items,
  chosen,
  onChoose,
}: {
  readonly items: NonNullable<ReturnType<typeof useEvaluations>['data']>['items'];
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
}) {
  const w = useWords(words);
  const format = useFormat();
  if (items.length < 2) return null;
  return (
    <select aria-label={w.earlier} value={chosen} onChange={({ target }) => onChoose(target.value)}>
      {items.map(({ evaluation_id, created_at, counts }) => (
        <option key={evaluation_id} value={evaluation_id}>
          {format.moment(created_at)} · {w.of(format.count(counts.ok), format.count(counts.ng))}
        </option>
      ))}
    </select>
  );
}
