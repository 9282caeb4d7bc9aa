// Which classes an object detector takes for which; the last row and column are background.
import type { CSSProperties } from 'react';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import type { Report } from './use-metrics.ts';
import { WideTable } from './wide-table.tsx';
import { words } from './yolo-words.ts';

export function YoloConfusion({ report }: { readonly report: Report }) {
  const w = useWords(words);
  const format = useFormat();
  const { confusion, perClass } = report;
  const names = [...perClass.map(({ name }) => name), w.background];
  return (
    <section className="card stack tight">
      <h3>{w.confusion}</h3>
      <p className="quiet">
        {w.confusionText(format.decimal(confusion.confidence, 2), format.decimal(confusion.iou, 2))}
      </p>
      <WideTable label={w.confusion} bare>
        <table className="results-matrix">
          <thead>
            <tr>
              <td />
              {names.map((name, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a class may be called as the background is
                <th key={i} scope="col" title={name}>
                  <span className="cut">{name}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {confusion.counts.map((row, truth) => {
              const sum = row.reduce((a, b) => a + b, 0);
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows are the classes in their order
                <tr key={truth}>
                  <th scope="row" className="results-row">
                    {names[truth]}
                  </th>
                  {row.map((count, taken) => (
                    <td
                      // biome-ignore lint/suspicious/noArrayIndexKey: columns are the classes in their order
                      key={taken}
                      className={taken === truth ? 'ok' : 'ng'}
                      style={{ '--share': sum === 0 ? 0 : count / sum } as CSSProperties}
                    >
                      {truth === row.length - 1 && taken === row.length - 1 ? '' : format.count(count)}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </WideTable>
    </section>
  );
}
