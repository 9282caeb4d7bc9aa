// What is drawn of a stored picture: the file itself, or its preview where the browser cannot show the type.
import { useEffect, useState } from 'react';
import type { ImageItem } from '../../../../server/client.ts';

export interface ShownPicture {
  readonly href: string;
  /** In pixels of the file, upright. */
  readonly width: number;
  readonly height: number;
  readonly isPreview: boolean;
}

/** undefined until its size is known. */
export function usePicture(image: ImageItem): ShownPicture | undefined {
  const [loaded, setLoaded] = useState<ShownPicture & { readonly of: string }>();
  const { filename, url, thumbnail_url, width, height } = image;
  useEffect(() => {
    let isCurrent = true;
    const load = (href: string, isPreview: boolean) => {
      const picture = new Image();
      picture.onload = () =>
        isCurrent &&
        setLoaded({
          of: filename,
          href,
          isPreview,
          width: width ?? picture.naturalWidth,
          height: height ?? picture.naturalHeight,
        });
      picture.onerror = () => {
        if (!isPreview) load(thumbnail_url, true);
      };
      picture.src = href;
    };
    load(url, false);
    return () => {
      isCurrent = false;
    };
  }, [filename, url, thumbnail_url, width, height]);
  if (loaded?.of === filename) return loaded;
  // The preview is there at once.
  return width !== undefined && height !== undefined
    ? { href: thumbnail_url, width, height, isPreview: false }
    : undefined;
}

/** Asks the browser for pictures that are likely to be shown next. */
export function usePreload(urls: readonly (string | undefined)[]): void {
  const [first, second] = urls;
  useEffect(() => {
    for (const url of [first, second]) if (url !== undefined) new Image().src = url;
  }, [first, second]);
}
