// Whose job it is, since when, and how it stands.
import type { ReactNode } from 'react';
import { Ago } from '../../../components/ago.tsx';
import { Badge, type Tone } from '../../../components/notice.tsx';
import { Who } from '../../../components/who.tsx';
import type { JobInfo } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './job-words.ts';

export const tones: Readonly<Record<JobInfo['status'], Tone | 'plain'>> = {
  queued: 'plain',
  waiting_approval: 'warn',
  running: 'note',
  finished: 'ok',
  failed: 'ng',
  canceled: 'plain',
};

/** null: it has not run, or goes on. */
export function secondsOf({ started_at, finished_at }: JobInfo): number | null {
  if (started_at === null || finished_at === null) return null;
  return (new Date(finished_at).getTime() - new Date(started_at).getTime()) / 1000;
}

export function JobHead({ job, children }: { readonly job: JobInfo; readonly children: ReactNode }) {
  const w = useWords(words);
  const format = useFormat();
  const seconds = secondsOf(job);
  return (
    <div className="page-head">
      <div>
        <div className="row">
          <h2 id="job-title">{w.title}</h2>
          <span role="status">
            <Badge tone={tones[job.status]}>{w.status[job.status]}</Badge>
          </span>
        </div>
        <p>
          {job.finished_at !== null ? w.ended : job.started_at !== null ? w.startedAt : w.addedAt}{' '}
          <Ago at={job.finished_at ?? job.started_at ?? job.created_at} /> · {w.by}{' '}
          <Who name={job.created_by} />
          {seconds !== null && ` · ${w.took(format.duration(seconds))}`}
          {job.attempt > 1 && ` · ${w.attempt(format.count(job.attempt))}`}
        </p>
      </div>
      <div className="row">{children}</div>
    </div>
  );
}
