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
import { createPortal } from 'react-dom';
import { defineWords, useWords } from '../text/language.tsx';
import { useSaid } from '../text/said.ts';
import { IconButton } from './button.tsx';
import { useTopModal } from './modal.ts';
import type { Tone } from './notice.tsx';

const words = defineWords({
  en: { close: 'Dismiss', messages: 'Messages' },
  th: { close: 'ปิด', messages: 'ข้อความ' },
});

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: Tone;
  readonly action?: { readonly label: string; readonly run: () => void };
}

type Tell = (text: string, options?: Partial<Pick<Toast, 'tone' | 'action'>>) => void;

const ToastContext = createContext<Tell>(() => {});
const shownMs = 6000;

/** Tells the person something, such as `tell('Saved')`. */
export function useTell(): Tell {
  return useContext(ToastContext);
}

/** Tells what went wrong. */
export function useTellError(): (error: unknown) => void {
  const tell = useTell();
  const said = useSaid();
  return useCallback((error: unknown) => tell(said(error), { tone: 'ng' }), [tell, said]);
}

let lastId = 0;

export function Toasts({ children }: { readonly children: ReactNode }) {
  const w = useWords(words);
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const modal = useTopModal();
  const section = useRef<HTMLElement>(null);
  /** What had the focus before one of the buttons here. */
  const before = useRef<HTMLElement | SVGElement | null>(null);
  const remove = useCallback((id: number) => {
    const isHere = section.current?.contains(document.activeElement) === true;
    setToasts((all) => all.filter((toast) => toast.id !== id));
    if (isHere && before.current?.isConnected) before.current.focus();
  }, []);
  const tell = useMemo<Tell>(() => {
    // What is being read or aimed at stays.
    const fade = (id: number) =>
      setTimeout(() => (section.current?.matches(':hover, :focus-within') ? fade(id) : remove(id)), shownMs);
    return (text, { tone = 'ok', action } = {}) => {
      const id = ++lastId;
      setToasts((all) => [...all.slice(-3), { id, text, tone, ...(action && { action }) }]);
      // What failed stays until it was read.
      if (tone !== 'ng') fade(id);
    };
  }, [remove]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: in another dialog it is another element
  useLayoutEffect(() => {
    // Within a dialog that closes just now they are shown where they go next.
    if (toasts.length === 0 || !section.current?.isConnected) return;
    // Shown last, it lies above a dialog that is open.
    section.current.hidePopover?.();
    section.current.showPopover?.();
  }, [toasts, modal]);
  return (
    <ToastContext value={tell}>
      {children}
      {/* Outside of a dialog its buttons could not be pressed. */}
      {createPortal(
        <section
          className="toasts"
          ref={section}
          popover="manual"
          aria-live="polite"
          aria-label={w.messages}
          onFocus={({ relatedTarget: from }) => {
            if (from === null || section.current?.contains(from)) return;
            if (from instanceof HTMLElement || from instanceof SVGElement) before.current = from;
          }}
          // A press leaves the focus where one works.
          onMouseDown={(event) => event.preventDefault()}
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
        </section>,
        modal ?? document.body,
      )}
    </ToastContext>
  );
}
