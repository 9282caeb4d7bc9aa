// The record of a job as LocalQueue stores it: what everybody sees, and what only the queue needs.

import { jobStates } from '../../contract/job-states.ts';
import type { Json } from '../docs/doc-store.ts';
import type { JobRecord } from './job.ts';
import type { NewJob } from './job-queue.ts';

export interface StoredJob extends JobRecord {
  /** Counts the jobs of the data folder: the order in which they run. Dates may be equal, or go back. */
  readonly number: number;
  /** How many servers in a row died while they ran it. */
  readonly server_deaths: number;
  /** How long attempts have worked on it, in milliseconds; what a server that died had not noted is missing. */
  readonly ran_ms: number;
}

export function storedJob(
  job: NewJob,
  { job_id, number, created_at }: Pick<StoredJob, 'job_id' | 'number' | 'created_at'>,
): StoredJob {
  return {
    job_id,
    kind: job.kind,
    owner: job.owner,
    state: job.needs_approval ? 'waiting_approval' : 'queued',
    attempt: 0,
    strikes: 0,
    progress: 0,
    seconds_left: null,
    detail: null,
    failure: null,
    model_id: job.model_id,
    ...(job.uses_model && { uses_model: true as const }),
    request: job.request,
    cancel_requested: false,
    created_at,
    started_at: null,
    finished_at: null,
    created_by: job.created_by,
    decided_by: null,
    number,
    server_deaths: 0,
    ran_ms: 0,
  };
}

/** What lies in the store, if it is a job with what the queue goes by; else null. */
export function parseStoredJob(id: string, value: Json): StoredJob | null {
  const job = (value ?? {}) as unknown as Partial<StoredJob>;
  const sound =
    job.job_id === id &&
    jobStates.some((state) => state === job.state) &&
    typeof job.kind === 'string' &&
    typeof job.owner?.id === 'string' &&
    Number.isSafeInteger(job.attempt);
  return sound ? ({ number: 0, server_deaths: 0, strikes: 0, ran_ms: 0, ...job } as StoredJob) : null;
}
