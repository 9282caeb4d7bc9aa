// How well a model that finds anomalies judges marked pictures.
import { addresses } from '../../../addresses.ts';
import { LinkButton } from '../../../components/button.tsx';
import { Notice } from '../../../components/notice.tsx';
import type { ModelDetail, ProjectInfo } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { EvaluationFrame } from './evaluation-frame.tsx';
import { EvaluationReport } from './evaluation-report.tsx';
import { words } from './evaluation-words.ts';

interface EvaluationViewProps {
  readonly project: ProjectInfo;
  readonly model: ModelDetail;
}

export function EvaluationView({ project: { project_id, num_ng }, model }: EvaluationViewProps) {
  const w = useWords(words);
  const format = useFormat();
  const toMark = (
    <LinkButton icon="tag" to={addresses.project(project_id, 'pictures')}>
      {w.mark}
    </LinkButton>
  );
  return (
    <EvaluationFrame
      projectId={project_id}
      modelId={model.model_id}
      task="anomaly"
      intro={w.intro}
      countOf={({ counts }) => w.of(format.count(counts.ok), format.count(counts.ng))}
      emptyText={
        <>
          {w.emptyText} {w.needs}. {num_ng === 0 && w.needsText}
        </>
      }
      firstLook={num_ng > 0 ? 'primary' : 'plain'}
      toPictures={toMark}
      tooFew={
        <Notice tone="warn" action={toMark}>
          <strong>{w.tooFew}</strong> {w.needsText}
        </Notice>
      }
      report={(evaluation) => (
        <EvaluationReport key={evaluation.evaluation_id} model={model} evaluation={evaluation} />
      )}
    />
  );
}
