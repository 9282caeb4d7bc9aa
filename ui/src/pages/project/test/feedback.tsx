// What a person says to a verdict: a false alarm, or missed; a false alarm can become a good picture to learn from.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { addresses } from '../../../addresses.ts';
import { Button } from '../../../components/button.tsx';
import { Badge } from '../../../components/notice.tsx';
import { useTell, useTellError } from '../../../components/toasts.tsx';
import { api, type ResultItem } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './words.ts';

type Mark = ResultItem['feedback'];

export function Feedback({
  projectId,
  modelId,
  resultId,
  isAnomaly,
  isDetector,
  known,
}: {
  readonly projectId: string;
  readonly modelId: string;
  readonly resultId: string;
  readonly isAnomaly: boolean;
  readonly isDetector: boolean;
  /** What was said of it when the list was asked for. */
  readonly known: Mark;
}) {
  const w = useWords(words);
  const tell = useTell();
  const tellError = useTellError();
  const client = useQueryClient();
  const [, go] = useLocation();
  const key = ['feedback', projectId, resultId];
  // Kept beside the list, so that it shows at once wherever the result stands.
  const { data: mark } = useQuery<Mark>({
    queryKey: key,
    queryFn: () => client.getQueryData<Mark>(key) ?? known,
    initialData: known,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const judge = useMutation({
    mutationFn: (feedback: Mark) =>
      api.judgeResult({ project_id: projectId, result_id: resultId, body: { feedback } }),
    onSuccess({ feedback }) {
      client.setQueryData(key, feedback);
      void client.invalidateQueries({ queryKey: ['results', projectId] });
      tell(w.judgedTold[feedback ?? 'none']);
    },
    onError: tellError,
  });
  const add = useMutation({
    mutationFn: () => api.addResultToGood({ project_id: projectId, result_id: resultId }),
    onSuccess({ status }) {
      void client.invalidateQueries({ queryKey: ['images', projectId] });
      tell(status === 'stored' ? w.added : w.alreadyThere);
    },
    onError: tellError,
  });
  const update = useMutation({
    mutationFn: () => api.updateModel({ model_id: modelId, body: { results: [resultId] } }),
    onSuccess() {
      void client.invalidateQueries({ queryKey: ['jobs'] });
      const watch = { label: w.watch, run: () => go(addresses.project(projectId, 'train')) };
      tell(w.updating, { action: watch });
    },
    onError: tellError,
  });
  const wanted = isAnomaly ? 'false_alarm' : 'missed';
  return (
    <section className="row" aria-label={w.judge}>
      {mark === null ? (
        <>
          <span className="quiet">{w.judge}</span>
          <Button icon="warning" busy={judge.isPending} onClick={() => judge.mutate(wanted)}>
            {isAnomaly ? w.falseAlarm : w.missed}
          </Button>
        </>
      ) : (
        <>
          <Badge tone="warn">{w.marked[mark]}</Badge>
          <Button small look="quiet" icon="undo" busy={judge.isPending} onClick={() => judge.mutate(null)}>
            {w.takeBack}
          </Button>
          {mark === 'false_alarm' && !isDetector && (
            <Button
              icon={add.isSuccess ? 'check' : 'plus'}
              disabled={add.isSuccess}
              busy={add.isPending}
              onClick={() => add.mutate()}
            >
              {w.addToGood}
            </Button>
          )}
          {mark === 'false_alarm' && !isDetector && (
            <Button
              icon="models"
              disabled={update.isSuccess}
              busy={update.isPending}
              onClick={() => update.mutate()}
            >
              {w.update}
            </Button>
          )}
        </>
      )}
    </section>
  );
}
