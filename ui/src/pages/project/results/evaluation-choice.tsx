// Which evaluation of a model is looked at, when there are several.
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './evaluation-words.ts';

export interface EvaluationToChoose {
  readonly id: string;
  readonly at: string;
  /** How many pictures, in words. */
  readonly of: string;
}

export function EvaluationChoice({
  items,
  chosen,
  onChoose,
}: {
  readonly items: readonly EvaluationToChoose[];
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
}) {
  const w = useWords(words);
  const format = useFormat();
  if (items.length < 2) return null;
  return (
    <select
      className="results-choice"
      aria-label={w.earlier}
      value={chosen}
      onChange={({ target }) => onChoose(target.value)}
    >
      {items.map(({ id, at, of }) => (
        <option key={id} value={id}>
          {format.moment(at)} · {of}
        </option>
      ))}
    </select>
  );
}
