// The map of a result in absolute scores, and its drawing as a picture that SVG can show.
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useState } from 'react';
import { type AnomalyMap, drawMap, readMapFile } from '../../../../../src/runner/draw-map.ts';
import { ApiError } from '../../../server/client.ts';

export function useMap(url: string | null) {
  return useQuery({
    queryKey: ['map', url],
    enabled: url !== null,
    // It never changes under its address.
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async (): Promise<AnomalyMap> => {
      const answer = await fetch(url!);
      if (!answer.ok) throw new ApiError(answer.status, null, answer.headers.get('retry-after'));
      return readMapFile(new Uint8Array(await answer.arrayBuffer()));
    },
  });
}

/** As a data: address; `top` in thresholds. */
export function useDrawnMap(
  map: AnomalyMap | undefined,
  pixelThreshold: number,
  { top, clear }: { readonly top: number; readonly clear: boolean },
): string | null {
  const wanted = useDeferredValue(top);
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (map === undefined) return setUrl(null);
    const { width, height, data } = drawMap(map, pixelThreshold, { top: wanted, clear });
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    canvas.getContext('2d')!.putImageData(new ImageData(data, width, height), 0, 0);
    setUrl(canvas.toDataURL());
  }, [map, pixelThreshold, wanted, clear]);
  return url;
}

/** null until it is loaded; 'gone' when it cannot be. */
export function useSizeOf(url: string): { readonly width: number; readonly height: number } | 'gone' | null {
  const [size, setSize] = useState<{
    readonly of: string;
    readonly is: { readonly width: number; readonly height: number } | 'gone';
  } | null>(null);
  useEffect(() => {
    const image = new Image();
    image.onload = () => setSize({ of: url, is: { width: image.naturalWidth, height: image.naturalHeight } });
    image.onerror = () => setSize({ of: url, is: 'gone' });
    image.src = url;
    return () => {
      image.onload = null;
      image.onerror = null;
    };
  }, [url]);
  return size?.of === url ? size.is : null;
}
