// An evaluation that runs now: pictures done, time left, and a way to stop it.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button } from '../../../components/button.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Progress } from '../../../components/loading.tsx';
import { api } from '../../../server/client.ts';
import { useJob } from '../../../server/jobs.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { roughly } from '../train/plan.ts';
import { words } from './evaluation-words.ts';

export function EvaluationProgress({ jobId }: { readonly jobId: string }) {
  const w = useWords(words);
  const format = useFormat();
  const client = useQueryClient();
  const { story, error } = useJob(jobId);
  const stop = useMutation({
    mutationFn: () => api.cancelJob({ job_id: jobId }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['jobs'] }),
  });
  if (error != null) return <Failure error={error} />;
  const { progress } = story;
  return (
    <section className="card stack tight" role="status" aria-label={w.runningTitle}>
      <div className="row apart">
        <strong>{w.runningTitle}</strong>
        {progress?.type === 'pictures' && (
          <span className="quiet">
            {w.running(format.count(progress.done), format.count(progress.total))}
            {progress.seconds_left !== null &&
              ` · ${w.left(format.duration(roughly(progress.seconds_left)))}`}
          </span>
        )}
      </div>
      <Progress share={progress?.progress ?? null} label={w.runningTitle} />
      <div>
        <Button small icon="stop" busy={stop.isPending} onClick={() => stop.mutate()}>
          {w.stop}
        </Button>
      </div>
      {stop.error !== null && <Failure error={stop.error} />}
    </section>
  );
}
