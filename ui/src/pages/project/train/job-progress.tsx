// How far a job is, how long it still takes, and what it waits for.
import { useQuery } from '@tanstack/react-query';
import { Progress } from '../../../components/loading.tsx';
import { api, type JobInfo } from '../../../server/client.ts';
import type { JobStory } from '../../../server/jobs.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './job-words.ts';
import { roughly } from './plan.ts';

export function JobProgress({ job, story }: { readonly job: JobInfo; readonly story: JobStory }) {
  const w = useWords(words);
  const format = useFormat();
  if (job.status === 'queued') return <QueuePlace job={job} />;
  const { progress } = story;
  const share = Math.max(job.progress, progress?.progress ?? 0);
  const left = progress === null ? job.seconds_left : progress.seconds_left;
  const isFinalising = story.state?.state === 'finalising';
  const says = isFinalising
    ? w.finalising
    : progress?.type === 'progress' && progress.epochs > 0
      ? `${phaseName(progress.phase)}${w.epoch(format.count(progress.epoch), format.count(progress.epochs))}`
      : progress?.type === 'pictures' && progress.stage !== undefined
        ? w.stage(
            w.stages[progress.stage as keyof typeof w.stages] ?? progress.stage,
            format.count(progress.done),
            format.count(progress.total),
          )
        : (story.log.at(-1) ?? job.detail ?? w.starting);
  return (
    <div className="card train-progress">
      <div className="row apart">
        <strong className="train-percent">{share > 0 ? format.percent(share) : w.starting}</strong>
        {left !== null && !isFinalising && (
          <span className="quiet">{w.left(format.duration(roughly(left)))}</span>
        )}
      </div>
      <Progress share={share > 0 && !isFinalising ? share : null} label={w.title} />
      <p className="quiet cut" role="status">
        {says}
      </p>
    </div>
  );
}

/** Those for the threshold come after the main one. */
const phaseName = (phase: string) => (phase === 'main' ? '' : `${phase}, `);

function QueuePlace({ job }: { readonly job: JobInfo }) {
  const w = useWords(words);
  const { data } = useQuery({
    queryKey: ['jobs', 'queue'],
    queryFn: async () => {
      const lists = await Promise.all(
        (['running', 'queued'] as const).map((status) => api.listJobs({ query: { status, limit: 500 } })),
      );
      return lists.flatMap(({ items }) => items);
    },
    refetchInterval: 3000,
  });
  const before = (data ?? []).filter(
    ({ job_id, created_at, status }) =>
      job_id !== job.job_id && (status === 'running' || created_at < job.created_at),
  ).length;
  return (
    <div className="card train-progress">
      <Progress share={null} label={w.status.queued} />
      <p role="status">
        {w.status.queued}. {data !== undefined && (before === 0 ? w.next : w.before(before))}
      </p>
    </div>
  );
}
