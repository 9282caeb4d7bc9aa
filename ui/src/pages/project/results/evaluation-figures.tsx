// The figures of an evaluation with their intervals, or why there is none.
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './evaluation-words.ts';
import type { Evaluation } from './scored.ts';

type Figures = Evaluation['figures'];
type Name = keyof Figures;

const order: readonly Name[] = [
  'image_auroc',
  'recall',
  'false_alarm_rate',
  'precision',
  'average_precision',
  'best_f1',
  'pixel_auroc',
  'aupro',
];
/** Shares of pictures are told in percent; the others as the field writes them. */
const shares: ReadonlySet<Name> = new Set(['recall', 'false_alarm_rate', 'precision']);
const ofPixels: ReadonlySet<Name> = new Set(['pixel_auroc', 'aupro']);

export function EvaluationFigures({ figures }: { readonly figures: Figures }) {
  const w = useWords(words);
  const format = useFormat();
  const told = (name: Name, x: number) => (shares.has(name) ? format.percent(x, 1) : format.decimal(x));
  return (
    <dl className="results-figures card">
      {order.map((name) => {
        const figure = figures[name];
        const interval = 'interval' in figure ? figure.interval : null;
        return (
          <div key={name} title={w.means[name]}>
            <dt>{w.figures[name]}</dt>
            <dd className="results-value">{figure.value === null ? '–' : told(name, figure.value)}</dd>
            <dd className="hint">
              {figure.value === null && (ofPixels.has(name) ? w.noneWhy.masks : w.noneWhy.oneClass)}
              {interval !== null && figure.value !== null && (
                <span title={w.intervalMeans}>
                  {w.interval(told(name, interval[0]!), told(name, interval[1]!))}
                </span>
              )}
              {'threshold' in figure && figure.threshold !== null && w.at(format.decimal(figure.threshold))}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
