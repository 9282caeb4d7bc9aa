// Which pictures are shown, and in what order. Pure.
import type { ImageItem } from '../../../server/client.ts';

export const filters = ['all', 'none', 'ok', 'ng', 'held', 'flagged'] as const;
export type Filter = (typeof filters)[number];

export const orders = ['newest', 'oldest', 'name', 'largest'] as const;
export type Order = (typeof orders)[number];

export interface Choice {
  readonly filter: Filter;
  readonly order: Order;
  readonly search: string;
}

type IsFlagged = (filename: string) => boolean;

const passes: Readonly<Record<Filter, (image: ImageItem, isFlagged: IsFlagged) => boolean>> = {
  all: () => true,
  none: ({ mark }) => mark === null,
  ok: ({ mark }) => mark === 'ok',
  ng: ({ mark }) => mark === 'ng',
  held: ({ holdout }) => holdout,
  flagged: ({ filename, mark }, isFlagged) => mark !== 'ng' && isFlagged(filename),
};

const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** @param images oldest first */
export function shownImages(
  images: readonly ImageItem[],
  { filter, order, search }: Choice,
  isFlagged: IsFlagged,
): readonly ImageItem[] {
  const wanted = search.trim().normalize('NFC').toLocaleLowerCase();
  const found = images.filter(
    (image) =>
      passes[filter](image, isFlagged) &&
      (wanted === '' || image.display_name.toLocaleLowerCase().includes(wanted)),
  );
  switch (order) {
    case 'oldest':
      return found;
    case 'newest':
      // Those of one upload stay in the order of their names.
      return found.sort((a, b) =>
        a.uploaded_at < b.uploaded_at ? 1 : a.uploaded_at > b.uploaded_at ? -1 : 0,
      );
    case 'name':
      return found.sort((a, b) => byName.compare(a.display_name, b.display_name));
    case 'largest':
      return found.sort((a, b) => pixels(b) - pixels(a));
  }
}

const pixels = ({ width = 0, height = 0 }: ImageItem) => width * height;

export function countsOf(
  images: readonly ImageItem[],
  isFlagged: IsFlagged,
): Readonly<Record<Filter, number>> {
  const counts = { all: 0, none: 0, ok: 0, ng: 0, held: 0, flagged: 0 };
  for (const image of images) for (const name of filters) if (passes[name](image, isFlagged)) counts[name]++;
  return counts;
}
