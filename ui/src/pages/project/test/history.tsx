// What was tested before, newest first, with filters; one of them at large when it is chosen.
import { useInfiniteQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { Ago } from '../../../components/ago.tsx';
import { Button } from '../../../components/button.tsx';
import { Dialog } from '../../../components/dialog.tsx';
import { Empty } from '../../../components/empty.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Field } from '../../../components/field.tsx';
import { Icon } from '../../../components/icon.tsx';
import { Skeleton } from '../../../components/loading.tsx';
import { Badge } from '../../../components/notice.tsx';
import { digitsFor, VerdictTag } from '../../../components/verdict.tsx';
import { api, type ResultItem } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { shownOld } from './result.ts';
import { ResultView } from './result-view.tsx';
import { words } from './words.ts';

interface Filters {
  readonly search: string;
  readonly verdict: '' | 'good' | 'anomaly';
  readonly feedback: '' | 'false_alarm' | 'missed';
}

const pageSize = 50;
const exportOf = (projectId: string, format: 'csv' | 'json') =>
  `/projects/${encodeURIComponent(projectId)}/results/export?format=${format}`;

export function History({ projectId }: { readonly projectId: string }) {
  const w = useWords(words);
  const [filters, setFilters] = useState<Filters>({ search: '', verdict: '', feedback: '' });
  const [open, setOpen] = useState<ResultItem | null>(null);
  const asked = useDeferredValue(filters);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['results', projectId, asked],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: after }) =>
      api.listResults({ project_id: projectId, query: { limit: pageSize, ...given({ ...asked, after }) } }),
    getNextPageParam: ({ next }) => next,
  });
  const items = data?.pages.flatMap((page) => page.items);
  const isFiltered = Object.values(filters).some((value) => value !== '');
  return (
    <div className="stack">
      <div className="test-filters">
        <Field label={w.search}>
          <input
            type="search"
            value={filters.search}
            maxLength={200}
            onChange={({ target }) => setFilters((now) => ({ ...now, search: target.value }))}
          />
        </Field>
        <Field label={w.filterVerdict}>
          <select
            value={filters.verdict}
            onChange={({ target }) =>
              setFilters((now) => ({ ...now, verdict: target.value as Filters['verdict'] }))
            }
          >
            <option value="">{w.all}</option>
            <option value="anomaly">{w.ng}</option>
            <option value="good">{w.ok}</option>
          </select>
        </Field>
        <Field label={w.filterFeedback}>
          <select
            value={filters.feedback}
            onChange={({ target }) =>
              setFilters((now) => ({ ...now, feedback: target.value as Filters['feedback'] }))
            }
          >
            <option value="">{w.any}</option>
            <option value="false_alarm">{w.falseAlarm}</option>
            <option value="missed">{w.missed}</option>
          </select>
        </Field>
        <div className="row">
          {(['csv', 'json'] as const).map((format) => (
            <a key={format} className="button plain" href={exportOf(projectId, format)} download>
              <Icon name="download" />
              {format === 'csv' ? w.exportCsv : w.exportJson}
            </a>
          ))}
        </div>
      </div>
      {error !== null && <Failure error={error} onRetry={() => refetch()} />}
      {items === undefined && error === null && <Skeleton lines={6} />}
      {items?.length === 0 &&
        (isFiltered ? (
          <p className="quiet">{w.noMatch}</p>
        ) : (
          <Empty icon="clock" title={w.noHistoryTitle}>
            {w.noHistory}
          </Empty>
        ))}
      <ul className="test-history">
        {items?.map((item) => (
          <Past key={item.result_id} item={item} onOpen={() => setOpen(item)} />
        ))}
      </ul>
      {hasNextPage && (
        <Button busy={isFetchingNextPage} onClick={() => fetchNextPage()}>
          {w.more}
        </Button>
      )}
      {open !== null && (
        <Dialog title={w.result} onClose={() => setOpen(null)} wide>
          <ResultView projectId={projectId} modelId={open.model_id} result={shownOld(open)} details={open} />
        </Dialog>
      )}
    </div>
  );
}

function Past({ item, onOpen }: { readonly item: ResultItem; readonly onOpen: () => void }) {
  const w = useWords(words);
  const format = useFormat();
  const [isGone, setGone] = useState(false);
  const { verdict, isUncertain } = shownOld(item);
  return (
    <li>
      <button type="button" className="test-past" onClick={onOpen}>
        <span className="unseen">{w.open(item.filename)}</span>
        {isGone ? (
          <span className="test-gone">{w.expired}</span>
        ) : (
          <img src={item.overlay_url} alt="" loading="lazy" onError={() => setGone(true)} />
        )}
        <span className="test-past-words">
          <span className="row apart">
            <VerdictTag verdict={verdict} isUncertain={isUncertain} />
            <span className="quiet">{format.decimal(item.score, digitsFor(item.threshold))}</span>
          </span>
          <span className="cut" title={item.filename}>
            {item.filename}
          </span>
          <span className="row apart">
            <small className="quiet">
              <Ago at={item.at} />
            </small>
            {item.feedback !== null && (
              <Badge tone="warn">{item.feedback === 'missed' ? w.missed : w.falseAlarm}</Badge>
            )}
          </span>
        </span>
      </button>
    </li>
  );
}

/** Without what is empty: a route takes no empty filter. */
function given<Values extends object>(
  values: Values,
): { [Key in keyof Values]?: Exclude<Values[Key], '' | undefined> } {
  const filled = Object.entries(values).filter(([, value]) => value !== '' && value !== undefined);
  return Object.fromEntries(filled) as { [Key in keyof Values]?: Exclude<Values[Key], '' | undefined> };
}
