// How well a model did: in its newest evaluation or, of a detector without one, over its val pictures.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { addresses } from '../../addresses.ts';
import { api, type ModelDetail, type ResultOf } from '../../server/client.ts';
import { useFormat } from '../../text/format.ts';
import { useWords } from '../../text/language.tsx';
import { words } from './words.ts';

type ObjectFigures = Extract<
  ResultOf<'listEvaluations'>['items'][number],
  { readonly task: 'detect' }
>['figures'];

export function Metrics({ model }: { readonly model: ModelDetail }) {
  const w = useWords(words);
  const format = useFormat();
  const { data } = useQuery({
    queryKey: ['evaluations', model.model_id],
    queryFn: () => api.listEvaluations({ model_id: model.model_id }),
  });
  const newest = data?.items[0];
  const share = (value: number | null | undefined) => (value == null ? '–' : format.decimal(value, 3));
  const ofObjects = (figures: NonNullable<ModelDetail['metrics']> | ObjectFigures) =>
    [
      ['mAP50', share(figures.map50)],
      ['mAP50-95', share(figures.map50_95)],
      [w.precision, share(figures.precision)],
      [w.recall, share(figures.recall)],
    ] as const;
  const rows: readonly (readonly [string, string])[] =
    newest === undefined
      ? model.metrics === null
        ? []
        : ofObjects(model.metrics)
      : newest.task === 'detect'
        ? [...ofObjects(newest.figures), [w.pictures, format.count(newest.counts.pictures)]]
        : [
            ['AUROC', share(newest.figures.image_auroc.value)],
            [w.recall, share(newest.figures.recall.value)],
            [w.precision, share(newest.figures.precision.value)],
            [w.falseAlarms, share(newest.figures.false_alarm_rate.value)],
            ['AUPRO', share(newest.figures.aupro.value)],
            [w.pictures, `${format.count(newest.counts.ok)} OK, ${format.count(newest.counts.ng)} NG`],
          ];
  return (
    <section className="card stack tight">
      <h2>{w.metrics}</h2>
      {newest !== undefined && <p className="quiet">{w.evaluations(format.count(data!.items.length))}</p>}
      {rows.length === 0 ? (
        <p className="quiet">{w.noMetrics}</p>
      ) : (
        <dl className="facts">
          {rows.map(([name, value]) => (
            <div key={name} className="models-fact">
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {model.project_id !== null && (
        <p>
          <Link to={addresses.project(model.project_id, 'results')}>{w.results}</Link>
        </p>
      )}
    </section>
  );
}
