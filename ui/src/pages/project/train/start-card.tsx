// One line of what will happen, and the button that lets it.
import type { ReactNode } from 'react';
import { Button } from '../../../components/button.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Icon } from '../../../components/icon.tsx';
import { Notice } from '../../../components/notice.tsx';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { roughly } from './plan.ts';
import { words } from './words.ts';

interface StartCardProps {
  /** How it learns, in a sentence. */
  readonly does: string;
  /** From what. */
  readonly from: string;
  readonly seconds: number;
  /** What the pictures allow. */
  readonly promise?: { readonly tone: 'ok' | 'note' | 'warn'; readonly text: string } | null;
  /** Why it cannot be started now. */
  readonly blocked: string | null;
  readonly error: unknown;
  readonly busy: boolean;
  readonly disabled: boolean;
  readonly onStart: () => void;
  /** What has to be chosen before: shown between the words and the button. */
  readonly children?: ReactNode;
  readonly advanced: ReactNode;
}

export function StartCard(props: StartCardProps) {
  const w = useWords(words);
  const format = useFormat();
  return (
    <section className="card train-start" aria-labelledby="train-title">
      <div className="stack">
        <h2 id="train-title">{w.title}</h2>
        <p className="train-does">{props.does}</p>
        {props.children}
        <div className="train-go">
          <Button
            look="primary"
            icon="play"
            className="train-button"
            busy={props.busy}
            disabled={props.disabled || props.blocked !== null}
            onClick={props.onStart}
          >
            {w.train}
          </Button>
          <p>
            {props.from}
            <br />
            <span className="quiet" title={w.takesNote}>
              <Icon name="clock" size={14} /> {w.takes(format.duration(roughly(props.seconds)))}
            </span>
          </p>
        </div>
        {props.blocked !== null ? (
          <Notice tone="warn">{props.blocked}</Notice>
        ) : (
          props.promise && <Notice tone={props.promise.tone}>{props.promise.text}</Notice>
        )}
        {props.error != null && <Failure error={props.error} />}
      </div>
      <details className="train-advanced">
        <summary>{w.advanced}</summary>
        <div className="train-settings">{props.advanced}</div>
      </details>
    </section>
  );
}
