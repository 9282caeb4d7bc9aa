// How many good parts a threshold that anyone may have set would call anomalous, by the scores of good pictures.
import { binomialInterval } from './binomial-interval.ts';
import { type CalibrationScores, type RateInterval, scoreOfEach } from './threshold.ts';

export interface FalseAlarms {
  /** So many good pictures are above the threshold. */
  readonly above: number;
  readonly of: number;
  /** Of the share among further good parts, 95 %. */
  readonly interval: RateInterval;
  /** For a person at the line. */
  readonly words: string;
}

/** Counted, with the exact interval of Clopper and Pearson. Throws `internal` without scores. */
export function falseAlarmsAt(
  value: number,
  calibration: Pick<CalibrationScores, 'scores' | 'names' | 'source'>,
): FalseAlarms {
  const scores = scoreOfEach(calibration);
  const above = scores.filter((score) => score > value).length;
  const of = scores.length;
  const interval = binomialInterval(above, of);
  const counted = `${above} of ${of} good picture${of === 1 ? '' : 's'} ${above === 1 || of === 1 ? 'is' : 'are'} above the threshold`;
  const range =
    above === 0
      ? `at most ${percent(interval.high)} of good parts`
      : `${percent(interval.low)} to ${percent(interval.high)} of good parts`;
  const approximate =
    calibration.source === 'cross-fitted' ? '; the scores are cross-fitted, so this is approximate' : '';
  return {
    above,
    of,
    interval,
    words: `${counted}: with 95 % confidence it calls ${range} anomalous, as long as they look like these${approximate}`,
  };
}

const percent = (share: number) => `${Number((share * 100).toPrecision(2))} %`;
