// Dialogs over the page: the focus goes in, and back to where it came from; the last opened is the one that can be used.
import { type RefObject, useEffect, useRef, useSyncExternalStore } from 'react';

let open: readonly HTMLDialogElement[] = [];
const readers = new Set<() => void>();

/** For a `<dialog>`: open as long as it is shown. */
export function useModal(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const own = dialog.current;
    if (own === null) return;
    const opener = document.activeElement as HTMLElement | null;
    if (!own.open) own.showModal();
    become([...open, own]);
    return () => {
      become(open.filter((other) => other !== own));
      opener?.focus?.();
    };
  }, []);
  return dialog;
}

/** The browser takes presses and keys only inside of this one; null: everywhere. */
export function useTopModal(): HTMLDialogElement | null {
  return useSyncExternalStore(subscribe, () => open.at(-1) ?? null);
}

function become(next: readonly HTMLDialogElement[]): void {
  open = next;
  for (const reader of readers) reader();
}

function subscribe(reader: () => void): () => void {
  readers.add(reader);
  return () => readers.delete(reader);
}
