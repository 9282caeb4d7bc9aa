// How well an object detector found the objects of its val pictures when it was trained.
import { Empty } from '../../../components/empty.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Notice } from '../../../components/notice.tsx';
import type { ModelDetail } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { useMetrics } from './use-metrics.ts';
import { YoloClasses } from './yolo-classes.tsx';
import { YoloConfusion } from './yolo-confusion.tsx';
import { YoloCurves, YoloTrainingCurves } from './yolo-curves.tsx';
import { YoloSamples } from './yolo-samples.tsx';
import { YoloFigures } from './yolo-summary.tsx';
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
      <YoloFigures report={data} />
      {data.classesWithoutTruth.length > 0 && (
        <Notice tone="warn">{w.classesWithout(data.classesWithoutTruth.join(', '))}</Notice>
      )}
      <YoloTrainingCurves metrics={data} />
      <YoloCurves report={data} threshold={model.threshold} />
      <div className="results-curves wide">
        <YoloClasses report={data} />
        <YoloConfusion report={data} />
      </div>
      {model.job_id !== null && <YoloSamples jobId={model.job_id} />}
    </div>
  );
}
