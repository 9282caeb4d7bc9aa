// Where a model comes from, how it was trained and on what.
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { addresses } from '../../addresses.ts';
import { Failure } from '../../components/failure.tsx';
import { ApiError, type ModelDetail } from '../../server/client.ts';
import { useFormat } from '../../text/format.ts';
import { useWords } from '../../text/language.tsx';
import { fileUrl } from './file-url.ts';
import { words } from './words.ts';

export function Facts({ model }: { readonly model: ModelDetail }) {
  const w = useWords(words);
  const format = useFormat();
  return (
    <section className="card stack">
      <div className="stack tight">
        <h2>{w.origin}</h2>
        <dl className="facts">
          {model.project_id !== null && (
            <Fact name={w.project}>
              <Link to={addresses.project(model.project_id, 'results')}>{model.project_id}</Link>
            </Fact>
          )}
          <Fact name={w.job}>{model.job_id !== null && <span className="mono">{model.job_id}</span>}</Fact>
          <Fact name={w.baseModel}>
            {model.base_model_id !== null && (
              <Link to={addresses.model(model.base_model_id)}>{model.base_model_id}</Link>
            )}
          </Fact>
          <Fact name={w.startedFrom}>{model.started_from}</Fact>
          <Fact name={w.imported}>{model.imported && '✓'}</Fact>
          <Fact name={w.note}>{model.note}</Fact>
          <Fact name={w.path}>
            <span className="mono">{model.path}</span>
          </Fact>
          <Fact name={w.size}>{format.bytes(model.bytes)}</Fact>
        </dl>
      </div>
      <div className="stack tight">
        <h2>{w.settings}</h2>
        <dl className="facts">
          <Fact name={w.imageSize}>{`${model.img_size} × ${model.img_size}`}</Fact>
          <Fact name={w.encoder}>{model.encoder}</Fact>
          <Fact name={w.variant}>{model.variant}</Fact>
          <Fact name={w.epochs}>{model.epochs_run > 0 && format.count(model.epochs_run)}</Fact>
          <Fact name={w.learningRate}>{model.lr > 0 && String(model.lr)}</Fact>
          <Fact name={w.classes}>{model.classes?.join(', ')}</Fact>
        </dl>
        <Config model={model} />
      </div>
      <div className="stack tight">
        <h2>{w.snapshot}</h2>
        {model.dataset_sha256 === null ? (
          <p className="quiet">{w.snapshotNone}</p>
        ) : (
          <dl className="facts">
            <Fact name={w.snapshotHash}>
              <span className="mono">{model.dataset_sha256}</span>
            </Fact>
          </dl>
        )}
      </div>
    </section>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  if (children === null || children === undefined || children === false || children === '') return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** All settings as they were written, for those who want them. */
function Config({ model }: { readonly model: ModelDetail }) {
  const w = useWords(words);
  const file = model.files.find(({ name }) => name === 'config.yaml');
  const { data, error } = useQuery({
    queryKey: ['model-file', model.model_id, 'config.yaml'],
    enabled: file !== undefined,
    queryFn: async () => {
      const answer = await fetch(fileUrl(model, 'config.yaml'));
      if (!answer.ok) throw new ApiError(answer.status, await answer.text(), null);
      return answer.text();
    },
  });
  if (file === undefined) return null;
  return (
    <details>
      <summary>{w.allSettings}</summary>
      {error !== null && <Failure error={error} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <pre className="models-code" tabIndex={0}>
        {data}
      </pre>
    </details>
  );
}
