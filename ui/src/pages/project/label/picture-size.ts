// The size of a picture: from its record, or, for pictures of the original, from the picture itself.
import { useEffect, useMemo, useState } from 'react';
import type { ImageItem } from '../../../server/client.ts';
import type { Size } from './boxes.ts';

export function usePictureSize({ url, width, height }: ImageItem): {
  readonly size: Size | null;
  readonly error: unknown;
} {
  const known = width !== undefined && height !== undefined;
  const [measured, setMeasured] = useState<Size | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    if (known) return;
    const picture = new Image();
    picture.src = url;
    picture
      .decode()
      .then(() => setMeasured({ width: picture.naturalWidth, height: picture.naturalHeight }))
      .catch((failure: unknown) => setError(failure));
  }, [known, url]);
  const size = useMemo(() => (known ? { width, height } : measured), [known, width, height, measured]);
  return { size, error };
}
