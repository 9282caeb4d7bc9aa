// The mask of a picture while it is painted: that of the server, the strokes since, and how it is saved.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTell, useTellError } from '../../../../components/toasts.tsx';
import { api, type ImageItem } from '../../../../server/client.ts';
import { connection } from '../../../../server/connection.ts';
import { useWords } from '../../../../text/language.tsx';
import { putImage } from '../images.ts';
import { maskOf, type Stroke } from './strokes.ts';
import { words } from './words.ts';

interface Base {
  readonly bitmap: ImageBitmap;
  readonly href: string;
}

export interface MaskPainting {
  /** The mask before the strokes, to be drawn. */
  readonly href: string | null;
  readonly strokes: readonly Stroke[];
  readonly isChanged: boolean;
  readonly isSaving: boolean;
  add(stroke: Stroke): void;
  undo(): void;
  clear(): void;
  save(): Promise<void>;
  upload(file: File): Promise<void>;
  remove(): Promise<void>;
}

/** What was painted and not saved is saved when the picture is left. */
export function useMask(
  projectId: string,
  image: ImageItem,
  size: { readonly width: number; readonly height: number },
): MaskPainting {
  const client = useQueryClient();
  const tell = useTell();
  const tellError = useTellError();
  const w = useWords(words);
  const [base, setBase] = useState<Base | null>(null);
  const [strokes, setStrokes] = useState<readonly Stroke[]>([]);
  const [isCleared, setCleared] = useState(false);
  const [isSaving, setSaving] = useState(false);
  const { filename, mask_url } = image;
  const request = { project_id: projectId, filename };

  useEffect(() => {
    if (mask_url === undefined) return setBase(null);
    let isCurrent = true;
    let href: string | undefined;
    void fetch(mask_url, { cache: 'no-cache' })
      .then((response) =>
        response.ok ? response.blob() : Promise.reject(new Error(String(response.status))),
      )
      .then(async (blob) => ({ blob, bitmap: await createImageBitmap(blob) }))
      .then(({ blob, bitmap }) => {
        if (!isCurrent) return;
        href = URL.createObjectURL(blob);
        setBase({ bitmap, href });
      })
      .catch(connection.failed.bind(connection));
    return () => {
      isCurrent = false;
      if (href !== undefined) URL.revokeObjectURL(href);
    };
  }, [mask_url]);

  const doing = async (work: () => Promise<ImageItem>, done: string) => {
    setSaving(true);
    try {
      putImage(client, projectId, await work());
      setStrokes([]);
      setCleared(false);
      tell(done);
    } catch (error) {
      connection.failed(error);
      tellError(error);
    } finally {
      setSaving(false);
    }
  };
  const shown = isCleared ? null : base;
  const isChanged = strokes.length > 0 || (isCleared && base !== null);

  const withoutMask = async (): Promise<ImageItem> => {
    await api.deleteMask(request);
    const { mask_url: _, ...rest } = image;
    setBase(null);
    return rest;
  };
  const withMask = async (mask: Blob): Promise<ImageItem> => {
    const saved = await api.putMask({ ...request, file: { name: 'mask.png', data: mask } });
    // Its address stays the same: what it shows is this.
    setBase({ bitmap: await createImageBitmap(mask), href: URL.createObjectURL(mask) });
    return saved;
  };
  const save = async () => {
    const mask = await maskOf(size, shown?.bitmap ?? null, strokes);
    if (mask !== null) await doing(() => withMask(mask), w.saved);
    else if (mask_url !== undefined) await doing(withoutMask, w.removed);
  };

  const leave = useRef({ isChanged, save });
  leave.current = { isChanged, save };
  useEffect(
    () => () => {
      if (leave.current.isChanged) void leave.current.save();
    },
    [],
  );

  return {
    href: shown?.href ?? null,
    strokes,
    isChanged,
    isSaving,
    add: (stroke) => setStrokes((all) => [...all, stroke]),
    undo: () => (strokes.length > 0 ? setStrokes(strokes.slice(0, -1)) : setCleared(false)),
    clear() {
      setStrokes([]);
      setCleared(true);
    },
    save,
    upload: (file) => doing(() => withMask(file), w.saved),
    remove: () => doing(withoutMask, w.removed),
  };
}
