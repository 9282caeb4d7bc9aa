// What is to be told of the evaluations of a project: one that runs, one that failed, a start that was refused.
import type { ReactNode } from 'react';
import { Failure } from '../../../components/failure.tsx';
import { Notice } from '../../../components/notice.tsx';
import { ApiError } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import { useSaid } from '../../../text/said.ts';
import { EvaluationProgress } from './evaluation-progress.tsx';
import { words } from './evaluation-words.ts';
import type { EvaluationStart } from './use-evaluation-start.ts';

export function EvaluationNews({
  started: { start, open, lastOne },
  tooFew,
}: {
  readonly started: EvaluationStart;
  /** Shown in place of the server's words when there are no pictures to evaluate on. */
  readonly tooFew?: ReactNode;
}) {
  const w = useWords(words);
  const said = useSaid();
  const isTooFew =
    tooFew !== undefined && start.error instanceof ApiError && start.error.code === 'dataset.too_few_images';
  return (
    <>
      {open !== undefined &&
        (open.kind === 'evaluate' ? (
          <EvaluationProgress jobId={open.job_id} />
        ) : (
          <Notice tone="warn">{w.blocked}</Notice>
        ))}
      {isTooFew && tooFew}
      {start.error !== null && !isTooFew && <Failure error={start.error} />}
      {open === undefined && lastOne?.status === 'failed' && (
        <Notice tone="ng">
          {w.failed} {said(lastOne)}
        </Notice>
      )}
    </>
  );
}
