// Sets a threshold by a rate, by value or by what was best for the evaluated pictures, and saves it with its reason.
import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Field } from '../../../components/field.tsx';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { RateChoice } from './rate-choice.tsx';
import { type Evaluation, heldRate, type Scores } from './scored.ts';
import { words } from './threshold-words.ts';
import { Trust } from './trust.tsx';
import { useThreshold } from './use-threshold.ts';

export interface Moved {
  readonly value: number;
  /** That the value holds; null: moved by hand. */
  readonly rate: number | null;
}

/** Back at the saved value it holds the saved rate again. */
export const byHand = (value: number, { threshold }: Scores): Moved => ({
  value,
  rate: value === threshold.value ? threshold.target_false_alarm_rate : null,
});

export function ThresholdForm({
  modelId,
  scores,
  best,
  moved,
  onMove,
}: {
  readonly modelId: string;
  readonly scores: Scores;
  /** By F1, of the newest evaluation. */
  readonly best: Evaluation['figures']['best_f1'] | null;
  readonly moved: Moved;
  readonly onMove: (moved: Moved) => void;
}) {
  const w = useWords(words);
  const format = useFormat();
  const [note, setNote] = useState('');
  const save = useThreshold(modelId, () => setNote(''));
  const { value: saved, target_false_alarm_rate: savedRate } = scores.threshold;
  const held = moved.rate === null ? null : heldRate(scores, moved.rate);
  return (
    <form
      className="card stack"
      onSubmit={(event) => {
        event.preventDefault();
        const why = note.trim() === '' ? {} : { note: note.trim() };
        const { rate, value } = moved;
        save.mutate(rate === null ? { value, ...why } : { target_false_alarm_rate: rate, ...why });
      }}
    >
      {scores.items.length >= 2 && (
        <RateChoice
          rate={moved.rate}
          onChoose={(rate) => onMove({ rate, value: heldRate(scores, rate)!.value })}
        />
      )}
      {best?.threshold != null && best.value !== null && (
        <div>
          <button type="button" className="link" onClick={() => onMove(byHand(best.threshold!, scores))}>
            {w.best(format.decimal(best.threshold), format.decimal(best.value))}
          </button>
          <p className="hint">{w.bestHint}</p>
        </div>
      )}
      <Field label={w.exact}>
        <input
          type="number"
          step="any"
          required
          value={Number.isNaN(moved.value) ? '' : Number(moved.value.toPrecision(7))}
          onChange={({ target }) => target.value !== '' && onMove(byHand(target.valueAsNumber, scores))}
        />
      </Field>
      <div>
        <h3>{w.trust}</h3>
        <Trust
          scores={scores}
          held={
            held === null || moved.rate === null ? null : { rate: moved.rate, isPromised: held.isPromised }
          }
        />
      </div>
      <Field label={w.note} hint={w.noteHint}>
        <textarea rows={2} maxLength={2000} value={note} onChange={({ target }) => setNote(target.value)} />
      </Field>
      <div className="row">
        <Button
          type="submit"
          look="primary"
          icon="check"
          busy={save.isPending}
          disabled={moved.value === saved && moved.rate === savedRate}
        >
          {w.save}
        </Button>
        {moved.value !== saved && (
          <Button icon="undo" onClick={() => onMove({ value: saved, rate: savedRate })}>
            {w.reset}
          </Button>
        )}
      </div>
    </form>
  );
}
