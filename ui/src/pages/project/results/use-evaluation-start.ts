// Starting an evaluation, and what the jobs of the project say meanwhile.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api } from '../../../server/client.ts';
import { hasEnded, useJobs } from '../../../server/jobs.ts';

export function useEvaluationStart(projectId: string, modelId: string, onStarted: () => void) {
  const client = useQueryClient();
  const jobs = useJobs(projectId);
  const start = useMutation({
    mutationFn: () => api.evaluateModel({ model_id: modelId, body: {} }),
    onSuccess() {
      onStarted();
      return client.invalidateQueries({ queryKey: ['jobs', projectId] });
    },
  });
  return {
    start,
    /** The job of the project that has not ended. */
    open: jobs.data?.items.find(({ status }) => !hasEnded(status)),
    lastOne: jobs.data?.items.find(({ kind }) => kind === 'evaluate'),
  };
}

export type EvaluationStart = ReturnType<typeof useEvaluationStart>;
