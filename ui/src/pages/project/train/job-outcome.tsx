// What a finished training of an anomaly model came to, and the good pictures that it finds hardest.
import { useQuery } from '@tanstack/react-query';
import { digitsFor } from '../../../components/verdict.tsx';
import { api } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { Trust } from '../results/trust.tsx';
import { words } from './outcome-words.ts';

const shown = 6;

export function JobOutcome({ modelId }: { readonly modelId: string }) {
  const w = useWords(words);
  const format = useFormat();
  const { data } = useQuery({
    queryKey: ['scores', modelId],
    queryFn: () => api.getModelScores({ model_id: modelId }),
    retry: false,
  });
  if (data === undefined || data.items.length === 0) return null;
  const { threshold, false_alarms, by_rate, items } = data;
  const number = (value: number) => format.decimal(value, digitsFor(value));
  const held = by_rate.find((each) => each.target_false_alarm_rate === threshold.target_false_alarm_rate);
  const hardest = items
    .filter(({ thumbnail_url }) => thumbnail_url !== null)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, shown);
  return (
    <section className="card stack">
      <dl className="train-outcome">
        <Figure name={w.learned} value={format.count(items.length)} />
        <Figure name={w.threshold} value={number(threshold.value)} />
        {false_alarms !== null && (
          <Figure
            name={w.alarms}
            value={`${format.percent(false_alarms.low, 1)} – ${format.percent(false_alarms.high, 1)}`}
          />
        )}
      </dl>
      <Trust
        scores={data}
        held={
          held === undefined ? null : { rate: held.target_false_alarm_rate, isPromised: held.is_promised }
        }
      />
      {hardest.length > 0 && items.length > shown && (
        <div className="stack tight">
          <h3>{w.hardest}</h3>
          <p className="hint">{w.hardestHint}</p>
          <ul className="train-hardest">
            {hardest.map(({ thumbnail_url, url, display_name, filename, score }) => (
              <li key={filename}>
                <a href={url ?? thumbnail_url!} target="_blank" rel="noreferrer">
                  <img src={thumbnail_url!} alt={display_name ?? filename ?? ''} loading="lazy" />
                </a>
                <span className="cut">{display_name ?? filename}</span>
                <small className="quiet">{w.score(number(score))}</small>
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt className="quiet">{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
