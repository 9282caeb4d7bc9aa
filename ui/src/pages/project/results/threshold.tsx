// The threshold of a model: what it rests on, what moving it would do, saving it, and its history.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { Button } from '../../../components/button.tsx';
import { Failure } from '../../../components/failure.tsx';
import { Field } from '../../../components/field.tsx';
import { Loading } from '../../../components/loading.tsx';
import { Notice } from '../../../components/notice.tsx';
import { api, type ModelDetail } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { ChangedPictures } from './changed-pictures.tsx';
import { Histogram } from './histogram.tsx';
import { Legend } from './legend.tsx';
import { RateChoice } from './rate-choice.tsx';
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
import { ThresholdHistory, type ThresholdVersion } from './threshold-history.tsx';
import { words } from './threshold-words.ts';
import { Trust } from './trust.tsx';
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

interface Moved {
  readonly value: number;
  /** That the value holds; null: moved by hand. */
  readonly rate: number | null;
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
  const [note, setNote] = useState('');
  const save = useThreshold(model.model_id, () => setNote(''));
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
  const best = evaluation?.figures.best_f1;
  const byHand = (value: number) => setMoved({ value, rate: value === saved ? savedRate : null });
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
                onMove={byHand}
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
        <form
          className="card stack"
          onSubmit={(event) => {
            event.preventDefault();
            const why = note.trim() === '' ? {} : { note: note.trim() };
            const { rate, value } = moved;
            save.mutate(rate === null ? { value, ...why } : { target_false_alarm_rate: rate, ...why });
          }}
        >
          {scores.items.length >= 2 && (
            <RateChoice
              rate={moved.rate}
              onChoose={(rate) => setMoved({ rate, value: heldRate(scores, rate)!.value })}
            />
          )}
          {best?.threshold != null && best.value !== null && (
            <div>
              <button type="button" className="link" onClick={() => byHand(best.threshold!)}>
                {w.best(format.decimal(best.threshold), format.decimal(best.value))}
              </button>
              <p className="hint">{w.bestHint}</p>
            </div>
          )}
          <Field label={w.exact}>
            <input
              type="number"
              step="any"
              required
              value={Number.isNaN(moved.value) ? '' : Number(moved.value.toPrecision(7))}
              onChange={({ target }) => target.value !== '' && byHand(target.valueAsNumber)}
            />
          </Field>
          <div>
            <h3>{w.trust}</h3>
            <Trust
              scores={scores}
              held={
                held === null || moved.rate === null
                  ? null
                  : { rate: moved.rate, isPromised: held.isPromised }
              }
            />
          </div>
          <Field label={w.note} hint={w.noteHint}>
            <textarea
              rows={2}
              maxLength={2000}
              value={note}
              onChange={({ target }) => setNote(target.value)}
            />
          </Field>
          <div className="row">
            <Button
              type="submit"
              look="primary"
              icon="check"
              busy={save.isPending}
              disabled={moved.value === saved && moved.rate === savedRate}
            >
              {w.save}
            </Button>
            {moved.value !== saved && (
              <Button icon="undo" onClick={() => setMoved({ value: saved, rate: savedRate })}>
                {w.reset}
              </Button>
            )}
          </div>
        </form>
      </div>
      <ChangedPictures pictures={pictures} saved={saved} threshold={moved.value} />
      <ThresholdHistory versions={model.thresholds} busy={save.isPending} onRevert={revert} />
    </div>
  );
}
