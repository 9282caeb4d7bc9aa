// Takes files for a project: limits first, then the queue; new pictures appear in the gallery as they are stored.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTell, useTellError } from '../../../../components/toasts.tsx';
import { api } from '../../../../server/client.ts';
import { useWords } from '../../../../text/language.tsx';
import { fetchNewImages } from '../images.ts';
import type { FoundFile } from './found-files.ts';
import { hasEnded, type Mark } from './uploading-file.ts';
import { uploadsOf } from './uploads.ts';
import { words } from './words.ts';

const refreshEveryMs = 700;

export function useLimits() {
  return useQuery({ queryKey: ['limits'], queryFn: () => api.limits(), staleTime: 600_000 });
}

/** Adds files to the uploads of a project; whatever was found, also after a walk through folders. */
export function useAdding(
  projectId: string,
): (found: readonly FoundFile[] | Promise<readonly FoundFile[]>, mark?: Mark | null) => Promise<void> {
  const client = useQueryClient();
  const tell = useTell();
  const tellError = useTellError();
  const w = useWords(words);
  return async (found, mark = null) => {
    try {
      const [files, limits] = await Promise.all([
        found,
        client.ensureQueryData({ queryKey: ['limits'], queryFn: () => api.limits() }),
      ]);
      if (files.length === 0) tell(w.noFiles, { tone: 'warn' });
      else uploadsOf(projectId).add(files, limits, mark);
    } catch (error) {
      tellError(error);
    }
  };
}

/** Fetches what was stored, at most a few times in a second, whichever part of the project is looked at. */
export function useStoredImages(projectId: string): void {
  const client = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const fetchNow = () => {
      timer = undefined;
      void fetchNewImages(client, projectId);
    };
    const stop = uploadsOf(projectId).onStored(() => {
      timer ??= setTimeout(fetchNow, refreshEveryMs);
    });
    return () => {
      stop();
      clearTimeout(timer);
      // What goes on being stored meanwhile is asked for when one comes back.
      if (
        timer !== undefined ||
        uploadsOf(projectId)
          .state()
          .files.some((file) => !hasEnded(file))
      )
        for (const queryKey of [['images', projectId], ['project', projectId], ['projects']])
          void client.invalidateQueries({ queryKey, refetchType: 'none' });
    };
  }, [client, projectId]);
}
