// What the colours of the histogram mean; only of what is there.
import { useWords } from '../../../text/language.tsx';
import type { Group, Scored } from './scored.ts';
import { words } from './threshold-words.ts';

export function Legend({
  pictures,
  hasBand,
}: {
  readonly pictures: readonly Scored[];
  readonly hasBand: boolean;
}) {
  const w = useWords(words);
  const there = (['good', 'tested', 'bad'] as const satisfies readonly Group[]).filter((group) =>
    pictures.some((picture) => picture.group === group),
  );
  return (
    <ul className="chart-legend">
      {there.map((group) => (
        <li key={group}>
          <span className={`results-key ${group}`} aria-hidden="true" />
          {w[group]}
        </li>
      ))}
      {hasBand && (
        <li>
          <span className="results-key band" aria-hidden="true" />
          {w.uncertain}
        </li>
      )}
    </ul>
  );
}
