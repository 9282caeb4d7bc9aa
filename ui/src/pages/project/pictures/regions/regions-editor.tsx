// Draws the areas of all pictures of a project that count, over one of them.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Button, IconButton } from '../../../../components/button.tsx';
import { Dialog } from '../../../../components/dialog.tsx';
import { Failure } from '../../../../components/failure.tsx';
import { Loading } from '../../../../components/loading.tsx';
import { Notice } from '../../../../components/notice.tsx';
import { useTell } from '../../../../components/toasts.tsx';
import { ApiError, type ImageItem } from '../../../../server/client.ts';
import { useWords } from '../../../../text/language.tsx';
import { usePicture } from '../viewer/picture-of.ts';
import { AreaList } from './area-list.tsx';
import { AreaStage } from './area-stage.tsx';
import { areasOf, regionsOf } from './areas.ts';
import './regions.css';
import { type Drawing, useDrawing } from './use-drawing.ts';
import { fetchRegions, regionsKey, type StoredRegions, saveRegions, useRegions } from './use-regions.ts';
import { words } from './words.ts';

export default function RegionsEditor({
  projectId,
  image,
  onClose,
}: {
  readonly projectId: string;
  readonly image: ImageItem;
  readonly onClose: () => void;
}) {
  const w = useWords(words);
  const picture = usePicture(image);
  const drawing = useDrawing();
  const { data, error, refetch } = useRegions(projectId);
  const [from, setFrom] = useState<StoredRegions | null>(null);
  const { reset } = drawing;
  useEffect(() => {
    // What others save later comes as a conflict, not under one's hands.
    if (from !== null || data === undefined) return;
    setFrom(data);
    reset(areasOf(data.regions));
  }, [data, from, reset]);
  return (
    <Dialog title={w.title} onClose={onClose} wide>
      <p className="quiet">{w.text}</p>
      {error !== null && from === null && <Failure error={error} onRetry={() => refetch()} />}
      {picture === undefined || from === null ? (
        error === null && <Loading />
      ) : (
        <div className="areas">
          <AreaStage picture={picture} drawing={drawing} />
          <div className="stack">
            <Tools drawing={drawing} />
            <AreaList drawing={drawing} />
            {from.updatedBy !== null && <p className="hint">{w.changedBy(from.updatedBy)}</p>}
            <Saving projectId={projectId} drawing={drawing} from={from} onFrom={setFrom} onClose={onClose} />
          </div>
        </div>
      )}
    </Dialog>
  );
}

function Tools({ drawing }: { readonly drawing: Drawing }) {
  const w = useWords(words);
  if (drawing.draft !== null)
    return (
      <div className="stack tight">
        <p>{w.drawing}</p>
        <div className="row">
          <Button
            look="primary"
            small
            icon="check"
            disabled={drawing.draft.points.length < 3}
            onClick={drawing.finish}
          >
            {w.finish}
          </Button>
          <Button small onClick={drawing.stop}>
            {w.stop}
          </Button>
          <IconButton small icon="undo" label={w.undo} disabled={!drawing.canUndo} onClick={drawing.undo} />
        </div>
      </div>
    );
  return (
    <div className="row">
      {(['include', 'ignore'] as const).map((kind) => (
        <Button
          key={kind}
          small
          icon="plus"
          onClick={() => {
            drawing.start(kind);
            document.querySelector<SVGElement>('.area-stage svg')?.focus();
          }}
        >
          {w[kind]}
        </Button>
      ))}
      <IconButton small icon="undo" label={w.undo} disabled={!drawing.canUndo} onClick={drawing.undo} />
    </div>
  );
}

function Saving({
  projectId,
  drawing,
  from,
  onFrom,
  onClose,
}: {
  readonly projectId: string;
  readonly drawing: Drawing;
  readonly from: StoredRegions;
  readonly onFrom: (regions: StoredRegions) => void;
  readonly onClose: () => void;
}) {
  const w = useWords(words);
  const tell = useTell();
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (over: string | null | undefined) => saveRegions(projectId, regionsOf(drawing.areas), over),
    onSuccess: (saved) => {
      client.setQueryData(regionsKey(projectId), saved);
      tell(w.saved);
      onClose();
    },
  });
  const showTheirs = async () => {
    const theirs = await fetchRegions(projectId);
    onFrom(theirs);
    drawing.reset(areasOf(theirs.regions));
    save.reset();
  };
  const isConflict = save.error instanceof ApiError && save.error.code === 'revision.conflict';
  return (
    <>
      {isConflict && (
        <Notice tone="warn">
          {w.conflict}
          <span className="row areas-conflict">
            <Button small onClick={() => void showTheirs()}>
              {w.theirs}
            </Button>
            <Button small look="danger" onClick={() => save.mutate(undefined)}>
              {w.mine}
            </Button>
          </span>
        </Notice>
      )}
      {save.error !== null && !isConflict && <Failure error={save.error} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>{w.cancel}</Button>
        <Button
          look="primary"
          busy={save.isPending}
          disabled={drawing.draft !== null}
          onClick={() => save.mutate(from.revision)}
        >
          {w.save}
        </Button>
      </div>
    </>
  );
}
