// Starting a training: the job is followed at once, and stays in the address.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { addresses } from '../../../addresses.ts';
import { useTell } from '../../../components/toasts.tsx';
import { useWords } from '../../../text/language.tsx';
import { words } from './words.ts';

export const jobAddress = (projectId: string, jobId: string): string =>
  `${addresses.project(projectId, 'train')}?job=${encodeURIComponent(jobId)}`;

export function useStart(projectId: string, start: () => Promise<{ readonly job_id: string }>) {
  const [, go] = useLocation();
  const client = useQueryClient();
  const tell = useTell();
  const w = useWords(words);
  return useMutation({
    mutationFn: start,
    onSuccess({ job_id }) {
      void client.invalidateQueries({ queryKey: ['jobs'] });
      tell(w.started);
      go(jobAddress(projectId, job_id));
    },
  });
}
