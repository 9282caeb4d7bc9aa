// The evaluations of a model: the list, one whole, and the newest.
import { skipToken, useQuery } from '@tanstack/react-query';
import { api } from '../../../server/client.ts';

export const useEvaluations = (modelId: string) =>
  useQuery({
    queryKey: ['evaluations', modelId],
    queryFn: () => api.listEvaluations({ model_id: modelId }),
  });

/** @param id null: none, and nothing is asked. What is stored never changes. */
export const useEvaluation = (id: string | null) =>
  useQuery({
    queryKey: ['evaluation', id],
    queryFn: id === null ? skipToken : () => api.getEvaluation({ evaluation_id: id }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Of a model that finds anomalies, whole; `data` is undefined where there is none. */
export function useLatestEvaluation(modelId: string) {
  const list = useEvaluations(modelId);
  const newest = list.data?.items[0]?.evaluation_id ?? null;
  const whole = useEvaluation(newest);
  return {
    data: whole.data?.task === 'anomaly' ? whole.data : undefined,
    isPending: list.isPending || (newest !== null && whole.isPending),
    error: list.error ?? whole.error,
  };
}
