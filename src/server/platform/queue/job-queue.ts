// The seam of the jobs: durable records whose truth lies in the DocStore; the queue only decides who runs what, when.

import type { JobState } from '../../contract/job-states.ts';
import type { Json } from '../docs/doc-store.ts';
import type { JobEvent, JobRecord, Owner } from './job.ts';

export interface NewJob {
  readonly kind: string;
  readonly owner: Owner;
  readonly model_id: string;
  /** As of JobRecord. */
  readonly uses_model?: true;
  readonly request: { readonly [name: string]: Json };
  readonly created_by: string;
  readonly needs_approval: boolean;
}

export interface JobFilter {
  readonly owner?: Owner;
  readonly states?: readonly JobState[];
  readonly kind?: string;
}

export interface NumberedEvent {
  readonly seq: number;
  readonly job_id: string;
  readonly event: JobEvent;
}

export interface JobQueue {
  /**
   * Durable once it returns. Throws job.already_running when the owner has a job that is not done, job.queue_full over
   * the limit.
   */
  add(job: NewJob): Promise<JobRecord>;
  get(jobId: string): Promise<JobRecord | null>;
  /** Newest first. */
  list(filter?: JobFilter): Promise<JobRecord[]>;
  /** Returns at once; the state is `canceled` within 5 s unless the job was past its commit point. Throws job.already_done. */
  cancel(jobId: string, by: string): Promise<JobRecord>;
  /** Both throw job.not_waiting when there is nothing to decide. Reject ends in `canceled`. */
  approve(jobId: string, by: string): Promise<JobRecord>;
  reject(jobId: string, by: string, reason: string | null): Promise<JobRecord>;
  /** Events of the journal after a seq. */
  events(jobId: string, after: number): Promise<NumberedEvent[]>;
  /** Removes a job that has ended, with its events, for good. Whether it is gone; one that still works is left. */
  forget(jobId: string): Promise<boolean>;
  /** Calls back for every new event, until the returned function is called. */
  watch(listener: (event: NumberedEvent, job: JobRecord) => void): () => void;
  /** Takes up what an earlier process left and starts to run jobs. */
  start(): Promise<void>;
  /** Lets children save their checkpoints and ends them; their jobs are queued again at the next start. */
  stop(): Promise<void>;
}

/** What a runner is given for one attempt. */
export interface JobAttempt {
  readonly job: JobRecord;
  readonly signal: AbortSignal;
  /** How long earlier attempts have worked on the job, and waited for nothing. In milliseconds. */
  readonly ranMs: number;
  /** A local folder of the job's own that survives attempts and is removed when the job ends. */
  readonly workFolder: string;
  emit(event: JobEvent): void;
  /** Passes the commit point: the state becomes finalising, and cancel no longer works. Throws job.fenced for a stale attempt. */
  finalise(): Promise<void>;
}

/** Runs one kind of job: starts a child, relays its events, stores what it made. Running it twice changes nothing more. */
export type JobRunner = (attempt: JobAttempt) => Promise<void>;
