// The figures of an object detector class by class.
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import type { Report } from './use-metrics.ts';
import { WideTable } from './wide-table.tsx';
import { words } from './yolo-words.ts';

const columns = ['ap50', 'ap50_95', 'precision', 'recall', 'f1'] as const;
const names: Readonly<Record<(typeof columns)[number], string>> = {
  ap50: 'AP50',
  ap50_95: 'AP50-95',
  precision: 'precision',
  recall: 'recall',
  f1: 'F1',
};

export function YoloClasses({ report }: { readonly report: Report }) {
  const w = useWords(words);
  const format = useFormat();
  return (
    <section className="card stack tight">
      <h3>{w.perClass}</h3>
      <WideTable label={w.perClass} bare>
        <table>
          <thead>
            <tr>
              <th scope="col">{w.class}</th>
              <th scope="col" className="number">
                {w.truths}
              </th>
              <th scope="col" className="number">
                {w.detections}
              </th>
              {columns.map((name) => (
                <th key={name} scope="col" className="number">
                  {names[name]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {report.perClass.map((row) => (
              <tr key={row.name}>
                <th scope="row" className="results-row">
                  {row.name}
                </th>
                <td className="number">{format.count(row.truths)}</td>
                <td className="number">{format.count(row.detections)}</td>
                {columns.map((name) => (
                  <td key={name} className="number">
                    {row[name] === null ? '–' : format.decimal(row[name])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </WideTable>
    </section>
  );
}
