// How far a threshold can be trusted, in words.
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import type { Scores } from './scored.ts';
import { words } from './threshold-words.ts';

export function Trust({
  scores,
  held,
}: {
  readonly scores: Scores;
  /** The rate that the threshold holds; null: set by hand. */
  readonly held: { readonly rate: number; readonly isPromised: boolean } | null;
}) {
  const w = useWords(words);
  const format = useFormat();
  const n = scores.items.length;
  if (scores.source === null) return <p>{w.noScores}</p>;
  const rateText = (rate: number) => format.percent(rate, rate < 0.1 ? 1 : 0);
  return (
    <p>
      {held === null
        ? w.byHand(format.count(n))
        : held.isPromised
          ? w.promised(format.count(n), rateText(held.rate))
          : w.notPromised(
              format.count(n),
              rateText(held.rate),
              format.count(Math.ceil(1 / held.rate - 1e-9) - 1),
              rateText(1 / (n + 1)),
            )}{' '}
      <span className="quiet">{scores.source === 'cross-fitted' ? w.crossFitted : w.heldOut}</span>
    </p>
  );
}
