// Projects that begin with pictures: those that a person drops, and made-up ones to try everything with.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { addresses } from '../../addresses.ts';
import { useTellError } from '../../components/toasts.tsx';
import { api, type ProjectInfo } from '../../server/client.ts';
import { useWords } from '../../text/language.tsx';
import type { FoundFile } from '../project/pictures/upload/found-files.ts';
import { uploadsOf } from '../project/pictures/upload/uploads.ts';
import { words as uploadWords } from '../project/pictures/upload/words.ts';
import { words } from './words.ts';

const longestName = 120;

/** Shows the pictures of a project that was made just now. */
function useShowing() {
  const client = useQueryClient();
  const [, go] = useLocation();
  return (project: ProjectInfo) => {
    client.setQueryData(['project', project.project_id], project);
    void client.invalidateQueries({ queryKey: ['projects'] });
    go(addresses.project(project.project_id, 'pictures'));
  };
}

/** Makes a project of files, named after their folder, and begins to upload them. */
export function useProjectOfFiles(projects: readonly ProjectInfo[]) {
  const show = useShowing();
  const tellError = useTellError();
  const w = useWords(words);
  const { noFiles } = useWords(uploadWords);
  return useMutation({
    mutationFn: async (given: readonly FoundFile[] | Promise<readonly FoundFile[]>) => {
      const [files, limits] = await Promise.all([given, api.limits()]);
      if (files.length === 0) throw new Error(noFiles);
      const name = freeName(folderOf(files) ?? null, projects, w.newName);
      const project = await api.createProject({ body: { name } });
      uploadsOf(project.project_id).add(files, limits);
      return project;
    },
    onSuccess: show,
    onError: tellError,
  });
}

export function useSampleProject() {
  const show = useShowing();
  const tellError = useTellError();
  const w = useWords(words);
  return useMutation({
    mutationFn: () => api.createSampleProject({ body: { name: w.sampleName } }),
    onSuccess: show,
    onError: tellError,
  });
}

/** The folder that all files lie in; undefined for single files. */
function folderOf(files: readonly FoundFile[]): string | undefined {
  const tops = new Set(files.map(({ path }) => (path.includes('/') ? path.split('/')[0]! : '')));
  const [top] = tops;
  return tops.size === 1 && top !== '' ? top?.slice(0, longestName) : undefined;
}

function freeName(
  wanted: string | null,
  projects: readonly ProjectInfo[],
  numbered: (n: number) => string,
): string {
  const taken = new Set(projects.map(({ name }) => name));
  if (wanted !== null && wanted.trim() !== '') return wanted;
  let n = 1;
  while (taken.has(numbered(n))) n++;
  return numbered(n);
}
