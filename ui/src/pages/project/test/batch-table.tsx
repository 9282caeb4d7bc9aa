// The pictures of a test as rows to sort and choose from; only those in sight are drawn.
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Icon } from '../../../components/icon.tsx';
import { digitsFor, VerdictTag } from '../../../components/verdict.tsx';
import type { ModelDetail } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { useSaid } from '../../../text/said.ts';
import type { Entry } from './batch.ts';
import { verdictOf } from './result.ts';
import { words } from './words.ts';

type Column = 'picture' | 'verdict' | 'score' | 'places';
type Task = ModelDetail['task'];

const rowHeight = 44;
const severity = { ng: 0, objects: 0, nothing: 3, ok: 3 } as const;

/** What a column is sorted by; what is not tested yet comes last. */
const sortKeys: Readonly<Record<Column, (entry: Entry, task: Task) => string | number>> = {
  picture: ({ file }) => file.name.toLowerCase(),
  verdict: ({ item }, task) => {
    if (item === null) return 9;
    // What is sure stands at the ends.
    const doubt = item.is_uncertain ? (item.is_anomaly ? 1 : -1) : 0;
    return severity[verdictOf(item, task)] + doubt;
  },
  score: ({ item }) => (item === null ? Number.POSITIVE_INFINITY : -item.score),
  places: ({ item }) => (item === null ? Number.POSITIVE_INFINITY : -item.regions.length),
};

export function BatchTable({
  entries,
  task,
  chosen,
  onChoose,
  onAgain,
}: {
  readonly entries: readonly Entry[];
  readonly task: Task;
  readonly chosen: number | null;
  readonly onChoose: (id: number) => void;
  readonly onAgain: (id: number) => void;
}) {
  const w = useWords(words);
  const [sort, setSort] = useState<{ readonly by: Column; readonly isTurned: boolean } | null>(null);
  const rows = useMemo(() => sorted(entries, sort, task), [entries, sort, task]);
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  });
  const turn = (by: Column) =>
    setSort((now) =>
      now?.by !== by ? { by, isTurned: false } : now.isTurned ? null : { by, isTurned: true },
    );
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || rows.length === 0) return;
    event.preventDefault();
    const at = rows.findIndex(({ id }) => id === chosen);
    const next = Math.min(rows.length - 1, Math.max(0, at + step));
    onChoose(rows[next]!.id);
    virtual.scrollToIndex(next);
  };
  const columns: readonly { readonly name: Column; readonly label: string }[] = [
    { name: 'picture', label: w.picture },
    { name: 'verdict', label: w.verdict },
    { name: 'score', label: w.score },
    { name: 'places', label: task === 'detect' ? w.found : w.places },
  ];
  const drawn = virtual.getVirtualItems();
  const above = drawn[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (drawn.at(-1)?.end ?? 0);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrows go from row to row, whose buttons have the focus
    <div ref={scroll} className="test-table" onKeyDown={onKeyDown}>
      <table aria-rowcount={rows.length + 1} aria-label={w.results}>
        <thead>
          <tr>
            {columns.map(({ name, label }) => (
              <th
                key={name}
                scope="col"
                aria-sort={sort?.by === name ? (sort.isTurned ? 'descending' : 'ascending') : 'none'}
              >
                <button type="button" title={w.sortBy(label)} onClick={() => turn(name)}>
                  {label}
                  {sort?.by === name && <Icon name={sort.isTurned ? 'up' : 'down'} size={13} />}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Space height={above} />
          {drawn.map(({ index }) => (
            <Row
              key={rows[index]!.id}
              entry={rows[index]!}
              task={task}
              index={index}
              isChosen={rows[index]!.id === chosen}
              onChoose={onChoose}
              onAgain={onAgain}
            />
          ))}
          <Space height={below} />
        </tbody>
      </table>
    </div>
  );
}

/** The place of rows that are not drawn. */
function Space({ height }: { readonly height: number }) {
  if (height <= 0) return null;
  return (
    <tr>
      <td className="test-space" colSpan={4} style={{ height }} />
    </tr>
  );
}

function sorted(
  entries: readonly Entry[],
  sort: { readonly by: Column; readonly isTurned: boolean } | null,
  task: Task,
): readonly Entry[] {
  if (sort === null) return entries;
  const key = sortKeys[sort.by];
  const turned = sort.isTurned ? -1 : 1;
  return entries.toSorted((a, b) => {
    const [x, y] = [key(a, task), key(b, task)];
    return turned * (x < y ? -1 : x > y ? 1 : 0);
  });
}

function Row({
  entry,
  task,
  index,
  isChosen,
  onChoose,
  onAgain,
}: {
  readonly entry: Entry;
  readonly task: Task;
  readonly index: number;
  readonly isChosen: boolean;
  readonly onChoose: (id: number) => void;
  readonly onAgain: (id: number) => void;
}) {
  const w = useWords(words);
  const said = useSaid();
  const format = useFormat();
  const { id, file, state, item, why } = entry;
  const url = useObjectUrl(file);
  return (
    <tr className={isChosen ? 'test-row chosen' : 'test-row'} aria-rowindex={index + 2}>
      <td>
        <div className="test-cell">
          {url !== null && <img className="test-thumb" src={url} alt="" width="32" height="32" />}
          <button type="button" className="link cut" aria-pressed={isChosen} onClick={() => onChoose(id)}>
            {file.name}
          </button>
        </div>
      </td>
      <td>
        {item !== null ? (
          <VerdictTag verdict={verdictOf(item, task)} isUncertain={item.is_uncertain} />
        ) : state === 'failed' ? (
          <span className="test-failed" title={said(why)}>
            {w.failed}
          </span>
        ) : (
          <span className="quiet">{state === 'sending' ? `${w.sending}…` : w.waiting}</span>
        )}
      </td>
      <td className="number">
        {item !== null && format.decimal(item.score, digitsFor(item.threshold))}
        {state === 'failed' && (
          <Button small look="quiet" icon="retry" onClick={() => onAgain(id)}>
            {w.again}
          </Button>
        )}
      </td>
      <td className="number">{item !== null && format.count(item.regions.length)}</td>
    </tr>
  );
}

/** For as long as it is shown. */
function useObjectUrl(file: File): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url;
}
