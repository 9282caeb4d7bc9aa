// How well an object detector does on a split of the dataset.
import { addresses } from '../../../addresses.ts';
import { Ago } from '../../../components/ago.tsx';
import { LinkButton } from '../../../components/button.tsx';
import { Notice } from '../../../components/notice.tsx';
import { Who } from '../../../components/who.tsx';
import type { ModelDetail, ProjectInfo } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { type Evaluation, EvaluationFrame } from './evaluation-frame.tsx';
import { words as evaluationWords } from './evaluation-words.ts';
import { YoloClasses } from './yolo-classes.tsx';
import { YoloConfusion } from './yolo-confusion.tsx';
import { YoloCurves } from './yolo-curves.tsx';
import { YoloJudged } from './yolo-judged.tsx';
import { YoloFigures } from './yolo-summary.tsx';
import { words } from './yolo-words.ts';

export type ObjectsEvaluation = Extract<Evaluation, { readonly task: 'detect' }>;

export function YoloEvaluationView({
  project: { project_id },
  model,
}: {
  readonly project: ProjectInfo;
  readonly model: ModelDetail;
}) {
  const w = useWords(words).evaluation;
  const format = useFormat();
  return (
    <EvaluationFrame
      projectId={project_id}
      modelId={model.model_id}
      task="detect"
      intro={w.intro}
      countOf={({ counts }) => w.of(format.count(counts.pictures), format.count(counts.boxes))}
      emptyText={w.emptyText}
      firstLook="primary"
      toPictures={
        <LinkButton icon="tag" to={addresses.project(project_id, 'dataset')}>
          {w.dataset}
        </LinkButton>
      }
      report={(evaluation) => (
        <ObjectsReport key={evaluation.evaluation_id} evaluation={evaluation} model={model} />
      )}
    />
  );
}

function ObjectsReport({
  evaluation,
  model,
}: {
  readonly evaluation: ObjectsEvaluation;
  readonly model: ModelDetail;
}) {
  const all = useWords(words);
  const w = all.evaluation;
  const ew = useWords(evaluationWords);
  const format = useFormat();
  const { counts, split, conf, iou, report, untested } = evaluation;
  const last = model.thresholds.at(-1);
  return (
    <>
      <p className="quiet">
        {w.of(format.count(counts.pictures), format.count(counts.boxes))} · {split} ·{' '}
        {w.at(format.decimal(conf, 2), format.decimal(iou, 2))} · <Ago at={evaluation.created_at} /> ·{' '}
        <Who name={evaluation.by} />
      </p>
      {evaluation.chose_best_epoch && <p className="quiet">{w.choseEpoch}</p>}
      {split === 'train' && <Notice tone="warn">{w.ofTrain}</Notice>}
      {counts.seen === null && <Notice tone="warn">{ew.seenUnknown}</Notice>}
      {split === 'val' && counts.seen !== null && counts.seen > 0 && (
        <Notice tone="note">{w.seen(format.count(counts.seen))}</Notice>
      )}
      {last !== undefined && (last.value !== conf || last.iou !== iou) && (
        <Notice tone="note">
          {w.otherThresholds(format.decimal(last.value, 2), format.decimal(last.iou ?? 0, 2))}
        </Notice>
      )}
      {untested.length > 0 && (
        <Notice tone="warn">
          {ew.untested(format.count(untested.length))}
          <ul>
            {untested.slice(0, 10).map(({ filename, detail }) => (
              <li key={filename}>{detail}</li>
            ))}
          </ul>
        </Notice>
      )}
      <YoloFigures report={report} />
      {report.classesWithoutTruth.length > 0 && (
        <Notice tone="warn">{all.classesWithout(report.classesWithoutTruth.join(', '))}</Notice>
      )}
      <YoloCurves report={report} threshold={conf} />
      <div className="results-curves wide">
        <YoloClasses report={report} />
        <YoloConfusion report={report} />
      </div>
      <YoloJudged pictures={evaluation.pictures} total={counts.pictures} />
    </>
  );
}
