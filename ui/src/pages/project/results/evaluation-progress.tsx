// An evaluation that runs now: pictures done, time left, and a way to stop it.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Failure } from '../../../components/failure.tsx';
import { Progress } from '../../../components/loading.tsx';
import { hasEnded, useJob } from '../../../server/jobs.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { roughly } from '../train/plan.ts';
import { words } from './evaluation-words.ts';

export function EvaluationProgress({ jobId, modelId }: { readonly jobId: string; readonly modelId: string }) {
  const w = useWords(words);
  const format = useFormat();
  const client = useQueryClient();
  const { job, story, error } = useJob(jobId);
  const isDone = job !== undefined && hasEnded(job.status);
  useEffect(() => {
    if (isDone) void client.invalidateQueries({ queryKey: ['evaluations', modelId] });
  }, [isDone, modelId, client]);
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
    </section>
  );
}
