// What the server allows, by its settings.
import { useQuery } from '@tanstack/react-query';
import { Failure } from '../../components/failure.tsx';
import { Skeleton } from '../../components/loading.tsx';
import { api } from '../../server/client.ts';
import { useFormat } from '../../text/format.ts';
import { useWords } from '../../text/language.tsx';
import { words } from './words.ts';

export function LimitTable() {
  const w = useWords(words);
  const format = useFormat();
  const { data, error, refetch } = useQuery({ queryKey: ['limits'], queryFn: () => api.limits() });
  const n = w.limitNames;
  const rows =
    data === undefined
      ? []
      : ([
          [n.files, format.count(data.uploads.max_files)],
          [n.fileSize, format.bytes(data.uploads.max_file_bytes)],
          [n.totalSize, format.bytes(data.uploads.max_total_bytes)],
          [n.megapixels, format.count(data.uploads.max_megapixels)],
          [n.zip, format.bytes(data.datasets.max_zip_bytes)],
          [n.imageSize, `${data.training.min_img_size}–${data.training.max_img_size} px`],
          [n.epochs, format.count(data.training.max_epochs)],
          [n.workers, format.count(data.jobs.max_workers)],
          [n.queued, format.count(data.jobs.max_queued)],
          [n.hours, format.count(data.jobs.max_hours)],
          [n.uploads, format.count(data.rate_limits.uploads_per_minute)],
          [n.deletes, format.count(data.rate_limits.deletes_per_minute)],
        ] as const);
  return (
    <section className="card stack" aria-labelledby="limits">
      <div>
        <h2 id="limits">{w.limits}</h2>
        <p className="hint">{w.limitsHint}</p>
      </div>
      {error !== null && <Failure error={error} onRetry={() => refetch()} />}
      {data === undefined && error === null && <Skeleton lines={6} />}
      <dl className="facts">
        {rows.map(([name, value]) => (
          <div key={name} className="system-limit">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
