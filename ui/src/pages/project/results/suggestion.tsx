// The threshold that an evaluation suggests: what it would do, in words, and one press to take it over.
import { Button } from '../../../components/button.tsx';
import type { ModelDetail } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './evaluation-words.ts';
import type { Evaluation } from './scored.ts';
import { useThreshold } from './use-threshold.ts';

/** Nothing where there is none, and where it would change no verdict. */
export function Suggestion({
  model,
  evaluation,
}: {
  readonly model: ModelDetail;
  readonly evaluation: Evaluation;
}) {
  const w = useWords(words).suggestion;
  const format = useFormat();
  const save = useThreshold(model.model_id);
  const { suggestion, confusion, created_at } = evaluation;
  if (suggestion === null) return null;
  const { threshold, false_alarms, of_good, missed, of_ng } = suggestion;
  const isHeld = model.threshold === threshold;
  const changes = false_alarms !== confusion.false_positives || missed !== confusion.false_negatives;
  if (!isHeld && !changes) return null;
  const would = w.would(
    format.count(false_alarms),
    format.count(of_good),
    format.count(missed),
    format.count(of_ng),
  );
  return (
    <section className="card stack tight" aria-labelledby="suggestion-title">
      <h3 id="suggestion-title">{w.title(format.decimal(threshold))}</h3>
      <p>
        {would}{' '}
        {!isHeld && w.now(format.count(confusion.false_positives), format.count(confusion.false_negatives))}
      </p>
      <p className="hint">
        {evaluation.good_side === 'left-out' && w.leftOut} {w.chosenByThese}
      </p>
      <div>
        {isHeld ? (
          <span className="quiet">{w.held}</span>
        ) : (
          <Button
            icon="check"
            busy={save.isPending}
            onClick={() =>
              save.mutate({ value: threshold, note: `${w.note(format.moment(created_at))} ${would}` })
            }
          >
            {w.take}
          </Button>
        )}
      </div>
    </section>
  );
}
