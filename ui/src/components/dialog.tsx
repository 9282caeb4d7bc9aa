// A dialog over the page: the browser's own, with its focus, its Escape and its backdrop.
import { type ReactNode, useId } from 'react';
import { defineWords, useWords } from '../text/language.tsx';
import { IconButton } from './button.tsx';
import { useModal } from './modal.ts';

const words = defineWords({ en: { close: 'Close' }, th: { close: 'ปิด' } });

export function Dialog({
  title,
  onClose,
  children,
  wide,
}: {
  readonly title: ReactNode;
  /** Escape, the cross, or a press beside it. Whoever shows it takes it away. */
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly wide?: boolean;
}) {
  const dialog = useModal();
  const id = useId();
  const w = useWords(words);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard has Escape, which the browser gives
    <dialog
      ref={dialog}
      className={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div className="dialog-body">
        <header>
          <h2 id={id}>{title}</h2>
          <IconButton icon="close" label={w.close} onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}
