// The figures of models on the same pictures, a row for each, with the difference to the first.
import { Notice } from '../../../components/notice.tsx';
import type { ModelInfo, ResultOf } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { useModelName } from '../../../text/model-name.ts';
import { words } from './compare-words.ts';
import { words as evaluationWords } from './evaluation-words.ts';
import { WideTable } from './wide-table.tsx';

export type Comparison = ResultOf<'compareModels'>;

const figures = ['image_auroc', 'recall', 'false_alarm_rate'] as const;

export function ComparisonTable({
  comparison,
  models,
}: {
  readonly comparison: Comparison;
  readonly models: readonly ModelInfo[];
}) {
  const w = useWords(words);
  const ew = useWords(evaluationWords);
  const format = useFormat();
  const nameOf = useModelName();
  const told = (name: (typeof figures)[number], x: number) =>
    name === 'image_auroc' ? format.decimal(x) : format.percent(x, 1);
  const { counts, good_side } = comparison.models[0]!;
  return (
    <>
      {counts.ok === 0 && (
        <Notice tone={good_side === 'left-out' ? 'note' : 'warn'}>
          {good_side === 'left-out' ? ew.leftOutEach : ew.noOk} {ew.holdOutText}
        </Notice>
      )}
      {counts.ng === 0 && <Notice tone="warn">{ew.noNg}</Notice>}
      <WideTable label={w.title}>
        <table>
          <thead>
            <tr>
              <th scope="col">{w.model}</th>
              {figures.map((name) => (
                <th key={name} scope="col" className="number" title={ew.means[name]}>
                  {ew.figures[name]}
                </th>
              ))}
              <th scope="col">{w.against}</th>
            </tr>
          </thead>
          <tbody>
            {comparison.models.map((row, i) => {
              const info = models.find(({ model_id }) => model_id === row.model_id);
              return (
                <tr key={row.model_id}>
                  <th scope="row" className="results-row">
                    {info === undefined ? row.model_id : nameOf(info)}
                  </th>
                  {figures.map((name) => {
                    const { value, interval } = row.figures[name];
                    return (
                      <td key={name} className="number">
                        {value === null ? '–' : told(name, value)}
                        {value !== null && interval !== null && (
                          <small className="quiet">
                            <br />
                            {ew.interval(told(name, interval[0]!), told(name, interval[1]!))}
                          </small>
                        )}
                      </td>
                    );
                  })}
                  <td>
                    {i === 0 ? (
                      <span className="quiet">{w.first}</span>
                    ) : (
                      <Difference row={comparison.against_first[i - 1]} />
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </WideTable>
    </>
  );
}

function Difference({ row }: { readonly row: Comparison['against_first'][number] | undefined }) {
  const w = useWords(words);
  const format = useFormat();
  if (row === undefined) return null;
  const { value, interval } = row.auroc_difference;
  const isOpen = interval === null || (interval[0]! <= 0 && interval[1]! >= 0);
  return (
    <>
      {value === null ? '–' : `${value > 0 ? '+' : ''}${format.decimal(value)}`}
      {value !== null && ` · ${isOpen ? w.same : value > 0 ? w.better : w.worse}`}
      <br />
      <small className="quiet">
        {w.only(format.count(row.only_this_right), format.count(row.only_first_right))}
      </small>
    </>
  );
}
