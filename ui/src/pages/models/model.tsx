// One model: where it comes from, how far to trust it, and everything one can do with it.
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Link, useParams } from 'wouter';
import { addresses } from '../../addresses.ts';
import { Ago } from '../../components/ago.tsx';
import { Button, LinkButton } from '../../components/button.tsx';
import { Failure } from '../../components/failure.tsx';
import { Loading } from '../../components/loading.tsx';
import { Badge } from '../../components/notice.tsx';
import { api } from '../../server/client.ts';
import { useWords } from '../../text/language.tsx';
import { useMethodName } from '../../text/model-name.ts';
import { DeleteModel } from './delete-model.tsx';
import { Facts } from './facts.tsx';
import { Files } from './files.tsx';
import { Golden } from './golden.tsx';
import { Licences } from './licences.tsx';
import './models.css';
import { Metrics } from './metrics.tsx';
import { Thresholds } from './thresholds.tsx';
import { UseIt } from './use-it.tsx';
import { words } from './words.ts';

// The engine is large: only who wants it loads it.
const TryHere = lazy(() => import('./try-here.tsx'));

export default function Model() {
  const { model: id = '' } = useParams<{ model: string }>();
  const w = useWords(words);
  const methodName = useMethodName();
  const [isTrying, setTrying] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const model = useQuery({ queryKey: ['model', id], queryFn: () => api.getModel({ model_id: id }) });
  const projectId = model.data?.project_id ?? null;
  const project = useQuery({
    queryKey: ['project', projectId],
    queryFn: () => api.getProject({ project_id: projectId! }),
    enabled: projectId !== null,
  });
  if (model.data === undefined)
    return model.error === null ? (
      <Loading />
    ) : (
      <Failure error={model.error} onRetry={() => model.refetch()} />
    );
  const { data } = model;
  const isUsable = !data.path.startsWith('imports/');
  const runsInBrowser = isUsable && !data.imported && data.files.some(({ name }) => name === 'model.onnx');
  return (
    <div className="stack">
      <div className="page-head">
        <div className="grow">
          <Link to={addresses.models} className="quiet">
            {w.back}
          </Link>
          <h1>{project.data?.name ?? data.scene_id ?? id}</h1>
          <p className="mono">{id}</p>
          <p className="row">
            <Badge>{isUsable ? methodName(data.detector) : w.base}</Badge>
            <Ago at={data.created_at} />
          </p>
        </div>
        <div className="row">
          {isUsable && projectId !== null && (
            <LinkButton
              to={`${addresses.project(projectId, 'test')}?model=${encodeURIComponent(id)}`}
              look="primary"
              icon="play"
            >
              {w.test}
            </LinkButton>
          )}
          {isUsable && (
            <LinkButton to={addresses.operatorOf(id)} icon="operator">
              {w.operator}
            </LinkButton>
          )}
          <Button look="danger" icon="trash" onClick={() => setDeleting(true)}>
            {w.remove}
          </Button>
        </div>
      </div>
      <div className="models-columns">
        <Facts model={data} />
        <div className="stack">
          {isUsable && <Thresholds model={data} />}
          {isUsable && <Metrics model={data} />}
          {isUsable && <Golden model={data} />}
        </div>
      </div>
      {isUsable && (
        <section className="card stack" aria-labelledby="try">
          <h2 id="try">{w.try}</h2>
          <p className="quiet">{runsInBrowser ? w.tryText : w.tryNotHere}</p>
          {runsInBrowser && !isTrying && (
            <div>
              <Button icon="play" onClick={() => setTrying(true)}>
                {w.tryStart}
              </Button>
            </div>
          )}
          {isTrying && (
            <Suspense fallback={<Loading />}>
              <TryHere modelId={id} />
            </Suspense>
          )}
        </section>
      )}
      <div className="models-columns">
        <Files model={data} />
        <Licences model={data} />
      </div>
      {isUsable && <UseIt model={data} />}
      {isDeleting && <DeleteModel id={id} onClose={() => setDeleting(false)} />}
    </div>
  );
}
