// The boxes of one picture on the server: loaded, saved by themselves after each change, and what to do when somebody else was quicker.
import { useCallback, useEffect, useReducer, useRef, useState } from 'react';
import { ApiError, api } from '../../../server/client.ts';
import { connection } from '../../../server/connection.ts';
import { isPassing } from '../../../server/queries.ts';
import { type Drawing, drawn, fromShares, noDrawing, type Size, type Step, toShares } from './boxes.ts';

export type SaveState = 'loading' | 'saved' | 'unsaved' | 'saving' | 'conflict' | 'failed';

export interface SavedLabel {
  readonly drawing: Drawing;
  readonly step: (step: Step) => void;
  readonly state: SaveState;
  readonly error: unknown;
  /** Whether the server has a label of this picture, be it without boxes. */
  readonly isLabelled: boolean;
  /** Saves at once, also when nothing has changed: an empty label says that nothing is there. */
  readonly save: () => Promise<void>;
  /** After a conflict. */
  readonly keepMine: () => void;
  readonly takeTheirs: () => void;
}

const quietMs = 500;
const retryMs = 2000;

/** @param size of the picture; null until it is known */
export function useSavedLabel(
  projectId: string,
  filename: string,
  size: Size | null,
  onSaved: (boxes: number) => void,
): SavedLabel {
  const [drawing, dispatch] = useReducer(drawn, noDrawing);
  const [state, setState] = useState<SaveState>('loading');
  const [error, setError] = useState<unknown>(null);
  const [isLabelled, setLabelled] = useState(false);
  const revision = useRef<string | null>(null);
  const saving = useRef<Promise<void> | null>(null);
  const latest = useRef({ drawing, size, onSaved });
  latest.current = { drawing, size, onSaved };
  const savedVersion = useRef(0);

  const load = useCallback(async () => {
    if (size === null) return;
    let etag: string | null = null;
    const label = await api.getLabel({
      project_id: projectId,
      filename,
      onHeaders: (headers) => {
        etag = headers.get('etag');
      },
    });
    revision.current = etag;
    savedVersion.current = latest.current.drawing.version;
    dispatch({ type: 'load', boxes: fromShares(label.boxes, size) });
    setLabelled(label.updated_at !== null);
    setError(null);
    setState('saved');
  }, [projectId, filename, size]);

  useEffect(() => {
    load().catch((failure: unknown) => {
      connection.failed(failure);
      setError(failure);
      setState('failed');
    });
  }, [load]);

  const send = useCallback(async () => {
    const { drawing: now, size: side } = latest.current;
    if (side === null) return;
    setState('saving');
    let etag: string | null = null;
    const condition = revision.current === null ? { 'if-none-match': '*' } : { 'if-match': revision.current };
    try {
      await api.putLabel({
        project_id: projectId,
        filename,
        body: { image_width: side.width, image_height: side.height, boxes: toShares(now.boxes, side) },
        headers: condition,
        onHeaders: (headers) => {
          etag = headers.get('etag');
        },
      });
      revision.current = etag;
      savedVersion.current = now.version;
      setLabelled(true);
      setError(null);
      latest.current.onSaved(now.boxes.length);
      setState(latest.current.drawing.version === now.version ? 'saved' : 'unsaved');
    } catch (failure) {
      connection.failed(failure);
      setError(failure);
      setState(failure instanceof ApiError && failure.code === 'revision.conflict' ? 'conflict' : 'failed');
    }
  }, [projectId, filename]);

  const save = useCallback(async () => {
    // One at a time: the second is to know the revision that the first one made.
    await saving.current;
    saving.current = send();
    await saving.current;
  }, [send]);

  useEffect(() => {
    if (drawing.version === savedVersion.current || state === 'conflict' || state === 'loading') return;
    if (state === 'saved') setState('unsaved');
    if (state === 'saving') return;
    // What cannot succeed is not tried again by itself.
    if (state === 'failed' && !isPassing(error)) return;
    const timer = setTimeout(() => void save(), state === 'failed' ? retryMs : quietMs);
    return () => clearTimeout(timer);
  }, [drawing.version, state, error, save]);

  // Whoever leaves the picture, or the page, leaves nothing behind.
  useEffect(
    () => () => {
      if (latest.current.drawing.version !== savedVersion.current) void save();
    },
    [save],
  );
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (latest.current.drawing.version !== savedVersion.current) event.preventDefault();
    };
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, []);

  return {
    drawing,
    step: dispatch,
    state,
    error,
    isLabelled,
    save,
    async keepMine() {
      try {
        await api.getLabel({
          project_id: projectId,
          filename,
          onHeaders: (headers) => {
            revision.current = headers.get('etag');
          },
        });
      } catch (failure) {
        setError(failure);
        return;
      }
      await save();
    },
    takeTheirs() {
      load().catch((failure: unknown) => setError(failure));
    },
  };
}
