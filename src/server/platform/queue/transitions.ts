// The legal steps of a job: one row a state, one column a step. What is not in the table does not happen.
import type { JobState } from '../../contract/job-states.ts';

export const jobSteps = [
  /** A person lets it run, or does not. */
  'approve',
  'reject',
  /** An attempt takes it up; past the commit point it only finishes what is left to do. */
  'claim',
  /** A person wants a running job to end; it ends as `canceled` once its attempt has. */
  'request_cancel',
  'cancel',
  /** What is remembered of a running attempt, such as its progress. */
  'note',
  /** The attempt passes the commit point. */
  'finalise',
  'finish',
  /** The attempt is over without an answer: after a crash, on a full disk, at the end of the server. */
  'requeue',
  'fail',
] as const;
export type JobStep = (typeof jobSteps)[number];

const none: Record<JobStep, null> = {
  approve: null,
  reject: null,
  claim: null,
  request_cancel: null,
  cancel: null,
  note: null,
  finalise: null,
  finish: null,
  requeue: null,
  fail: null,
};

/** From a state, by a step, to a state; null: not legal. */
export const transitions: Readonly<Record<JobState, Readonly<Record<JobStep, JobState | null>>>> = {
  waiting_approval: { ...none, approve: 'queued', reject: 'canceled', cancel: 'canceled' },
  queued: { ...none, claim: 'running', cancel: 'canceled', fail: 'failed' },
  running: {
    ...none,
    note: 'running',
    request_cancel: 'running',
    cancel: 'canceled',
    finalise: 'finalising',
    requeue: 'queued',
    fail: 'failed',
  },
  // Past the commit point a job is never queued or canceled again: its model may be there already.
  finalising: {
    ...none,
    claim: 'finalising',
    note: 'finalising',
    finish: 'finished',
    requeue: 'finalising',
    fail: 'failed',
  },
  finished: none,
  failed: none,
  canceled: none,
};

export function isDone(state: JobState): boolean {
  return Object.values(transitions[state]).every((to) => to === null);
}
