// Short words about what was done, at the corner of the page, read aloud and gone after a while.
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { defineWords, useWords } from '../text/language.tsx';
import { IconButton } from './button.tsx';
import type { Tone } from './notice.tsx';

const words = defineWords({ en: { close: 'Dismiss' }, th: { close: 'ปิด' } });

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: Tone;
  readonly action?: { readonly label: string; readonly run: () => void };
}

type Tell = (text: string, options?: Partial<Pick<Toast, 'tone' | 'action'>>) => void;

const ToastContext = createContext<Tell>(() => {});
const shownMs = 6000;

/** Tells the person something: `tell('Saved')`, `tell(error.message, { tone: 'ng' })`. */
export function useTell(): Tell {
  return useContext(ToastContext);
}

let lastId = 0;

export function Toasts({ children }: { readonly children: ReactNode }) {
  const w = useWords(words);
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const remove = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const tell = useMemo<Tell>(
    () =>
      (text, { tone = 'ok', action } = {}) => {
        const id = ++lastId;
        setToasts((all) => [...all.slice(-3), { id, text, tone, ...(action && { action }) }]);
        // What failed stays until it was read.
        if (tone !== 'ng') setTimeout(() => remove(id), shownMs);
      },
    [remove],
  );
  const section = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    if (toasts.length === 0) return;
    // Shown last, it lies above a dialog that is open.
    section.current?.hidePopover?.();
    section.current?.showPopover?.();
  }, [toasts]);
  return (
    <ToastContext value={tell}>
      {children}
      <section
        className="toasts"
        ref={section}
        popover="manual"
        aria-live="polite"
        aria-label="notifications"
      >
        {toasts.map(({ id, text, tone, action }) => (
          <div key={id} className={`toast ${tone}`}>
            <span>{text}</span>
            {action && (
              <button
                type="button"
                className="link"
                onClick={() => {
                  action.run();
                  remove(id);
                }}
              >
                {action.label}
              </button>
            )}
            <IconButton icon="close" label={w.close} onClick={() => remove(id)} />
          </div>
        ))}
      </section>
    </ToastContext>
  );
}
