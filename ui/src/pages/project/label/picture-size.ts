// The size of a picture: from its record, or, for pictures of the original, from the picture itself.
import { useEffect, useMemo, useState } from 'react';
import type { ImageItem } from '../../../server/client.ts';
import type { Size } from './boxes.ts';

/** From the record where it has the size, else from the picture. Rejects when it cannot be shown. */
export async function sizeOfPicture({
  url,
  width,
  height,
}: Pick<ImageItem, 'url' | 'width' | 'height'>): Promise<Size> {
  if (width !== undefined && height !== undefined) return { width, height };
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  return { width: picture.naturalWidth, height: picture.naturalHeight };
}

export function usePictureSize(image: ImageItem): { readonly size: Size | null; readonly error: unknown } {
  const { url, width, height } = image;
  const [measured, setMeasured] = useState<Size | null>(null);
  const [error, setError] = useState<unknown>(null);
  const known = useMemo(
    () => (width !== undefined && height !== undefined ? { width, height } : null),
    [width, height],
  );
  useEffect(() => {
    if (known !== null) return;
    sizeOfPicture({ url })
      .then(setMeasured)
      .catch((failure: unknown) => setError(failure));
  }, [known, url]);
  return { size: known ?? measured, error };
}
