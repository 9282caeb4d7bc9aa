// Who set which threshold, when and why; any of them can be used again.
import { Ago } from '../../../components/ago.tsx';
import { Button } from '../../../components/button.tsx';
import { Badge } from '../../../components/notice.tsx';
import { Who } from '../../../components/who.tsx';
import type { ModelDetail } from '../../../server/client.ts';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './threshold-words.ts';
import { WideTable } from './wide-table.tsx';

export type ThresholdVersion = ModelDetail['thresholds'][number];

export function ThresholdHistory({
  versions,
  busy,
  onRevert,
}: {
  /** Oldest first, as the server keeps them. */
  readonly versions: readonly ThresholdVersion[];
  readonly busy: boolean;
  readonly onRevert: (version: ThresholdVersion) => void;
}) {
  const w = useWords(words);
  const format = useFormat();
  const isYolo = versions.some(({ iou }) => iou !== null);
  const last = versions.at(-1);
  return (
    <section className="stack tight" aria-labelledby="history-title">
      <h3 id="history-title">{w.history}</h3>
      <WideTable label={w.history}>
        <table>
          <thead>
            <tr>
              <th scope="col">{w.threshold}</th>
              <th scope="col" className="number">
                {isYolo ? 'IoU' : w.heldRate}
              </th>
              <th scope="col">{w.at}</th>
              <th scope="col">{w.who}</th>
              <th scope="col">{w.why}</th>
              <th scope="col">
                <span className="unseen">{w.revert}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {versions.toReversed().map((version) => (
              <tr key={version.at + version.value}>
                <td>{format.decimal(version.value)}</td>
                <td className="number">
                  {isYolo
                    ? version.iou !== null && format.decimal(version.iou, 2)
                    : version.target_false_alarm_rate !== null &&
                      format.percent(version.target_false_alarm_rate, 1)}
                </td>
                <td className="results-when">
                  <Ago at={version.at} />
                </td>
                <td>
                  <Who name={version.by} />
                </td>
                <td className="results-why">
                  {version.reason === 'calibration' ? w.calibration : version.reason}
                </td>
                <td>
                  {version === last ? (
                    <Badge tone="ok">{w.inUse}</Badge>
                  ) : (
                    <Button small icon="undo" disabled={busy} onClick={() => onRevert(version)}>
                      {w.revert}
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </WideTable>
    </section>
  );
}
