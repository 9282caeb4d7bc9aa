// What the models of a project have learnt: one model at a time, and side by side.
import { useQuery } from '@tanstack/react-query';
import { useLocation, useSearch } from 'wouter';
import { addresses } from '../../../addresses.ts';
import { LinkButton } from '../../../components/button.tsx';
import { Empty } from '../../../components/empty.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Notice } from '../../../components/notice.tsx';
import { Segments } from '../../../components/segments.tsx';
import { api, type ModelInfo, type ProjectInfo } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import type { PartProps } from '../project.tsx';
import { CompareView } from './compare.tsx';
import { UpkeepView } from './drift.tsx';
import { EvaluationView } from './evaluation.tsx';
import { ModelLine } from './model-line.tsx';
import './results.css';
import { ThresholdView } from './threshold.tsx';
import { anomalyViews, type View, viewAddress, yoloViews } from './view-address.ts';
import { words } from './words.ts';
import { YoloEvaluationView } from './yolo-evaluation.tsx';
import { YoloFiguresView } from './yolo-figures.tsx';
import { YoloThresholdsView } from './yolo-thresholds.tsx';

/** Weights that were uploaded to train from cannot be tested with. */
const isBaseOnly = ({ training_mode, epochs_run, lr }: ModelInfo) =>
  training_mode === 'finetune' && epochs_run === 0 && lr === 0;

export default function Results({ project }: PartProps) {
  const w = useWords(words);
  const { project_id } = project;
  const models = useQuery({
    queryKey: ['models', project_id],
    queryFn: () => api.listModels({ query: { project_id } }),
  });
  const query = new URLSearchParams(useSearch());
  if (models.data === undefined)
    return models.error === null ? (
      <Loading />
    ) : (
      <Failure error={models.error} onRetry={() => models.refetch()} />
    );
  const usable = models.data.filter((model) => !isBaseOnly(model));
  const named = query.get('model');
  const model = usable.find(({ model_id }) => model_id === named) ?? usable[0];
  if (model === undefined)
    return (
      <Empty
        icon="chart"
        title={w.noModels}
        action={
          <LinkButton look="primary" icon="play" to={addresses.project(project_id, 'train')}>
            {w.train}
          </LinkButton>
        }
      >
        {w.noModelsText}
      </Empty>
    );
  return (
    <div className="stack results">
      {named !== null && named !== model.model_id && <Notice tone="warn">{w.unknownModel}</Notice>}
      <OfModel project={project} model={model} models={usable} view={query.get('view')} />
    </div>
  );
}

function OfModel({
  project,
  model,
  models,
  view: wanted,
}: {
  readonly project: ProjectInfo;
  readonly model: ModelInfo;
  readonly models: readonly ModelInfo[];
  readonly view: string | null;
}) {
  const w = useWords(words);
  const [, go] = useLocation();
  const { model_id } = model;
  const detail = useQuery({ queryKey: ['model', model_id], queryFn: () => api.getModel({ model_id }) });
  const views: readonly View[] = model.task === 'detect' ? yoloViews : anomalyViews;
  const view = views.find((name) => name === wanted) ?? views[0]!;
  return (
    <>
      <div className="results-head">
        <ModelLine model={model} models={models} onChoose={(chosen) => go(viewAddress(chosen, view))} />
        <div className="scroll-x">
          <Segments
            label={w.view}
            value={view}
            onChange={(name) => go(viewAddress(model, name))}
            options={views.map((value) => ({ value, label: { ...w.views, ...w.viewsOfYolo }[value] }))}
          />
        </div>
      </div>
      {detail.data === undefined ? (
        detail.error === null ? (
          <Loading />
        ) : (
          <Failure error={detail.error} onRetry={() => detail.refetch()} />
        )
      ) : (
        <div key={model_id}>
          {view === 'threshold' && <ThresholdView model={detail.data} />}
          {view === 'evaluation' &&
            (model.task === 'detect' ? (
              <YoloEvaluationView project={project} model={detail.data} />
            ) : (
              <EvaluationView project={project} model={detail.data} />
            ))}
          {view === 'compare' && <CompareView project={project} model={model} models={models} />}
          {view === 'drift' && <UpkeepView model={detail.data} />}
          {view === 'figures' && <YoloFiguresView model={detail.data} />}
          {view === 'thresholds' && <YoloThresholdsView model={detail.data} />}
        </div>
      )}
    </>
  );
}
