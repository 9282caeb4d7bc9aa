// One result at large: the verdict, the picture with what was found in it, and what a person says to it.
import type { ReactNode } from 'react';
import { Loading } from '../../../components/loading.tsx';
import { Notice } from '../../../components/notice.tsx';
import {
  digitsFor,
  ScoreBar,
  UncertainTag,
  VerdictShape,
  VerdictWord,
} from '../../../components/verdict.tsx';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { AnomalyView } from './anomaly-view.tsx';
import { Downloads } from './downloads.tsx';
import { Feedback } from './feedback.tsx';
import { ObjectsView } from './objects-view.tsx';
import type { ShownResult } from './result.ts';
import { useSizeOf } from './use-map.ts';
import { words } from './words.ts';

export function ResultView({
  projectId,
  modelId,
  result,
  file,
  details,
  children,
}: {
  readonly projectId: string;
  readonly modelId: string;
  readonly result: ShownResult;
  /** What was tested, where it is still at hand: detectors are asked again for other thresholds. */
  readonly file?: File;
  /** For the download as JSON. */
  readonly details: unknown;
  readonly children?: ReactNode;
}) {
  const w = useWords(words);
  const format = useFormat();
  const size = useSizeOf(result.imageUrl);
  const { verdict, isUncertain, score, threshold, band, detections } = result;
  const isDetector = result.heatmapUrl === null;
  return (
    <article className="test-result stack" aria-label={result.filename}>
      <div className="test-verdict">
        <div className={`test-verdict-word ${verdict}`} role="status">
          <VerdictShape verdict={verdict} size={52} />
          <strong>
            <VerdictWord verdict={verdict} />
            {verdict === 'objects' && ` ${format.count(detections.length)}`}
          </strong>
        </div>
        <div className="grow stack tight">
          <p className="test-name cut" title={result.filename}>
            {result.filename}
          </p>
          {!isDetector && <ScoreBar score={score} threshold={threshold} verdict={verdict} />}
          {isUncertain && (
            <p className="hint">
              <UncertainTag /> {w.near}{' '}
              {band !== null &&
                w.band(
                  format.decimal(band.low, digitsFor(threshold)),
                  format.decimal(band.high, digitsFor(threshold)),
                )}
            </p>
          )}
        </div>
      </div>
      {size === null && <Loading />}
      {size === 'gone' && <Notice tone="warn">{w.expired}</Notice>}
      {size !== null && size !== 'gone' && !isDetector && <AnomalyView result={result} size={size} />}
      {size !== null && size !== 'gone' && isDetector && (
        <ObjectsView modelId={modelId} result={result} size={size} {...(file && { file })} />
      )}
      <div className="test-after">
        {result.resultId !== null && (
          <Feedback
            projectId={projectId}
            modelId={modelId}
            resultId={result.resultId}
            isAnomaly={isDetector ? detections.length > 0 : score > threshold}
            isDetector={isDetector}
            known={result.feedback}
          />
        )}
        <Downloads result={result} details={details} />
      </div>
      {children}
    </article>
  );
}
