// What a threshold means in figures: false alarms, misses, and the band in which nothing is sure.
import type { ReactNode } from 'react';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { above, alarmsAt, type Scored, type Scores } from './scored.ts';
import { words } from './threshold-words.ts';

export function ThresholdFigures({
  scores,
  pictures,
  threshold,
  saved,
  band,
}: {
  readonly scores: Scores;
  readonly pictures: readonly Scored[];
  readonly threshold: number;
  readonly saved: number;
  readonly band: { readonly low: number; readonly high: number } | null;
}) {
  const w = useWords(words);
  const format = useFormat();
  const alarms = alarmsAt(scores, threshold);
  const bad = above(pictures, 'bad', threshold);
  const tested = above(pictures, 'tested', threshold);
  const share = (k: number, n: number) => format.percent(k / n, n < 100 ? 0 : 1);
  const missed = bad.of - bad.above;
  return (
    <dl className="results-figures">
      <Figure name={w.threshold} value={format.decimal(threshold)}>
        {threshold === saved ? w.isSaved : w.saved(format.decimal(saved))}
      </Figure>
      {alarms !== null && (
        <Figure name={w.alarms} value={share(alarms.above, alarms.of)}>
          {w.alarmsOf(format.count(alarms.above), format.count(alarms.of))}
          <br />
          {alarms.above === 0
            ? w.atMost(format.percent(alarms.interval.high, 1))
            : w.between(format.percent(alarms.interval.low, 1), format.percent(alarms.interval.high, 1))}
          {tested.of > 0 && (
            <>
              <br />
              {w.testedAlarms(format.count(tested.above), format.count(tested.of))}
            </>
          )}
        </Figure>
      )}
      <Figure name={w.missed} value={bad.of === 0 ? '–' : share(missed, bad.of)}>
        {bad.of === 0 ? w.noBad : w.missedOf(format.count(missed), format.count(bad.of))}
      </Figure>
      <Figure
        name={w.band}
        value={band === null ? '–' : `${format.decimal(band.low, 2)} – ${format.decimal(band.high, 2)}`}
      >
        {band === null ? w.noBand : w.bandText(format.decimal(band.low, 2), format.decimal(band.high, 2))}
      </Figure>
    </dl>
  );
}

function Figure({
  name,
  value,
  children,
}: {
  readonly name: string;
  readonly value: string;
  readonly children: ReactNode;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="results-value">{value}</dd>
      <dd className="hint">{children}</dd>
    </div>
  );
}
