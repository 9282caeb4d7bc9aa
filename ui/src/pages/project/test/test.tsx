// Tests of new pictures: drop them, see the verdict and why, tell the model where it is wrong.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { addresses } from '../../../addresses.ts';
import { LinkButton } from '../../../components/button.tsx';
import { Empty } from '../../../components/empty.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Field } from '../../../components/field.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Segments } from '../../../components/segments.tsx';
import { api } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import { useModelName } from '../../../text/model-name.ts';
import type { PartProps } from '../project.tsx';
import { History } from './history.tsx';
import { TestNow } from './test-now.tsx';
import './test.css';
import { words } from './words.ts';

export default function Test({ project }: PartProps) {
  const w = useWords(words);
  const modelName = useModelName();
  const { project_id: projectId } = project;
  const [view, setView] = useState<'now' | 'history'>('now');
  const asked = new URLSearchParams(window.location.search).get('model');
  const [chosen, setChosen] = useState<string | null>(asked);
  const { data, error, refetch } = useQuery({
    queryKey: ['models', projectId],
    queryFn: () => api.listModels({ query: { project_id: projectId } }),
  });
  if (data === undefined)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => refetch()} />;
  // Base models are to train from.
  const models = data.filter(({ path }) => !path.startsWith('imports/'));
  const model = models.find(({ model_id }) => model_id === chosen) ?? models[0];
  if (model === undefined)
    return (
      <Empty
        icon="models"
        title={w.noModelTitle}
        action={
          <LinkButton to={addresses.project(projectId, 'train')} look="primary">
            {w.toTrain}
          </LinkButton>
        }
      >
        {w.noModel}
      </Empty>
    );
  return (
    <div className="stack">
      <div className="test-top">
        <Segments
          label={w.view}
          value={view}
          onChange={setView}
          options={[
            { value: 'now', label: w.now },
            { value: 'history', label: w.history },
          ]}
        />
        {view === 'now' && (
          <Field label={w.model}>
            <select value={model.model_id} onChange={({ target }) => setChosen(target.value)}>
              {models.map((each, i) => (
                <option key={each.model_id} value={each.model_id}>
                  {modelName(each)}
                  {i === 0 ? ` · ${w.newest}` : ''}
                </option>
              ))}
            </select>
          </Field>
        )}
      </div>
      {/* Kept while the history is looked at, so that a batch goes on. */}
      <div hidden={view !== 'now'}>
        <TestNow projectId={projectId} model={model} />
      </div>
      {view === 'history' && <History projectId={projectId} />}
    </div>
  );
}
