// While something comes, and how far it is.
import { defineWords, useWords } from '../text/language.tsx';

const words = defineWords({ en: { loading: 'Loading' }, th: { loading: 'กำลังโหลด' } });

/** It shows itself only after a moment: what comes at once should not flicker. */
export function Loading() {
  const w = useWords(words);
  return (
    <div className="loading" role="status">
      <span className="spinner" aria-hidden="true" />
      <span>{w.loading}…</span>
    </div>
  );
}

/** @param share 0 to 1; null: under way, but nobody knows how far */
export function Progress({ share, label }: { readonly share: number | null; readonly label: string }) {
  return (
    <progress className="progress" aria-label={label} max={1} {...(share === null ? {} : { value: share })} />
  );
}

/** The place of lines that are still to come. */
export function Skeleton({ lines = 3 }: { readonly lines?: number }) {
  return (
    <div className="skeleton" aria-hidden="true">
      {Array.from({ length: lines }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they never change places
        <span key={i} />
      ))}
    </div>
  );
}
