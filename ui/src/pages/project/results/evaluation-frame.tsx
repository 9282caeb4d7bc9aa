// What evaluations of all models share: starting one, how far it is, the list of earlier ones, and the one that is looked at.
import { type ReactNode, useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Empty } from '../../../components/empty.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import type { ResultOf } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import { EvaluationChoice } from './evaluation-choice.tsx';
import { EvaluationNews } from './evaluation-news.tsx';
import { words } from './evaluation-words.ts';
import { useEvaluationStart } from './use-evaluation-start.ts';
import { useEvaluation, useEvaluations } from './use-evaluations.ts';

export type Evaluation = ResultOf<'getEvaluation'>;
type Task = Evaluation['task'];
type InList = ResultOf<'listEvaluations'>['items'][number];
type Of<Some extends { readonly task: Task }, T extends Task> = Extract<Some, { readonly task: T }>;

export function EvaluationFrame<T extends Task>({
  projectId,
  modelId,
  task,
  intro,
  countOf,
  emptyText,
  firstLook,
  toPictures,
  tooFew,
  report,
}: {
  readonly projectId: string;
  readonly modelId: string;
  /** Of the model. */
  readonly task: T;
  readonly intro: string;
  /** How many pictures, in words. */
  readonly countOf: (evaluation: Of<InList, T>) => string;
  /** What an evaluation does, while there is none. */
  readonly emptyText: ReactNode;
  /** Of the button that starts the first one. */
  readonly firstLook: 'primary' | 'plain';
  /** A button that leads to what is evaluated on. */
  readonly toPictures: ReactNode;
  /** Shown in place of the server's words when there are no pictures to evaluate on. */
  readonly tooFew?: ReactNode;
  readonly report: (evaluation: Of<Evaluation, T>) => ReactNode;
}) {
  const w = useWords(words);
  const list = useEvaluations(modelId);
  const [chosen, setChosen] = useState<string | null>(null);
  const newest = list.data?.items[0]?.evaluation_id ?? null;
  const whole = useEvaluation(chosen ?? newest);
  const started = useEvaluationStart(projectId, modelId, () => setChosen(null));
  const { start, open } = started;
  if (list.data === undefined)
    return list.error === null ? <Loading /> : <Failure error={list.error} onRetry={() => list.refetch()} />;
  const isOfTask = <Some extends { readonly task: Task }>(some: Some): some is Of<Some, T> =>
    some.task === task;
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
  const told = <EvaluationNews started={started} tooFew={tooFew} />;
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
                {startButton(w.evaluate, firstLook)}
                {toPictures}
              </>
            }
          >
            {emptyText}
          </Empty>
        )}
      </div>
    );
  return (
    <div className="stack">
      <div className="page-head">
        <div>
          <h2>{w.title}</h2>
          <p>{intro}</p>
        </div>
        <div className="row">
          <EvaluationChoice
            items={list.data.items
              .filter(isOfTask)
              .map((item) => ({ id: item.evaluation_id, at: item.created_at, of: countOf(item) }))}
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
        isOfTask(whole.data) && report(whole.data)
      )}
    </div>
  );
}
