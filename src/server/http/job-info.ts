// What is answered about a job: the words of the original, and what we know more.
import type { JobInfo } from '../contract/jobs.ts';
import type { Frozen } from '../contract/route.ts';
import { type JobRecord, jobStatus } from '../platform/queue/job.ts';

export function jobInfo(job: JobRecord): Frozen<JobInfo> {
  const detail = job.failure?.detail ?? job.detail;
  return {
    status: jobStatus[job.state],
    progress: job.progress,
    ...(job.state === 'finished' ? { model_id: job.model_id } : {}),
    ...(detail === null ? {} : { detail }),
    ...(job.failure === null ? {} : { code: job.failure.code }),
    job_id: job.job_id,
    kind: job.kind,
    project_id: job.owner.kind === 'project' ? job.owner.id : null,
    scene_id: job.owner.kind === 'scene' ? job.owner.id : null,
    seconds_left: job.seconds_left,
    attempt: job.attempt,
    created_at: job.created_at,
    started_at: job.started_at,
    finished_at: job.finished_at,
    created_by: job.created_by,
    decided_by: job.decided_by,
  };
}
