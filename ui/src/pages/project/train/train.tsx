// Training of a project: one button to start, the job while it runs, and those before.
import { useQuery } from '@tanstack/react-query';
import { Redirect, useSearch } from 'wouter';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { api } from '../../../server/client.ts';
import { hasEnded, useJobs } from '../../../server/jobs.ts';
import { useWords } from '../../../text/language.tsx';
import type { PartProps } from '../project.tsx';
import { JobView } from './job-view.tsx';
import { JobsList } from './jobs-list.tsx';
import { StartAnomaly } from './start-anomaly.tsx';
import { StartYolo } from './start-yolo.tsx';
import './train.css';
import { jobAddress } from './use-start.ts';
import { words } from './words.ts';

const isTraining = ({ kind }: { readonly kind: string }) => kind !== 'evaluate';

export default function Train({ project }: PartProps) {
  const w = useWords(words);
  const named = new URLSearchParams(useSearch()).get('job');
  const jobs = useJobs(project.project_id);
  const limits = useQuery({ queryKey: ['limits'], queryFn: () => api.limits(), staleTime: 300_000 });
  const failed = jobs.error ?? limits.error;
  if (jobs.data === undefined || limits.data === undefined)
    return failed === null ? (
      <Loading />
    ) : (
      <Failure
        error={failed}
        onRetry={() => {
          void jobs.refetch();
          void limits.refetch();
        }}
      />
    );
  const { items } = jobs.data;
  const open = items.filter(({ status }) => !hasEnded(status));
  const running = open.find(isTraining);
  // In the address it stays in sight when it ends.
  if (named === null && running !== undefined)
    return <Redirect to={jobAddress(project.project_id, running.job_id)} replace />;
  const Start = project.training_mode === 'yolo' ? StartYolo : StartAnomaly;
  return (
    <div className="stack train">
      {named === null ? (
        <Start
          project={project}
          limits={limits.data}
          blocked={open.some((job) => !isTraining(job)) ? w.busy : null}
        />
      ) : (
        <JobView key={named} project={project} jobId={named} />
      )}
      <JobsList projectId={project.project_id} jobs={items.filter(isTraining)} />
    </div>
  );
}
