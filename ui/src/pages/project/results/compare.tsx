// Models side by side: which to hold against each other, their figures, and where they differ.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { addresses } from '../../../addresses.ts';
import { Button, LinkButton } from '../../../components/button.tsx';
import { Empty } from '../../../components/empty.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Check } from '../../../components/field.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Notice } from '../../../components/notice.tsx';
import { ApiError, api, type ModelInfo, type ProjectInfo } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { useModelName } from '../../../text/model-name.ts';
import { useSaid } from '../../../text/said.ts';
import { words } from './compare-words.ts';
import { ComparedPictures } from './compared-pictures.tsx';
import { ComparisonTable } from './comparison-table.tsx';
import { useEvaluateAll } from './use-evaluate-all.ts';

const most = 4;
/** What an evaluation of all on one set mends. */
const mendable = ['evaluation.not_found', 'evaluation.different_sets'];

export function CompareView({
  project: { project_id },
  model,
  models,
}: {
  readonly project: ProjectInfo;
  readonly model: ModelInfo;
  /** All of the project that can be tested with, newest first. */
  readonly models: readonly ModelInfo[];
}) {
  const w = useWords(words);
  const nameOf = useModelName();
  const other = models.find(({ model_id }) => model_id !== model.model_id);
  const [chosen, setChosen] = useState<readonly string[]>(
    other === undefined ? [] : [model.model_id, other.model_id],
  );
  if (other === undefined)
    return (
      <Empty
        icon="models"
        title={w.one}
        action={
          <LinkButton icon="play" look="primary" to={addresses.project(project_id, 'train')}>
            {w.train}
          </LinkButton>
        }
      >
        {w.oneText}
      </Empty>
    );
  const turn = (id: string, on: boolean) =>
    setChosen((now) => (on ? [...now, id] : now.filter((each) => each !== id)));
  return (
    <div className="stack">
      <div className="page-head">
        <div>
          <h2>{w.title}</h2>
          <p>{w.intro}</p>
        </div>
      </div>
      <fieldset className="card stack tight results-choice">
        <legend className="unseen">{w.choose}</legend>
        {models.map((each) => (
          <Check
            key={each.model_id}
            label={nameOf(each)}
            checked={chosen.includes(each.model_id)}
            disabled={chosen.length >= most && !chosen.includes(each.model_id)}
            onChange={(on) => turn(each.model_id, on)}
          />
        ))}
      </fieldset>
      {chosen.length < 2 ? (
        <Notice>{w.pick}</Notice>
      ) : (
        <Compared
          projectId={project_id}
          models={chosen.flatMap((id) => models.find(({ model_id }) => model_id === id) ?? [])}
        />
      )}
    </div>
  );
}

function Compared({
  projectId,
  models,
}: {
  readonly projectId: string;
  readonly models: readonly ModelInfo[];
}) {
  const w = useWords(words);
  const format = useFormat();
  const nameOf = useModelName();
  const said = useSaid();
  const ids = models.map(({ model_id }) => model_id);
  const all = useEvaluateAll();
  const comparison = useQuery({
    queryKey: ['comparison', projectId, ...ids],
    queryFn: () => api.compareModels({ project_id: projectId, query: { models: ids.join(',') } }),
  });
  const { error, data } = comparison;
  const failed =
    all.error === null ? undefined : models.find(({ model_id }) => model_id === all.error?.modelId);
  const canMend = error instanceof ApiError && mendable.includes(error.code);
  return (
    <>
      {failed !== undefined && <Notice tone="ng">{w.failed(nameOf(failed), said(all.error!.why))}</Notice>}
      {all.at !== null && (
        <Notice>
          <strong>{w.evaluating(format.count(all.at), format.count(ids.length))}</strong> {w.keepOpen}
        </Notice>
      )}
      {all.at === null && canMend && (
        <Notice
          action={
            <Button look="primary" icon="play" onClick={() => all.run(ids)}>
              {w.evaluateAll}
            </Button>
          }
        >
          {w.needs}
        </Notice>
      )}
      {error !== null && !canMend && <Failure error={error} onRetry={() => comparison.refetch()} />}
      {comparison.isPending && <Loading />}
      {data !== undefined && error === null && (
        <>
          <ComparisonTable comparison={data} models={models} />
          <ComparedPictures comparison={data} models={models} />
        </>
      )}
    </>
  );
}
