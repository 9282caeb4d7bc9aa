// What is answered about an image.
import type { ImageItem } from '../contract/images.ts';
import type { Frozen } from '../contract/route.ts';
import type { ImageRecord } from '../datasets/image-record.ts';
import { imageUrl, thumbnailUrl } from '../datasets/image-url.ts';
import type { Owner } from '../platform/queue/job.ts';

export function imageItem(owner: Owner, record: ImageRecord): Frozen<ImageItem> {
  const {
    id,
    filename,
    display_name,
    size,
    uploaded_at,
    width,
    height,
    mark = null,
    holdout = false,
    mask,
  } = record;
  return {
    id,
    filename,
    display_name,
    url: imageUrl(owner, filename),
    thumbnail_url: thumbnailUrl(owner, filename),
    size,
    uploaded_at,
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    mark,
    holdout,
    ...(mask === undefined ? {} : { mask_url: `/projects/${owner.id}/images/${filename}/mask` }),
  };
}
