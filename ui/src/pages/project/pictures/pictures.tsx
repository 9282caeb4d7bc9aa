// The pictures of a project: added, looked at, marked.
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useDeferredValue, useEffect, useMemo, useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Empty } from '../../../components/empty.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { useWords } from '../../../text/language.tsx';
import type { PartProps } from '../project.tsx';
import { DeletePictures } from './delete-pictures.tsx';
import { NoPictures } from './empty.tsx';
import { areHeld, Gallery } from './gallery.tsx';
import { useDeleting, useHolding, useImages, useMarking } from './images.ts';
import { HygieneLine, NextStep } from './next-step.tsx';
import './pictures.css';
import { chooseAll, nothingChosen, type Selection, within } from './selection.ts';
import { SelectionBar } from './selection-bar.tsx';
import { type Choice, countsOf, shownImages } from './shown.ts';
import { AddBar, FilterBar } from './toolbar.tsx';
import { DropArea } from './upload/drop-area.tsx';
import { UploadPanel } from './upload/upload-panel.tsx';
import { hasEnded, type Mark } from './upload/uploading-file.ts';
import { useUploads } from './upload/uploads.ts';
import { useAdding } from './upload/use-adding.ts';
import { words as uploadWords } from './upload/words.ts';
import { useHygiene } from './use-hygiene.ts';
import { words } from './words.ts';

const Viewer = lazy(() => import('./viewer/viewer.tsx'));
const RegionsEditor = lazy(() => import('./regions/regions-editor.tsx'));
const Camera = lazy(() => import('./camera/camera.tsx'));

type Over =
  | { readonly kind: 'viewer'; readonly filename: string }
  | { readonly kind: 'delete'; readonly filenames: readonly string[] }
  | { readonly kind: 'regions' | 'camera' };

