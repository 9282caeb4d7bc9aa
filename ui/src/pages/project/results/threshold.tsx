// The threshold of a model: what it rests on, what moving it would do, saving it, and its history.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { Failure } from '../../../components/failure.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Notice } from '../../../components/notice.tsx';
import { api, type ModelDetail } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { ChangedPictures } from './changed-pictures.tsx';
import { Histogram } from './histogram.tsx';
import { Legend } from './legend.tsx';
import {
  above,
  alarmsAt,
  type Evaluation,
  heldRate,
  histogramOf,
  type Scores,
  scoredPictures,
} from './scored.ts';
import { ThresholdFigures } from './threshold-figures.tsx';
import { byHand, type Moved, ThresholdForm } from './threshold-form.tsx';
import { ThresholdHistory, type ThresholdVersion } from './threshold-history.tsx';
import { words } from './threshold-words.ts';
import { useLatestEvaluation } from './use-evaluations.ts';
import { useThreshold } from './use-threshold.ts';
import { viewAddress } from './view-address.ts';

export function ThresholdView({ model }: { readonly model: ModelDetail }) {
  const { model_id } = model;
  const scores = useQuery({
    queryKey: ['scores', model_id],
    queryFn: () => api.getModelScores({ model_id }),
  });
  const latest = useLatestEvaluation(model_id);
  const error = scores.error ?? latest.error;
  if (scores.data === undefined || latest.isPending)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => scores.refetch()} />;
  return (
    // A threshold that was saved meanwhile is where one begins.
    <Movable
      key={scores.data.threshold.at}
      model={model}
      scores={scores.data}
      evaluation={latest.data ?? null}
    />
  );
}

function Movable({
  model,
  scores,
  evaluation,
}: {
  readonly model: ModelDetail;
  readonly scores: Scores;
  readonly evaluation: Evaluation | null;
}) {
  const w = useWords(words);
  const format = useFormat();
  const { value: saved, target_false_alarm_rate: savedRate } = scores.threshold;
  const [moved, setMoved] = useState<Moved>({ value: saved, rate: savedRate });
  const save = useThreshold(model.model_id);
  const pictures = scoredPictures(scores, evaluation);
  const held = moved.rate === null ? null : heldRate(scores, moved.rate);
  const band = held?.band ?? null;
  const alarms = alarmsAt(scores, moved.value);
  const bad = above(pictures, 'bad', moved.value);
  const says = [
    alarms && w.alarmsOf(format.count(alarms.above), format.count(alarms.of)),
    bad.of > 0 && w.missedOf(format.count(bad.of - bad.above), format.count(bad.of)),
  ]
    .filter(Boolean)
    .join(', ');
  const revert = (version: ThresholdVersion) => {
    const { value, target_false_alarm_rate: rate, at } = version;
    const isHeld = rate !== null && heldRate(scores, rate)?.value === value;
    const why = w.revertNote(format.moment(at));
    save.mutate(isHeld ? { target_false_alarm_rate: rate, note: why } : { value, note: why });
  };
  return (
    <div className="stack">
      <div className="results-threshold">
        <section className="card stack" aria-labelledby="threshold-title">
          <div>
            <h2 id="threshold-title">{w.title}</h2>
            <p className="quiet">{w.intro}</p>
          </div>
          {pictures.length === 0 ? (
            <Notice tone="note">{w.noScores}</Notice>
          ) : (
            <>
              <Histogram
                bars={histogramOf(pictures, [saved])}
                threshold={moved.value}
                saved={saved}
                band={band}
                says={says}
                onMove={(value) => setMoved(byHand(value, scores))}
              />
              <Legend pictures={pictures} hasBand={band !== null} />
            </>
          )}
          <ThresholdFigures
            scores={scores}
            pictures={pictures}
            threshold={moved.value}
            saved={saved}
            band={band}
          />
          {bad.of === 0 && (
            <p>
              <Link to={viewAddress(model, 'evaluation')}>{w.evaluate}</Link>
            </p>
          )}
        </section>
        <ThresholdForm
          modelId={model.model_id}
          scores={scores}
          best={evaluation?.figures.best_f1 ?? null}
          moved={moved}
          onMove={setMoved}
        />
      </div>
      <ChangedPictures pictures={pictures} saved={saved} threshold={moved.value} />
      <ThresholdHistory versions={model.thresholds} busy={save.isPending} onRevert={revert} />
    </div>
  );
}
