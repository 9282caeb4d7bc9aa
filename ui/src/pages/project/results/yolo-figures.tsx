// How well an object detector found the objects of its val pictures: figures, curves, classes, confusion, pictures.
import { Empty } from '../../../components/empty.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Notice } from '../../../components/notice.tsx';
import type { ModelDetail } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { type Metrics, useMetrics } from './use-metrics.ts';
import { WideTable } from './wide-table.tsx';
import { YoloConfusion } from './yolo-confusion.tsx';
import { YoloCurves } from './yolo-curves.tsx';
import { YoloSamples } from './yolo-samples.tsx';
import { words } from './yolo-words.ts';

export function YoloFiguresView({ model }: { readonly model: ModelDetail }) {
  const w = useWords(words);
  const format = useFormat();
  const { data, error, refetch } = useMetrics(model.model_id);
  if (data === undefined)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => refetch()} />;
  if (data === null)
    return (
      <Empty icon="chart" title={w.missing}>
        {w.missingText}
      </Empty>
    );
  return (
    <div className="stack">
      <p className="quiet">{w.intro(format.count(data.counts.pictures), format.count(data.counts.truths))}</p>
      <Figures metrics={data} />
      {data.classesWithoutTruth.length > 0 && (
        <Notice tone="warn">{w.classesWithout(data.classesWithoutTruth.join(', '))}</Notice>
      )}
      <YoloCurves metrics={data} threshold={model.threshold} />
      <div className="results-curves wide">
        <PerClass metrics={data} />
        <YoloConfusion metrics={data} />
      </div>
      {model.job_id !== null && <YoloSamples jobId={model.job_id} />}
    </div>
  );
}

function Figures({ metrics }: { readonly metrics: Metrics }) {
  const w = useWords(words);
  const format = useFormat();
  const values = {
    map50: metrics.map50,
    map50_95: metrics.map50_95,
    precision: metrics.precision,
    recall: metrics.recall,
    f1: metrics.f1,
    best: metrics.bestConfidence,
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

const columns = ['ap50', 'ap50_95', 'precision', 'recall', 'f1'] as const;
const names: Readonly<Record<(typeof columns)[number], string>> = {
  ap50: 'AP50',
  ap50_95: 'AP50-95',
  precision: 'precision',
  recall: 'recall',
  f1: 'F1',
};

function PerClass({ metrics }: { readonly metrics: Metrics }) {
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
            {metrics.perClass.map((row) => (
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
