// What pictures are against what they are called, at the threshold.
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './evaluation-words.ts';
import type { Evaluation } from './scored.ts';

export function Confusion({
  confusion,
  isLeftOut,
}: {
  readonly confusion: Evaluation['confusion'];
  /** The good side are left-out scores of the training, no pictures. */
  readonly isLeftOut: boolean;
}) {
  const w = useWords(words);
  const format = useFormat();
  const { true_positives, false_positives, true_negatives, false_negatives } = confusion;
  const cell = (count: number, name: string, tone: 'ok' | 'ng') => (
    <td className={count === 0 ? 'results-cell' : `results-cell ${tone}`}>
      <strong>{format.count(count)}</strong>
      <span>{name}</span>
    </td>
  );
  return (
    <table className="results-confusion">
      <thead>
        <tr>
          <td />
          <th scope="col">{w.saysNg}</th>
          <th scope="col">{w.saysOk}</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">{w.isNg}</th>
          {cell(true_positives, w.right, 'ok')}
          {cell(false_negatives, w.missed, 'ng')}
        </tr>
        <tr>
          <th scope="row">{isLeftOut ? w.isLeftOut : w.isOk}</th>
          {cell(false_positives, w.falseAlarm, 'ng')}
          {cell(true_negatives, w.right, 'ok')}
        </tr>
      </tbody>
    </table>
  );
}
