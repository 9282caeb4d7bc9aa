// The keys of the label page.
import { useWords } from '../../../text/language.tsx';
import { words } from './words.ts';

export function KeyList() {
  const w = useWords(words);
  return (
    <details className="card">
      <summary>{w.keys}</summary>
      <dl className="facts">
        {w.keyList.map(([key, what]) => (
          <div key={key} className="label-key">
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
