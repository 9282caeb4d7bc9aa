// Tests that people call false alarms: the model can learn that such parts are good.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { Button } from '../../../components/button.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Check } from '../../../components/field.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Notice } from '../../../components/notice.tsx';
import { api, type ModelDetail, type ResultItem } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { jobAddress } from '../train/use-start.ts';
import { words } from './drift-words.ts';
import { Thumb } from './thumb.tsx';

/** As many as one update takes; the newest matter. */
const mostAsked = 200;

export function UpdatePanel({ model }: { readonly model: ModelDetail & { readonly project_id: string } }) {
  const w = useWords(words).update;
  const { project_id, model_id, updated_from } = model;
  const alarms = useQuery({
    queryKey: ['results', project_id, 'false_alarm'],
    queryFn: () => api.listResults({ project_id, query: { feedback: 'false_alarm', limit: mostAsked } }),
  });
  if (alarms.data === undefined)
    return alarms.error === null ? (
      <Loading />
    ) : (
      <Failure error={alarms.error} onRetry={() => alarms.refetch()} />
    );
  const own = alarms.data.items.filter((result) => result.model_id === model_id);
  return (
    <section className="card stack" aria-labelledby="update-title">
      <h2 id="update-title">{w.title}</h2>
      {updated_from !== null && (
        <Notice>
          {w.from} <span className="mono">{updated_from.model_id}</span> ·{' '}
          {w.added(updated_from.images.length)}
        </Notice>
      )}
      {own.length === 0 ? <p className="quiet">{w.none}</p> : <Chosen model={model} results={own} />}
    </section>
  );
}

function Chosen({
  model: { project_id, model_id, detector },
  results,
}: {
  readonly model: ModelDetail & { readonly project_id: string };
  readonly results: readonly ResultItem[];
}) {
  const w = useWords(words).update;
  const format = useFormat();
  const client = useQueryClient();
  const [, go] = useLocation();
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const chosen = results.filter(({ result_id }) => !left.has(result_id));
  const update = useMutation({
    mutationFn: () =>
      api.updateModel({ model_id, body: { results: chosen.map(({ result_id }) => result_id) } }),
    onSuccess({ job_id }) {
      void client.invalidateQueries({ queryKey: ['jobs'] });
      go(jobAddress(project_id, job_id));
    },
  });
  const turn = (id: string, on: boolean) =>
    setLeft((now) => {
      const next = new Set(now);
      if (on) next.delete(id);
      else next.add(id);
      return next;
    });
  return (
    <>
      <p>{detector === 'autoencoder' ? w.textOfNet : w.text}</p>
      <ul className="results-strip">
        {results.map(({ result_id, filename, image_url, score }) => (
          <li key={result_id}>
            <Thumb url={image_url} name="" />
            <Check
              label={
                <>
                  <span className="unseen">{w.choose(filename)}</span>
                  <span className="results-long" aria-hidden="true">
                    {filename}
                  </span>{' '}
                  <span className="quiet">{format.decimal(score, 2)}</span>
                </>
              }
              checked={!left.has(result_id)}
              onChange={(on) => turn(result_id, on)}
            />
          </li>
        ))}
      </ul>
      {update.error !== null && <Failure error={update.error} />}
      <div>
        <Button
          look="primary"
          icon="retry"
          busy={update.isPending}
          disabled={chosen.length === 0}
          onClick={() => update.mutate()}
        >
          {w.run(chosen.length)}
        </Button>
      </div>
    </>
  );
}
