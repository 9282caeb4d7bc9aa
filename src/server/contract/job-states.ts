// The states of a job, as its record and its events name them.
export const jobStates = [
  'waiting_approval',
  'queued',
  'running',
  'finalising',
  'finished',
  'failed',
  'canceled',
] as const;
export type JobState = (typeof jobStates)[number];
