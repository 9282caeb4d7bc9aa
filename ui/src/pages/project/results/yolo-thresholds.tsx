// The least confidence and the overlap of an object detector: what they mean, saving them, their history.
import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Field, Slider } from '../../../components/field.tsx';
import { LineChart } from '../../../components/line-chart.tsx';
import type { ModelDetail } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { ThresholdHistory } from './threshold-history.tsx';
import { words as thresholdWords } from './threshold-words.ts';
import { useMetrics } from './use-metrics.ts';
import { useThreshold } from './use-threshold.ts';
import { words } from './yolo-words.ts';

export function YoloThresholdsView({ model }: { readonly model: ModelDetail }) {
  const w = useWords(words).thresholds;
  const tw = useWords(thresholdWords);
  const all = useWords(words);
  const format = useFormat();
  const last = model.thresholds.at(-1);
  const [conf, setConf] = useState(last?.value ?? 0.25);
  const [iou, setIou] = useState(last?.iou ?? 0.45);
  const [note, setNote] = useState('');
  const save = useThreshold(model.model_id, () => setNote(''));
  const metrics = useMetrics(model.model_id).data;
  const mean = metrics?.curves.mean ?? null;
  const confidences = metrics?.curves.confidences ?? [];
  const at = confidences.findLastIndex((confidence) => confidence <= conf);
  const line = (name: string, values: readonly (number | null)[]) => ({
    name,
    points: confidences.map((x, i) => [x, values[i] ?? null] as const),
  });
  const best = metrics?.bestConfidence ?? null;
  return (
    <div className="stack">
      <div className="results-threshold">
        {mean !== null && (
          <section className="card stack tight">
            <h2>{all.f1}</h2>
            <LineChart
              title={all.f1Title}
              lines={[
                line('F1', mean.f1),
                line(all.precision, mean.precision),
                line(all.recall, mean.recall),
              ]}
              xLabel={all.confidence}
              xRange={[0, 1]}
              showsLast={false}
              yRange={[0, 1]}
              marks={[{ x: conf, label: all.here }]}
            />
            {at >= 0 && (
              <p>
                {w.expected(
                  told(mean.precision[at], format),
                  told(mean.recall[at], format),
                  told(mean.f1[at], format),
                )}
              </p>
            )}
          </section>
        )}
        <form
          className="card stack"
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate({ value: conf, iou, ...(note.trim() !== '' && { note: note.trim() }) });
          }}
        >
          <div>
            <h2>{w.title}</h2>
            <p className="quiet">{w.intro}</p>
          </div>
          <div>
            <Slider
              label={w.conf}
              min={0}
              max={1}
              step={0.01}
              value={conf}
              shown={format.decimal(conf, 2)}
              onChange={setConf}
            />
            <p className="hint">{w.confHint}</p>
            {best !== null && (
              <button type="button" className="link" onClick={() => setConf(Number(best.toFixed(2)))}>
                {w.best(format.decimal(best, 2))}
              </button>
            )}
          </div>
          <div>
            <Slider
              label={w.iou}
              min={0}
              max={1}
              step={0.01}
              value={iou}
              shown={format.decimal(iou, 2)}
              onChange={setIou}
            />
            <p className="hint">{w.iouHint}</p>
          </div>
          <Field label={tw.note} hint={tw.noteHint}>
            <textarea
              rows={2}
              maxLength={2000}
              value={note}
              onChange={({ target }) => setNote(target.value)}
            />
          </Field>
          <div>
            <Button
              type="submit"
              look="primary"
              icon="check"
              busy={save.isPending}
              disabled={conf === last?.value && iou === last?.iou}
            >
              {tw.save}
            </Button>
          </div>
        </form>
      </div>
      <ThresholdHistory
        versions={model.thresholds}
        busy={save.isPending}
        onRevert={({ value, iou: overlap, at: when }) => {
          setConf(value);
          setIou(overlap ?? iou);
          save.mutate({ value, iou: overlap ?? iou, note: tw.revertNote(format.moment(when)) });
        }}
      />
    </div>
  );
}

const told = (value: number | null | undefined, format: ReturnType<typeof useFormat>) =>
  value == null ? '–' : format.decimal(value, 2);