export default function Pictures({ project }: PartProps) {
  const { project_id: id, training_mode } = project;
  const w = useWords(words);
  const dropLabel = useWords(uploadWords).drop;
  const client = useQueryClient();
  const { data: images = [], error, isPending, refetch } = useImages(id);
  const { files } = useUploads(id);
  const isUploading = files.some((file) => !hasEnded(file));
  const hygiene = useHygiene(id, images, isUploading);
  const [choice, setChoice] = useState<Choice>({ filter: 'all', order: 'newest', search: '' });
  const [selection, setSelection] = useState<Selection>(nothingChosen);
  const [newMark, setNewMark] = useState<Mark | null>(null);
  const [over, setOver] = useState<Over | null>(null);
  const add = useAdding(id);
  const mark = useMarking(id);
  const holdAll = useHolding(id);
  // A dataset of boxes has a split of its own.
  const hold = training_mode === 'yolo' ? null : holdAll;
  const deleting = useDeleting(id);

  // A new set of pictures is checked anew.
  useEffect(() => {
    if (!isUploading) return;
    return () => void client.invalidateQueries({ queryKey: ['hygiene', id] });
  }, [client, id, isUploading]);

  const { flagsOf } = hygiene;
  const wanted = useDeferredValue(choice);
  const shown = useMemo(
    () => shownImages(images, wanted, (name) => flagsOf.has(name)),
    [images, wanted, flagsOf],
  );
  const counts = useMemo(() => countsOf(images, (name) => flagsOf.has(name)), [images, flagsOf]);
  const chosen = useMemo(
    () => within(selection, new Set(shown.map(({ filename }) => filename))),
    [selection, shown],
  );
  const names = [...chosen.chosen];
  const onFiles = (found: Parameters<typeof add>[0]) => void add(found, newMark);
  const close = () => setOver(null);

  if (error !== null && images.length === 0) return <Failure error={error} onRetry={() => refetch()} />;
  if (isPending) return <Loading />;
  return (
    <DropArea label={dropLabel} onFiles={onFiles}>
      {images.length > 0 && (
        <div className="pictures-head">
          <AddBar
            mark={newMark}
            onMark={setNewMark}
            onFiles={onFiles}
            onCamera={() => setOver({ kind: 'camera' })}
            onRegions={training_mode === 'yolo' ? null : () => setOver({ kind: 'regions' })}
          />
          {!isUploading && (
            <NextStep
              project={project}
              good={project.training_mode === 'yolo' ? counts.all : learnable(images)}
            />
          )}
        </div>
      )}
      <UploadPanel projectId={id} />
      {error !== null && <Failure error={error} onRetry={() => refetch()} />}
      {images.length === 0 ? (
        !isUploading && (
          <NoPictures
            isYolo={training_mode === 'yolo'}
            onFiles={onFiles}
            onCamera={() => setOver({ kind: 'camera' })}
          />
        )
      ) : (
        <>
          <div className="pictures-tools">
            <FilterBar choice={choice} counts={counts} onChoice={setChoice} />
            {!isUploading && (
              <HygieneLine
                state={hygiene}
                flagged={counts.flagged}
                onShow={() => setChoice({ ...choice, filter: 'flagged' })}
              />
            )}
          </div>
          {shown.length === 0 ? (
            <Empty
              icon="search"
              title={w.none}
              action={
                <Button onClick={() => setChoice({ ...choice, filter: 'all', search: '' })}>
                  {w.showAll}
                </Button>
              }
            />
          ) : (
            <Gallery
              images={shown}
              flagsOf={flagsOf}
              selection={chosen}
              onSelection={setSelection}
              onOpen={(filename) => setOver({ kind: 'viewer', filename })}
              onMark={mark}
              onHold={hold}
              onDelete={(filenames) => setOver({ kind: 'delete', filenames })}
            />
          )}
        </>
      )}
      {names.length > 0 && over === null && (
        <SelectionBar
          count={names.length}
          all={shown.length}
          onOpen={names.length === 1 ? () => setOver({ kind: 'viewer', filename: names[0]! }) : null}
          onMark={(to) => mark(names, to)}
          held={hold && areHeld(shown, names)}
          onHold={(holdout) => hold?.(names, holdout)}
          onDelete={() => setOver({ kind: 'delete', filenames: names })}
          onAll={() =>
            setSelection(
              chooseAll(
                chosen,
                shown.map(({ filename }) => filename),
              ),
            )
          }
          onNone={() => setSelection({ ...nothingChosen, active: chosen.active })}
        />
      )}
      <Suspense>
        {over?.kind === 'viewer' && (
          <Viewer
            project={project}
            images={shown}
            filename={over.filename}
            flagsOf={flagsOf}
            onMark={mark}
            onHold={hold}
            onDelete={(filename) => setOver({ kind: 'delete', filenames: [filename] })}
            onGo={(filename) => {
              // The other one of two that are alike may not be among those that are shown.
              if (!shown.some((image) => image.filename === filename))
                setChoice({ ...choice, filter: 'all', search: '' });
              setSelection({ chosen: new Set([filename]), active: filename, anchor: filename });
              setOver({ kind: 'viewer', filename });
            }}
            onClose={close}
          />
        )}
        {over?.kind === 'regions' && (
          <RegionsEditor projectId={id} image={chosenImage(images, chosen.active)} onClose={close} />
        )}
        {over?.kind === 'camera' && <Camera projectId={id} onClose={close} />}
      </Suspense>
      {over?.kind === 'delete' && (
        <DeletePictures
          count={over.filenames.length}
          isBusy={deleting.isPending}
          onClose={close}
          onDelete={() => deleting.mutate(over.filenames, { onSettled: close })}
        />
      )}
    </DropArea>
  );
}

/** How many a training learns from. */
const learnable = (images: readonly { readonly mark: Mark | null; readonly holdout: boolean }[]) =>
  images.filter(({ mark, holdout }) => mark !== 'ng' && !holdout).length;

function chosenImage<Item extends { readonly filename: string }>(
  images: readonly Item[],
  active: string | null,
): Item {
  return images.find(({ filename }) => filename === active) ?? images[0]!;
}
