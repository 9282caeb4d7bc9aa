// A job: its durable record, its states and the legal steps between them.
import type { JobState } from '../../contract/job-states.ts';
import type { Json } from '../docs/doc-store.ts';

/** The word the API answers for each state. */
export const jobStatus = {
  waiting_approval: 'waiting_approval',
  queued: 'queued',
  running: 'running',
  finalising: 'running',
  finished: 'finished',
  failed: 'failed',
  canceled: 'canceled',
} as const satisfies Record<JobState, string>;

/** Whose images a job works on. */
export type Owner =
  | { readonly kind: 'project'; readonly id: string }
  | { readonly kind: 'scene'; readonly id: string };

export interface JobFailure {
  /** A code of the error table. */
  readonly code: string;
  /** For people: what happened, and for crashes the last lines of stderr. */
  readonly detail: string;
}

export interface JobRecord {
  readonly job_id: string;
  /** Which runner does it: a row of the runner table. */
  readonly kind: string;
  readonly owner: Owner;
  readonly state: JobState;
  /** Counts the starts; a child's messages count only with the attempt it was started for. */
  readonly attempt: number;
  /** Attempts that ended without an answer. At three the job fails. */
  readonly strikes: number;
  readonly progress: number;
  readonly seconds_left: number | null;
  /** The last event worth a line, e.g. "epoch 3 of 30". */
  readonly detail: string | null;
  readonly failure: JobFailure | null;
  /** The model it makes; the id is fixed when the job is added. */
  readonly model_id: string;
  /** The model is there already: the job only works with it. */
  readonly uses_model?: true;
  /** All that the runner needs, plain and small: ids and settings, no paths. */
  readonly request: { readonly [name: string]: Json };
  readonly cancel_requested: boolean;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  /** Name of the key that asked for it; "local" without keys. */
  readonly created_by: string;
  readonly decided_by: string | null;
}

/** What is kept in a job's journal and sent to those who watch. */
export type JobEvent =
  | { readonly type: 'state'; readonly state: JobState; readonly detail: string | null; readonly at: string }
  | {
      readonly type: 'progress';
      readonly progress: number;
      readonly seconds_left: number | null;
      readonly epoch: number;
      readonly epochs: number;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly learning_rate: number;
      readonly phase: string;
    }
  | {
      readonly type: 'epoch';
      readonly epoch: number;
      readonly epochs: number;
      readonly loss: number;
      readonly validation_loss: number;
      readonly learning_rate: number;
      readonly best: boolean;
      readonly phase: string;
      /** Further figures by their names. */
      readonly metrics?: Readonly<Record<string, number>>;
    }
  /** How many pictures are done. */
  | {
      readonly type: 'pictures';
      /** What is being done; left out: pictures are tested. */
      readonly stage?: string;
      readonly progress: number;
      readonly seconds_left: number | null;
      readonly done: number;
      readonly total: number;
    }
  /** Addresses of two preview pictures. */
  | {
      readonly type: 'sample';
      readonly epoch: number;
      readonly picture_url: string;
      readonly reconstruction_url: string;
    }
  | { readonly type: 'log'; readonly text: string };
