// Starting an evaluation, and what the jobs of the project say meanwhile.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
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
  const lastOne = jobs.data?.items.find(({ kind }) => kind === 'evaluate');
  const ended = lastOne !== undefined && hasEnded(lastOne.status) ? lastOne.job_id : null;
  useEffect(() => {
    if (ended !== null) void client.invalidateQueries({ queryKey: ['evaluations', modelId] });
  }, [ended, modelId, client]);
  return {
    start,
    /** The job of the project that has not ended. */
    open: jobs.data?.items.find(({ status }) => !hasEnded(status)),
    lastOne,
  };
}

export type EvaluationStart = ReturnType<typeof useEvaluationStart>;
