// The newest jobs of all projects.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { addresses } from '../../addresses.ts';
import { Ago } from '../../components/ago.tsx';
import { Failure } from '../../components/failure.tsx';
import { Progress, Skeleton } from '../../components/loading.tsx';
import { Badge, type Tone } from '../../components/notice.tsx';
import { Who } from '../../components/who.tsx';
import { api, type JobInfo } from '../../server/client.ts';
import { hasEnded } from '../../server/jobs.ts';
import { useWords } from '../../text/language.tsx';
import { words } from './words.ts';

const tones: Readonly<Record<JobInfo['status'], Tone | 'plain'>> = {
  queued: 'plain',
  waiting_approval: 'warn',
  running: 'note',
  finished: 'ok',
  failed: 'ng',
  canceled: 'plain',
};

export function Jobs() {
  const w = useWords(words);
  const { data, error, refetch } = useQuery({
    queryKey: ['jobs'],
    queryFn: () => api.listJobs({ query: { limit: 12 } }),
    refetchInterval: ({ state }) =>
      state.data?.items.some(({ status }) => !hasEnded(status)) ? 2000 : 15_000,
  });
  return (
    <section className="card stack" aria-labelledby="jobs">
      <h2 id="jobs">{w.jobs}</h2>
      {error !== null && <Failure error={error} onRetry={() => refetch()} />}
      {data === undefined && error === null && <Skeleton lines={4} />}
      {data?.items.length === 0 && <p className="quiet">{w.noJobs}</p>}
      {data !== undefined && data.items.length > 0 && (
        <div className="scroll-x">
          <table>
            <thead>
              <tr>
                <th scope="col">{w.job}</th>
                <th scope="col">{w.of}</th>
                <th scope="col">{w.created}</th>
                <th scope="col">{w.when}</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map((job) => (
                <tr key={job.job_id}>
                  <td>
                    <Badge tone={tones[job.status]}>{w.jobStates[job.status]}</Badge> {job.kind}
                    {job.status === 'running' && (
                      <Progress share={job.progress} label={w.jobStates.running} />
                    )}
                  </td>
                  <td>
                    {job.project_id === null ? (
                      <span className="mono">{job.scene_id}</span>
                    ) : (
                      <Link to={addresses.project(job.project_id, 'train')} className="mono">
                        {job.project_id}
                      </Link>
                    )}
                  </td>
                  <td>
                    <Who name={job.created_by} />
                  </td>
                  <td>
                    <Ago at={job.created_at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
