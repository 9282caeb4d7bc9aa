// The events of jobs as streams: first what the journal holds, then what comes, without a gap and without a doubling.

import { type JobState, jobStates } from '../contract/job-states.ts';
import type { JobRecord } from '../platform/queue/job.ts';
import type { JobQueue, NumberedEvent } from '../platform/queue/job-queue.ts';
import type { EventStream, StreamEvent } from './event-stream.ts';

const ended: readonly JobState[] = ['finished', 'failed', 'canceled'];
export const unfinishedStates = jobStates.filter((state) => !ended.includes(state));

export function hasEnded({ state }: JobRecord): boolean {
  return ended.includes(state);
}

/** Where to go on: a job, and the last of its events that was seen. */
export interface Position {
  readonly jobId: string;
  readonly after: number;
}

export interface Following {
  /** Which of the live events belong to the stream. */
  readonly concerns: (job: JobRecord) => boolean;
  /** Journals to replay, in order. */
  readonly replay: readonly Position[];
  readonly idOf: (event: NumberedEvent) => string;
  /** Whether the stream ends with the job. */
  readonly endsWithJob: boolean;
}

/**
 * Reads the journals, then opens the stream. Errors of the reading are thrown before the stream is begun.
 * @param open called once
 */
export async function followJobs(
  queue: JobQueue,
  { concerns, replay, idOf, endsWithJob }: Following,
  open: () => EventStream,
): Promise<void> {
  const meanwhile: NumberedEvent[] = [];
  let take = (event: NumberedEvent): void => void meanwhile.push(event);
  const stopWatching = queue.watch((event, job) => {
    if (concerns(job)) take(event);
  });
  let past: NumberedEvent[];
  try {
    past = (await Promise.all(replay.map(({ jobId, after }) => queue.events(jobId, after)))).flat();
  } catch (error) {
    stopWatching();
    throw error;
  }
  const stream = open();
  stream.onClose(stopWatching);
  const sent = new Map(replay.map(({ jobId, after }) => [jobId, after]));
  take = (event) => {
    if (event.seq <= (sent.get(event.job_id) ?? 0)) return;
    sent.set(event.job_id, event.seq);
    stream.send(streamEvent(event, idOf(event)));
    if (endsWithJob && isEnd(event)) stream.end();
  };
  for (const event of [...past, ...meanwhile]) take(event);
}

function isEnd({ event }: NumberedEvent): boolean {
  return event.type === 'state' && ended.includes(event.state);
}

function streamEvent({ event, job_id }: NumberedEvent, id: string): StreamEvent {
  return { id, event: event.type, data: { ...event, job_id } };
}

/** The number in Last-Event-ID; 0 without one, or with one that is none of ours. */
export function sequenceIn(lastEventId: string | string[] | undefined): number {
  return typeof lastEventId === 'string' && /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : 0;
}

/** "job:12" as it stands in Last-Event-ID of a project's stream. */
export function positionIn(lastEventId: string | string[] | undefined): Position | null {
  const [, jobId, after] = /^([a-z0-9_-]{1,200}):(\d{1,15})$/.exec(String(lastEventId ?? '')) ?? [];
  return jobId === undefined ? null : { jobId, after: Number(after) };
}
