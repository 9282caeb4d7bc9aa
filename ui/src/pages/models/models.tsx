// All models, with filters.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { addresses } from '../../addresses.ts';
import { Ago } from '../../components/ago.tsx';
import { LinkButton } from '../../components/button.tsx';
import { Empty } from '../../components/empty.tsx';
import { Failure } from '../../components/failure.tsx';
import { Field } from '../../components/field.tsx';
import { Skeleton } from '../../components/loading.tsx';
import { Badge } from '../../components/notice.tsx';
import { digitsFor } from '../../components/verdict.tsx';
import { api, type ModelInfo } from '../../server/client.ts';
import { useFormat } from '../../text/format.ts';
import { useWords } from '../../text/language.tsx';
import { useMethodName } from '../../text/model-name.ts';
import './models.css';
import { words } from './words.ts';

interface Filters {
  readonly text: string;
  readonly project: string;
  readonly kind: string;
}

export default function Models() {
  const w = useWords(words);
  const format = useFormat();
  const methodName = useMethodName();
  const [filters, setFilters] = useState<Filters>({ text: '', project: '', kind: '' });
  const models = useQuery({ queryKey: ['models'], queryFn: () => api.listModels() });
  const projects = useQuery({ queryKey: ['projects'], queryFn: () => api.listProjects() });
  const names = new Map(projects.data?.map(({ project_id, name }) => [project_id, name]));
  const nameOf = (model: ModelInfo) =>
    names.get(model.project_id ?? '') ?? model.scene_id ?? model.project_id ?? '';
  const all = models.data ?? [];
  const shown = all.filter((model) => fits(model, nameOf(model), filters));
  const owners = new Map(all.map((model) => [ownerOf(model), nameOf(model)]));
  const kinds = [...new Set(all.map(({ detector }) => detector))].sort();
  const set = (to: Partial<Filters>) => setFilters((now) => ({ ...now, ...to }));
  return (
    <div className="stack">
      <div className="page-head">
        <div>
          <h1>{w.title}</h1>
          <p>{w.about}</p>
        </div>
      </div>
      {models.error !== null && <Failure error={models.error} onRetry={() => models.refetch()} />}
      {models.data === undefined && models.error === null && <Skeleton lines={6} />}
      {models.data?.length === 0 && (
        <Empty
          icon="models"
          title={w.emptyTitle}
          action={
            <LinkButton to={addresses.projects} look="primary">
              {w.toProjects}
            </LinkButton>
          }
        >
          {w.empty}
        </Empty>
      )}
      {all.length > 0 && (
        <>
          <search className="models-filters">
            <Field label={w.search}>
              <input
                type="search"
                placeholder={w.searchHint}
                value={filters.text}
                onChange={({ target }) => set({ text: target.value })}
              />
            </Field>
            <Field label={w.project}>
              <select value={filters.project} onChange={({ target }) => set({ project: target.value })}>
                <option value="">{w.all}</option>
                {[...owners].map(([id, name]) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
            </Field>
            <Field label={w.kind}>
              <select value={filters.kind} onChange={({ target }) => set({ kind: target.value })}>
                <option value="">{w.all}</option>
                {kinds.map((kind) => (
                  <option key={kind} value={kind}>
                    {methodName(kind)}
                  </option>
                ))}
              </select>
            </Field>
            <p className="quiet models-count" role="status">
              {w.count(format.count(shown.length))}
            </p>
          </search>
          {shown.length === 0 && <p className="quiet">{w.noMatch}</p>}
          {shown.length > 0 && (
            <div className="card models-table">
              <table>
                <thead>
                  <tr>
                    <th scope="col">{w.model}</th>
                    <th scope="col">{w.kind}</th>
                    <th scope="col" className="number">
                      {w.threshold}
                    </th>
                    <th scope="col" className="number">
                      {w.size}
                    </th>
                    <th scope="col">{w.created}</th>
                  </tr>
                </thead>
                <tbody>
                  {shown.map((model) => (
                    <tr key={model.model_id}>
                      <td>
                        <Link to={addresses.model(model.model_id)} className="models-name">
                          <strong>{nameOf(model)}</strong>
                          <span className="mono quiet">{model.model_id}</span>
                        </Link>
                        {model.note !== null && <p className="quiet models-note">{model.note}</p>}
                      </td>
                      <td data-name={w.kind}>
                        {model.path.startsWith('imports/') ? (
                          <Badge tone="plain">{w.base}</Badge>
                        ) : (
                          methodName(model.detector)
                        )}
                      </td>
                      <td className="number" data-name={w.threshold}>
                        {model.threshold > 0
                          ? format.decimal(model.threshold, digitsFor(model.threshold))
                          : '–'}
                      </td>
                      <td className="number" data-name={w.size}>
                        {format.bytes(model.bytes)}
                      </td>
                      <td data-name={w.created}>
                        <Ago at={model.created_at} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </>
      )}
    </div>
  );
}

const ownerOf = ({ project_id, scene_id }: ModelInfo) => project_id ?? `scene ${scene_id}`;

function fits(model: ModelInfo, name: string, { text, project, kind }: Filters): boolean {
  if (project !== '' && ownerOf(model) !== project) return false;
  if (kind !== '' && model.detector !== kind) return false;
  const wanted = text.trim().toLowerCase();
  return [model.model_id, name, model.note ?? ''].some((found) => found.toLowerCase().includes(wanted));
}
