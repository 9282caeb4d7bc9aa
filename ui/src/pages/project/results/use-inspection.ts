// What a model says about a stored picture, with its heatmap; and how large a picture is.
import { useQuery } from '@tanstack/react-query';
import { api } from '../../../server/client.ts';

/** Asked once: it is computed by the model, and its previews stay for hours. */
export const useInspection = (modelId: string, filename: string) =>
  useQuery({
    queryKey: ['inspection', modelId, filename],
    queryFn: ({ signal }) => api.inspectImage({ model_id: modelId, filename, signal }),
    staleTime: 3_600_000,
  });

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

export const usePictureSize = (url: string) =>
  useQuery({
    queryKey: ['picture-size', url],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async (): Promise<PictureSize> => {
      const image = new Image();
      image.src = url;
      await image.decode();
      return { width: image.naturalWidth, height: image.naturalHeight };
    },
  });
