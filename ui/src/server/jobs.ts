// A job as it goes on: its record, and what its events have told so far; it survives a reload and a lost connection.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { ApiError, api, type JobEventData, type JobInfo } from './client.ts';
import { connection } from './connection.ts';

type EventOf<Type extends JobEventData['type']> = Extract<JobEventData, { readonly type: Type }>;

/** What the events of a job have told. */
export interface JobStory {
  readonly state: EventOf<'state'> | null;
  readonly progress: EventOf<'progress'> | EventOf<'pictures'> | null;
  /** One for each epoch of each phase, in order. */
  readonly epochs: readonly EventOf<'epoch'>[];
  /** The newest last. */
  readonly samples: readonly EventOf<'sample'>[];
  readonly log: readonly string[];
}

const nothing: JobStory = { state: null, progress: null, epochs: [], samples: [], log: [] };
const maxLogLines = 500;

/** The story with one more event. Pure. */
export function toldBy(story: JobStory, event: JobEventData): JobStory {
  switch (event.type) {
    case 'state':
      return { ...story, state: event };
    case 'progress':
    case 'pictures':
      return { ...story, progress: event };
    case 'epoch':
      // An attempt that begins again tells some epochs a second time. Each phase counts from 1: the trainings that the
      // threshold is found with come after the one that people watch.
      return {
        ...story,
        epochs: [
          ...story.epochs.filter(({ phase, epoch }) => phase !== event.phase || epoch < event.epoch),
          event,
        ],
      };
    case 'sample':
      return { ...story, samples: [...story.samples.slice(-19), event] };
    case 'log':
      return { ...story, log: [...story.log.slice(1 - maxLogLines), event.text] };
    default:
      return story;
  }
}

export const hasEnded = (status: JobInfo['status']): boolean =>
  status === 'finished' || status === 'failed' || status === 'canceled';

/** Follows a job by its events; `job` is its record, asked again whenever its state changes. */
export function useJob(jobId: string): {
  readonly job: JobInfo | undefined;
  readonly story: JobStory;
  readonly error: unknown;
} {
  const client = useQueryClient();
  const { data, error } = useQuery({
    queryKey: ['job', jobId],
    queryFn: () => api.getJob({ job_id: jobId }),
  });
  const [story, setStory] = useState<{ readonly of: string; readonly told: JobStory }>({
    of: jobId,
    told: nothing,
  });
  const [lost, setLost] = useState<unknown>(null);
  useEffect(() => {
    const stop = new AbortController();
    setStory({ of: jobId, told: nothing });
    setLost(null);
    const follow = async () => {
      // Events come in bursts: one drawing for each turn of the browser, not for each event.
      let waiting: JobEventData[] = [];
      const tell = () => {
        const events = waiting;
        waiting = [];
        setStory(({ told }) => ({ of: jobId, told: events.reduce(toldBy, told) }));
        if (events.some(({ type }) => type === 'state')) {
          void client.invalidateQueries({ queryKey: ['job', jobId] });
          void client.invalidateQueries({ queryKey: ['jobs'] });
        }
      };
      for await (const event of api.watchJob(jobId, { signal: stop.signal })) {
        if (waiting.length === 0) setTimeout(tell, 50);
        waiting.push(event);
      }
      // A list without the model that was made just now is not shown while it is asked for anew.
      client.removeQueries({ queryKey: ['models'], type: 'inactive' });
      await client.invalidateQueries();
    };
    follow().catch((failure: unknown) => {
      if (stop.signal.aborted) return;
      connection.failed(failure);
      if (failure instanceof ApiError) setLost(failure);
    });
    return () => stop.abort();
  }, [jobId, client]);
  return { job: data, story: story.of === jobId ? story.told : nothing, error: lost ?? error };
}

/** Jobs of a project, newest first; asked again while one of them goes on. */
export function useJobs(projectId: string) {
  return useQuery({
    queryKey: ['jobs', projectId],
    queryFn: () => api.listJobs({ query: { project_id: projectId, limit: 50 } }),
    refetchInterval: ({ state }) =>
      state.data?.items.some(({ status }) => !hasEnded(status)) === true ? 3000 : false,
  });
}
