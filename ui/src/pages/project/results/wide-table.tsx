// A table that may be wider than its place: it scrolls by itself, by the keyboard too.
import type { ReactNode } from 'react';

export function WideTable({
  label,
  bare,
  children,
}: {
  readonly label: string;
  /** Within a card already. */
  readonly bare?: boolean;
  readonly children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table is no fieldset, and a section would be one more landmark
    <div
      role="group"
      className={`scroll-x results-table ${bare ? '' : 'card'}`}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must by keyboard too
      tabIndex={0}
    >
      {children}
    </div>
  );
}
