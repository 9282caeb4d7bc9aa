// Trainings of the project and how they ended.
import { Link } from 'wouter';
import { Ago } from '../../../components/ago.tsx';
import { Badge } from '../../../components/notice.tsx';
import { Who } from '../../../components/who.tsx';
import type { JobInfo } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { useSaid } from '../../../text/said.ts';
import { secondsOf, tones } from './job-head.tsx';
import { words } from './job-words.ts';
import { jobAddress } from './use-start.ts';

export function JobsList({
  projectId,
  jobs,
}: {
  readonly projectId: string;
  readonly jobs: readonly JobInfo[];
}) {
  const w = useWords(words);
  const said = useSaid();
  const format = useFormat();
  if (jobs.length === 0) return null;
  return (
    <section className="stack tight" aria-labelledby="jobs-title">
      <h2 id="jobs-title">{w.list.title}</h2>
      <div className="scroll-x card train-jobs">
        <table>
          <thead>
            <tr>
              <th scope="col">{w.list.state}</th>
              <th scope="col">{w.list.when}</th>
              <th scope="col" className="number">
                {w.list.took}
              </th>
              <th scope="col">{w.list.who}</th>
              <th scope="col">{w.list.what}</th>
            </tr>
          </thead>
          <tbody>
            {jobs.map((job) => {
              const seconds = secondsOf(job);
              return (
                <tr key={job.job_id}>
                  <td>
                    <Badge tone={tones[job.status]}>{w.status[job.status]}</Badge>
                  </td>
                  <td className="train-when">
                    <Link to={jobAddress(projectId, job.job_id)}>
                      <Ago at={job.created_at} />
                    </Link>
                  </td>
                  <td className="number">{seconds === null ? '' : format.duration(seconds)}</td>
                  <td>
                    <Who name={job.created_by} />
                  </td>
                  <td className="train-note quiet">{said(job)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
