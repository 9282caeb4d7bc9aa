// The pictures to label, with how far one is: only those in sight are drawn, however many there are.
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { Icon } from '../../../components/icon.tsx';
import { Progress } from '../../../components/loading.tsx';
import { Segments } from '../../../components/segments.tsx';
import type { ImageItem } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './words.ts';

export type Filter = 'all' | 'open' | 'done';

interface PictureStripProps {
  readonly items: readonly ImageItem[];
  /** Boxes of labelled pictures, by stored name. */
  readonly counts: ReadonlyMap<string, number>;
  readonly chosen: string;
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
  readonly onChoose: (filename: string) => void;
}

const rowHeight = 60;

export function PictureStrip({ items, counts, chosen, filter, onFilter, onChoose }: PictureStripProps) {
  const w = useWords(words);
  const scroller = useRef<HTMLDivElement>(null);
  const shown = items.filter(
    ({ filename }) => filter === 'all' || counts.has(filename) === (filter === 'done'),
  );
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
  });
  const at = shown.findIndex(({ filename }) => filename === chosen);
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at, { align: 'auto' });
  }, [at, rows]);
  return (
    <section className="stack tight" aria-labelledby="label-pictures">
      <div className="row apart">
        <h2 id="label-pictures">{w.pictures}</h2>
        <small className="quiet">{w.labelled(counts.size, items.length)}</small>
      </div>
      <Progress share={counts.size / items.length} label={w.labelled(counts.size, items.length)} />
      <Segments
        label={w.show}
        value={filter}
        onChange={onFilter}
        options={(['all', 'open', 'done'] as const).map((value) => ({ value, label: w.filters[value] }))}
      />
      {shown.length === 0 && <p className="quiet">{w.noneLeft}</p>}
      <div className="label-strip" ref={scroller}>
        <ul style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => {
            const { filename, display_name, thumbnail_url } = shown[index]!;
            const boxes = counts.get(filename);
            return (
              <li key={filename} style={{ transform: `translateY(${start}px)` }}>
                <button
                  type="button"
                  aria-current={filename === chosen ? 'true' : undefined}
                  onClick={() => onChoose(filename)}
                >
                  <img src={thumbnail_url} alt="" loading="lazy" width="48" height="48" />
                  <span className="grow">
                    <span className="cut label-name">{display_name}</span>
                    <small className="quiet">{boxes === undefined ? w.filters.open : w.boxes(boxes)}</small>
                  </span>
                  {boxes !== undefined && <Icon name="check" />}
                </button>
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}
