// The figures of an object detector over its val pictures.
import { useQuery } from '@tanstack/react-query';
import { ApiError, api, type ResultOf } from '../../../server/client.ts';

export type Metrics = ResultOf<'getModelMetrics'>;
/** The figures over a set of pictures, those of the training or of an evaluation. */
export type Report = Omit<Metrics, 'best_epoch' | 'epochs'>;

/** `data` is null for models that keep none, such as those of the original. */
export const useMetrics = (modelId: string) =>
  useQuery({
    queryKey: ['metrics', modelId],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async (): Promise<Metrics | null> => {
      try {
        return await api.getModelMetrics({ model_id: modelId });
      } catch (error) {
        if (error instanceof ApiError && error.code === 'blob.not_found') return null;
        throw error;
      }
    },
  });
