// A training as it goes on: state, what is left, curves, pictures and log; its address survives a reload.
import { addresses } from '../../../addresses.ts';
import { LinkButton } from '../../../components/button.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Notice } from '../../../components/notice.tsx';
import { ApiError, type ProjectInfo } from '../../../server/client.ts';
import { hasEnded, useJob } from '../../../server/jobs.ts';
import { useWords } from '../../../text/language.tsx';
import { useSaid } from '../../../text/said.ts';
import { Approval } from './approval.tsx';
import { CancelButton } from './cancel-button.tsx';
import { JobCurves } from './job-curves.tsx';
import { JobHead } from './job-head.tsx';
import { JobLog } from './job-log.tsx';
import { JobOutcome } from './job-outcome.tsx';
import { JobProgress } from './job-progress.tsx';
import { JobSamples } from './job-samples.tsx';
import { words } from './job-words.ts';

export function JobView({ project, jobId }: { readonly project: ProjectInfo; readonly jobId: string }) {
  const { project_id } = project;
  const w = useWords(words);
  const said = useSaid();
  const { job, story, error } = useJob(jobId);
  const anew = addresses.project(project_id, 'train');
  if (error instanceof ApiError && error.status === 404)
    return (
      <Notice
        tone="warn"
        action={
          <LinkButton to={anew} small>
            {w.back}
          </LinkButton>
        }
      >
        {w.gone}
      </Notice>
    );
  if (job === undefined) return error == null ? <Loading /> : <Failure error={error} />;
  const ended = hasEnded(job.status);
  return (
    <article className="stack train-job" aria-labelledby="job-title">
      <JobHead job={job}>
        {!ended && <CancelButton jobId={jobId} />}
        {ended && (
          <LinkButton to={anew} icon="left" look={job.status === 'failed' ? 'primary' : 'plain'}>
            {job.status === 'failed' ? w.again : w.new}
          </LinkButton>
        )}
      </JobHead>
      {job.status === 'waiting_approval' && <Approval jobId={jobId} />}
      {!ended && job.status !== 'waiting_approval' && <JobProgress job={job} story={story} />}
      {job.status === 'finished' && (
        <Notice
          tone="ok"
          action={
            <span className="row">
              <LinkButton
                look="primary"
                icon="chart"
                to={`${addresses.project(project_id, 'results')}${job.model_id === undefined ? '' : `?model=${encodeURIComponent(job.model_id)}`}`}
              >
                {w.results}
              </LinkButton>
              <LinkButton icon="eye" to={addresses.project(project_id, 'test')}>
                {w.test}
              </LinkButton>
            </span>
          }
        >
          <strong>{w.finishedText}</strong>
        </Notice>
      )}
      {job.status === 'finished' && job.model_id !== undefined && project.training_mode !== 'yolo' && (
        <JobOutcome modelId={job.model_id} />
      )}
      {job.status === 'failed' && (
        <Notice tone="ng">
          <strong>{w.failedText}</strong> {said(job)}
          {job.code !== undefined && <code className="train-code"> {job.code}</code>}
        </Notice>
      )}
      {job.status === 'canceled' && (
        <Notice tone="warn">
          {w.canceled} {said(job)}
        </Notice>
      )}
      <div className="train-live">
        <JobCurves epochs={story.epochs} />
        <JobSamples samples={story.samples} isYolo={project.training_mode === 'yolo'} />
      </div>
      <JobLog lines={story.log} isOpen={job.status === 'failed'} />
    </article>
  );
}
