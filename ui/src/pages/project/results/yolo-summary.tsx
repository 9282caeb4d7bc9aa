// The figures of an object detector over all classes.
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import type { Report } from './use-metrics.ts';
import { words } from './yolo-words.ts';

export function YoloFigures({ report }: { readonly report: Report }) {
  const w = useWords(words);
  const format = useFormat();
  const values = {
    map50: report.map50,
    map50_95: report.map50_95,
    precision: report.precision,
    recall: report.recall,
    f1: report.f1,
    best: report.bestConfidence,
  };
  return (
    <dl className="results-figures card">
      {(Object.keys(values) as (keyof typeof values)[]).map((name) => (
        <div key={name}>
          <dt>{w.figures[name]}</dt>
          <dd className="results-value">{values[name] === null ? '–' : format.decimal(values[name])}</dd>
          <dd className="hint">{w.means[name]}</dd>
        </div>
      ))}
    </dl>
  );
}
