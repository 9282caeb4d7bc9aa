// The jobs of an owner that are not done, and how to end them.
import { ServerError } from '../contract/errors.ts';
import type { JobState } from '../contract/job-states.ts';
import type { Context } from '../platform/context.ts';
import type { JobRecord, Owner } from '../platform/queue/job.ts';

const open: readonly JobState[] = ['waiting_approval', 'queued', 'running', 'finalising'];

/** A canceled job ends within 5 s; one past its commit point within the time its files take to store. */
const PATIENCE_MS = 15_000;

export function openJobs({ queue }: Context, owner: Owner): Promise<JobRecord[]> {
  return queue.list({ owner, states: open });
}

/** Cancels them and waits until they have ended. Throws project.busy when one does not end. */
export async function cancelJobs(context: Context, owner: Owner, by: string): Promise<void> {
  for (const { job_id } of await openJobs(context, owner)) {
    await context.queue.cancel(job_id, by).catch(unlessDone);
    await untilEnded(context, job_id);
  }
}

function untilEnded({ queue }: Context, jobId: string): Promise<void> {
  let stop = () => {};
  const ended = new Promise<void>((resolve, reject) => {
    const check = (job: JobRecord | null) => {
      if (job === null || !open.includes(job.state)) resolve();
    };
    const look = () => void queue.get(jobId).then(check, reject);
    const unwatch = queue.watch((_, job) => {
      if (job.job_id === jobId) check(job);
    });
    // Not every step need be an event, so the record is looked at too.
    const interval = setInterval(look, 100);
    const busy = () =>
      reject(new ServerError('project.busy', 'a job of the project does not end; try again later'));
    const timer = setTimeout(busy, PATIENCE_MS);
    stop = () => {
      unwatch();
      clearInterval(interval);
      clearTimeout(timer);
    };
    look();
  });
  return ended.finally(stop);
}

function unlessDone(error: unknown): void {
  if (!(error instanceof ServerError && error.code === 'job.already_done')) throw error;
}
