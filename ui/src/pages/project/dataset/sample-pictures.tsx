// The pictures of the dataset with their boxes drawn over them.
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Segments } from '../../../components/segments.tsx';
import { api } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './words.ts';

interface SamplePicturesProps {
  readonly projectId: string;
  readonly version: string | null;
  readonly classes: readonly string[];
}

const pageSize = 24;

export function SamplePictures({ projectId, version, classes }: SamplePicturesProps) {
  const w = useWords(words);
  const format = useFormat();
  const [split, setSplit] = useState<'all' | 'train' | 'val'>('all');
  const [label, setLabel] = useState('');
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['dataset', projectId, 'pictures', version, split, label],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      api.listYoloPictures({
        project_id: projectId,
        query: {
          limit: pageSize,
          ...(split !== 'all' && { split }),
          ...(label !== '' && { class: label }),
          ...(pageParam !== undefined && { after: pageParam }),
        },
      }),
    getNextPageParam: ({ next }) => next,
  });
  const pictures = data?.pages.flatMap(({ items }) => items) ?? [];
  const total = data?.pages[0]?.total ?? 0;
  return (
    <section className="stack dataset-page" aria-labelledby="dataset-pictures">
      <div className="row apart">
        <h2 id="dataset-pictures">{w.samples}</h2>
        <div className="row">
          <small className="quiet">{w.shown(format.count(pictures.length), format.count(total))}</small>
          <select
            className="dataset-choice"
            aria-label={w.class}
            value={label}
            onChange={(event) => setLabel(event.target.value)}
          >
            <option value="">{w.allClasses}</option>
            {classes.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
          <Segments
            label={w.split}
            value={split}
            onChange={setSplit}
            options={(['all', 'train', 'val'] as const).map((value) => ({ value, label: w.splits[value] }))}
          />
        </div>
      </div>
      {error !== null && <Failure error={error} onRetry={() => refetch()} />}
      {data === undefined && error === null && <Loading />}
      {data !== undefined && pictures.length === 0 && <p className="quiet">{w.noSamples}</p>}
      <ul className="dataset-pictures">
        {pictures.map((picture) => (
          <li key={picture.file}>
            <svg
              viewBox={`0 0 ${picture.width} ${picture.height}`}
              role="img"
              aria-label={`${picture.name}: ${picture.boxes.map((box) => box.label).join(', ')}`}
            >
              <image href={picture.url} width={picture.width} height={picture.height} />
              {picture.boxes.map((box, i) => (
                <rect
                  // biome-ignore lint/suspicious/noArrayIndexKey: boxes of a stored dataset never change places
                  key={i}
                  x={box.x * picture.width}
                  y={box.y * picture.height}
                  width={box.width * picture.width}
                  height={box.height * picture.height}
                  fill="none"
                  stroke={`var(--class-${Math.max(0, classes.indexOf(box.label)) % 8})`}
                  strokeWidth={2}
                  vectorEffect="non-scaling-stroke"
                />
              ))}
            </svg>
            <span className="cut" title={picture.name}>
              {picture.name.slice(picture.name.lastIndexOf('/') + 1)}
            </span>
          </li>
        ))}
      </ul>
      {hasNextPage && (
        <div className="row dataset-more">
          <Button busy={isFetchingNextPage} onClick={() => fetchNextPage()}>
            {w.more}
          </Button>
        </div>
      )}
    </section>
  );
}
