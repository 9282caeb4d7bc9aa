// What a job has told, line by line; the view stays at the newest while one looks at it.
import { useEffect, useRef } from 'react';
import { useWords } from '../../../text/language.tsx';
import { words } from './job-words.ts';

export function JobLog({
  lines,
  isOpen,
}: {
  readonly lines: readonly string[];
  /** Before a person folds or unfolds it. */
  readonly isOpen: boolean;
}) {
  const w = useWords(words);
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new line is what moves it
  useEffect(() => {
    if (box.current !== null && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  return (
    <details className="card train-log" open={isOpen}>
      <summary>{w.log}</summary>
      {lines.length === 0 ? (
        <p className="quiet">{w.noLog}</p>
      ) : (
        <section
          ref={box}
          className="train-lines mono"
          aria-label={w.log}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must by keyboard too
          tabIndex={0}
          onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
            atEnd.current = scrollHeight - scrollTop - clientHeight < 8;
          }}
        >
          {lines.map((line, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines are only added
            <p key={i}>{line}</p>
          ))}
        </section>
      )}
    </details>
  );
}
