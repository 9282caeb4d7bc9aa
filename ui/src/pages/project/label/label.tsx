// Boxes on the pictures of a project: which pictures, the one being labelled, its classes and boxes.
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useSearchParams } from 'wouter';
import { addresses } from '../../../addresses.ts';
import { LinkButton } from '../../../components/button.tsx';
import { Empty } from '../../../components/empty.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { api } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import type { PartProps } from '../project.tsx';
import { Editor } from './editor.tsx';
import './label.css';
import { MakeDataset } from './make-dataset.tsx';
import { type Filter, PictureStrip } from './picture-strip.tsx';
import { words } from './words.ts';

export default function Label({ project }: PartProps) {
  const w = useWords(words);
  const { project_id } = project;
  const images = useQuery({
    queryKey: ['images', project_id, 'all'],
    queryFn: () => api.listProjectImages({ project_id }),
  });
  const labels = useQuery({
    queryKey: ['labels', project_id],
    queryFn: () => api.listLabels({ project_id }),
    staleTime: 60_000,
  });
  const [search, setSearch] = useSearchParams();
  const [filter, setFilter] = useState<Filter>('all');
  /** Of pictures that were saved since the list came. */
  const [saved, setSaved] = useState<ReadonlyMap<string, number>>(new Map());
  const counts = useMemo(
    () =>
      new Map([
        ...(labels.data?.items ?? []).map(({ filename, boxes }) => [filename, boxes.length] as const),
        ...saved,
      ]),
    [labels.data, saved],
  );
  const failed = images.error ?? labels.error;
  if (failed !== null)
    return (
      <Failure
        error={failed}
        onRetry={() => {
          void images.refetch();
          void labels.refetch();
        }}
      />
    );
  if (images.data === undefined || labels.data === undefined) return <Loading />;
  const { items } = images.data;
  if (items.length === 0)
    return (
      <Empty
        icon="box"
        title={w.noPictures}
        action={
          <LinkButton to={addresses.project(project_id, 'pictures')} look="primary">
            {w.toPictures}
          </LinkButton>
        }
      >
        {w.noPicturesHint}
      </Empty>
    );
  const wanted = search.get('picture');
  const chosen = items.find(({ filename }) => filename === wanted) ?? items[0]!;
  const at = items.indexOf(chosen);
  const go = (by: number) => {
    const next = items[at + by];
    if (next !== undefined) setSearch({ picture: next.filename }, { replace: true });
  };
  return (
    <div className="label-page">
      <div className="label-side stack">
        <PictureStrip
          items={items}
          counts={counts}
          chosen={chosen.filename}
          filter={filter}
          onFilter={setFilter}
          onChoose={(filename) => setSearch({ picture: filename }, { replace: true })}
        />
        {project.training_mode === 'yolo' && <MakeDataset projectId={project_id} labelled={counts.size} />}
      </div>
      <Editor
        key={chosen.filename}
        project={project}
        image={chosen}
        next={items[at + 1] ?? null}
        hasPrevious={at > 0}
        listedClasses={labels.data.classes}
        counts={counts}
        onGo={go}
        onSaved={(filename, boxes) => setSaved((before) => new Map([...before, [filename, boxes]]))}
      />
    </div>
  );
}
