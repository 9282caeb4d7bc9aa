// The pictures of a project as the page keeps them: all of them, page by page, changed here before the server has answered.
import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTell, useTellError } from '../../../components/toasts.tsx';
import { ApiError, api, type ImageItem } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import type { Mark } from './upload/uploading-file.ts';
import { words } from './words.ts';

export const imagesKey = (projectId: string) => ['images', projectId, 'all'] as const;

/** What is seen first comes first; all others follow in one answer. */
const firstPage = 200;
/** As many as one request may name. */
const namesAtOnce = 500;

export function useImages(projectId: string) {
  const client = useQueryClient();
  return useQuery({
    queryKey: imagesKey(projectId),
    queryFn: ({ signal }) => allImages(client, projectId, signal),
    // Ten thousand records are compared by nobody in the time of a frame.
    structuralSharing: false,
    staleTime: 30_000,
  });
}

/** The first visit shows each page as it comes. */
async function allImages(client: QueryClient, projectId: string, signal: AbortSignal): Promise<ImageItem[]> {
  const isFirst = client.getQueryData(imagesKey(projectId)) === undefined;
  const all: ImageItem[] = [];
  for await (const page of pagesAfter(projectId, undefined, signal)) {
    all.push(...page);
    if (isFirst) client.setQueryData(imagesKey(projectId), [...all]);
  }
  return all;
}

async function* pagesAfter(
  projectId: string,
  last: string | undefined,
  signal?: AbortSignal,
): AsyncGenerator<readonly ImageItem[]> {
  let after = last;
  do {
    const { items, next } = await api.listProjectImages({
      project_id: projectId,
      query: after === undefined ? { limit: firstPage } : { after },
      ...(signal && { signal }),
    });
    yield items;
    after = next;
  } while (after !== undefined);
}

/** Adds those that came since: the list is in the order of their coming. */
export async function fetchNewImages(client: QueryClient, projectId: string): Promise<void> {
  const key = imagesKey(projectId);
  const last = client.getQueryData<ImageItem[]>(key)?.at(-1)?.filename;
  try {
    if (last === undefined) throw new ApiError(404, null, null);
    const fresh: ImageItem[] = [];
    for await (const page of pagesAfter(projectId, last)) fresh.push(...page);
    client.setQueryData<ImageItem[]>(key, (known = []) => {
      const names = new Set(known.map(({ filename }) => filename));
      return [...known, ...fresh.filter(({ filename }) => !names.has(filename))];
    });
  } catch {
    // The last one is gone: all of it anew.
    await client.invalidateQueries({ queryKey: key });
  }
  await client.invalidateQueries({ queryKey: ['project', projectId] });
  await client.invalidateQueries({ queryKey: ['projects'] });
}

/** Puts one record in the place of the one before. */
export function putImage(client: QueryClient, projectId: string, image: ImageItem): void {
  client.setQueryData<ImageItem[]>(imagesKey(projectId), (all) =>
    all?.map((item) => (item.filename === image.filename ? image : item)),
  );
}

/** What is changed of the records named. */
interface Change {
  readonly filenames: readonly string[];
  readonly to: { readonly mark: Mark | null } | { readonly holdout: boolean };
}

/** Changes records at once on the screen, then on the server. */
function useChanging(projectId: string) {
  const client = useQueryClient();
  const tellError = useTellError();
  return useMutation({
    // One after the other: the last change is the one that stays.
    scope: { id: `marks ${projectId}` },
    mutationFn: async ({ filenames, to }: Change) => {
      for (const some of inParts(filenames))
        await api.markProjectImages({ project_id: projectId, body: { filenames: some, ...to } });
    },
    onMutate: ({ filenames, to }) => {
      const asked = new Set(filenames);
      client.setQueryData<ImageItem[]>(imagesKey(projectId), (all) =>
        all?.map((image) => (asked.has(image.filename) ? { ...image, ...to } : image)),
      );
    },
    onError: (error) => {
      tellError(error);
      void client.invalidateQueries({ queryKey: imagesKey(projectId) });
    },
    onSettled: (_answer, _error, { to }) => {
      void client.invalidateQueries({ queryKey: ['project', projectId] });
      void client.invalidateQueries({ queryKey: ['projects'] });
      if ('holdout' in to) void client.invalidateQueries({ queryKey: ['hygiene', projectId] });
    },
  });
}

/** Marks at once on the screen; several together can be undone. */
export function useMarking(projectId: string) {
  const client = useQueryClient();
  const tell = useTell();
  const w = useWords(words);
  const { mutate } = useChanging(projectId);
  return (filenames: readonly string[], mark: Mark | null) => {
    const all = client.getQueryData<ImageItem[]>(imagesKey(projectId)) ?? [];
    const asked = new Set(filenames);
    const before = all.filter((image) => asked.has(image.filename) && image.mark !== mark);
    if (before.length === 0) return;
    mutate({ filenames: before.map(({ filename }) => filename), to: { mark } });
    if (before.length === 1) return;
    const undo = () => {
      for (const old of ['ok', 'ng', null] as const) {
        const names = before.filter((image) => image.mark === old).map(({ filename }) => filename);
        if (names.length > 0) mutate({ filenames: names, to: { mark: old } });
      }
    };
    tell(w.marked(before.length, w.marks[mark ?? 'none']), { action: { label: w.undo, run: undo } });
  };
}

/** Holds pictures out of trainings, or lets trainings have them again; as marks, at once on the screen. */
export function useHolding(projectId: string) {
  const client = useQueryClient();
  const tell = useTell();
  const w = useWords(words);
  const { mutate } = useChanging(projectId);
  return (filenames: readonly string[], holdout: boolean) => {
    const all = client.getQueryData<ImageItem[]>(imagesKey(projectId)) ?? [];
    const asked = new Set(filenames);
    const names = all
      .filter((image) => asked.has(image.filename) && image.holdout !== holdout)
      .map(({ filename }) => filename);
    if (names.length === 0) return;
    mutate({ filenames: names, to: { holdout } });
    tell(holdout ? w.heldOut(names.length) : w.learntAgain(names.length), {
      action: {
        label: w.undo,
        run: () => mutate({ filenames: names, to: { holdout: !holdout } }),
      },
    });
  };
}

export function useDeleting(projectId: string) {
  const client = useQueryClient();
  const tell = useTell();
  const tellError = useTellError();
  const w = useWords(words);
  return useMutation({
    mutationFn: async (filenames: readonly string[]) => {
      for (const some of inParts(filenames))
        await api.deleteProjectImages({ project_id: projectId, body: { filenames: some } });
    },
    onSuccess: (_, filenames) => {
      const gone = new Set(filenames);
      client.setQueryData<ImageItem[]>(imagesKey(projectId), (all) =>
        all?.filter(({ filename }) => !gone.has(filename)),
      );
      tell(w.deleted(filenames.length));
    },
    onError: (error) => {
      tellError(error);
      void client.invalidateQueries({ queryKey: imagesKey(projectId) });
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ['project', projectId] });
      void client.invalidateQueries({ queryKey: ['projects'] });
    },
  });
}

function inParts(names: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(names.length / namesAtOnce) }, (_, i) =>
    names.slice(i * namesAtOnce, (i + 1) * namesAtOnce),
  );
}
