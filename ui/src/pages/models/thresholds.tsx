// The threshold that holds, how far to trust it, and those before.
import { useQuery } from '@tanstack/react-query';
import { Ago } from '../../components/ago.tsx';
import { digitsFor } from '../../components/verdict.tsx';
import { Who } from '../../components/who.tsx';
import { api, type ModelDetail } from '../../server/client.ts';
import { useFormat } from '../../text/format.ts';
import { useWords } from '../../text/language.tsx';
import { heldRate, type Scores } from '../project/results/scored.ts';
import { Trust } from '../project/results/trust.tsx';
import { words } from './words.ts';

export function Thresholds({ model }: { readonly model: ModelDetail }) {
  const w = useWords(words);
  const format = useFormat();
  const { data: scores } = useQuery({
    queryKey: ['scores', model.model_id],
    queryFn: () => api.getModelScores({ model_id: model.model_id }),
    enabled: model.task === 'anomaly',
  });
  const number = (value: number) => format.decimal(value, digitsFor(value));
  const isDetector = model.task === 'detect';
  return (
    <section className="card stack tight">
      <h2>{w.thresholds}</h2>
      {scores !== undefined && (
        <div>
          <h3>{w.trust}</h3>
          <Trust scores={scores} held={heldBy(scores)} />
        </div>
      )}
      {scores !== undefined && scores.items.length > 0 && (
        <dl className="facts">
          <dt>{w.calibrated}</dt>
          <dd>{format.count(scores.items.length)}</dd>
        </dl>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls where it is narrow */}
      <section className="scroll-x" tabIndex={0} aria-label={w.thresholds}>
        <table>
          <thead>
            <tr>
              <th scope="col" className="number">
                {w.value}
              </th>
              <th scope="col" className="number">
                {isDetector ? 'IoU' : w.pixelValue}
              </th>
              <th scope="col">{w.at}</th>
              <th scope="col">{w.by}</th>
              <th scope="col">{w.reason}</th>
            </tr>
          </thead>
          <tbody>
            {model.thresholds.toReversed().map((version, i) => {
              const second = isDetector ? version.iou : version.pixel_value;
              return (
                <tr key={version.at}>
                  <td className="number">
                    {i === 0 ? <strong>{number(version.value)}</strong> : number(version.value)}
                  </td>
                  <td className="number">{second === null ? '–' : number(second)}</td>
                  <td className="models-nowrap">
                    <Ago at={version.at} />
                  </td>
                  <td>
                    <Who name={version.by} />
                  </td>
                  <td>{version.reason}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function heldBy(scores: Scores): { readonly rate: number; readonly isPromised: boolean } | null {
  const { target_false_alarm_rate: rate } = scores.threshold;
  const held = rate === null ? null : heldRate(scores, rate);
  return rate === null || held === null ? null : { rate, isPromised: held.isPromised };
}
