// The models that can judge a line, each one press away from its view.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { addresses } from '../../addresses.ts';
import { Ago } from '../../components/ago.tsx';
import { LinkButton } from '../../components/button.tsx';
import { Empty } from '../../components/empty.tsx';
import { Failure } from '../../components/failure.tsx';
import { Icon } from '../../components/icon.tsx';
import { Skeleton } from '../../components/loading.tsx';
import { api } from '../../server/client.ts';
import { useWords } from '../../text/language.tsx';
import { useMethodName } from '../../text/model-name.ts';
import { words } from './words.ts';

export function ChooseModel() {
  const w = useWords(words);
  const methodName = useMethodName();
  const models = useQuery({ queryKey: ['models'], queryFn: () => api.listModels() });
  const projects = useQuery({ queryKey: ['projects'], queryFn: () => api.listProjects() });
  const names = new Map(projects.data?.map(({ project_id, name }) => [project_id, name]));
  const usable = models.data?.filter(({ path }) => !path.startsWith('imports/'));
  return (
    <div className="stack">
      <div className="page-head">
        <div>
          <h1>{w.title}</h1>
          <p>{w.about}</p>
        </div>
      </div>
      {models.error !== null && <Failure error={models.error} onRetry={() => models.refetch()} />}
      {usable === undefined && models.error === null && <Skeleton lines={4} />}
      {usable?.length === 0 && (
        <Empty
          icon="operator"
          title={w.noModelsTitle}
          action={
            <LinkButton to={addresses.projects} look="primary">
              {w.toProjects}
            </LinkButton>
          }
        >
          {w.noModels}
        </Empty>
      )}
      {usable !== undefined && usable.length > 0 && (
        <>
          <h2>{w.choose}</h2>
          <ul className="grid op-models">
            {usable.map(({ model_id, project_id, scene_id, detector, created_at }) => (
              <li key={model_id}>
                <Link to={addresses.operatorOf(model_id)} className="card op-model">
                  <Icon name="operator" size={24} />
                  <span className="grow">
                    <strong className="cut">{names.get(project_id ?? '') ?? scene_id ?? project_id}</strong>
                    <span className="quiet cut">{methodName(detector)}</span>
                    <small className="quiet">
                      <Ago at={created_at} />
                    </small>
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
