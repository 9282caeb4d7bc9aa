// The scores of good and anomalous pictures as counts in equal steps, for a histogram.
import type { Judged } from './metrics.ts';

export interface ScoreBins {
  /** One more than there are bins, rising. A bin holds its lower edge; the last one holds its upper edge too. */
  readonly edges: readonly number[];
  readonly good: readonly number[];
  readonly anomalous: readonly number[];
}

/** As many bins as the pictures can fill: 2 n^(1/3) (the rule of Rice), 5 to 40. Without pictures there are none. */
export function scoreBins(pictures: readonly Judged[], bins = binsFor(pictures.length)): ScoreBins {
  if (pictures.length === 0) return { edges: [], good: [], anomalous: [] };
  const scores = pictures.map(({ score }) => score);
  const [least, most] = [Math.min(...scores), Math.max(...scores)];
  // Scores that are all the same stand in the middle of a step of 1, as in numpy.histogram.
  const [from, to] = least === most ? [least - 0.5, most + 0.5] : [least, most];
  const edges = Array.from({ length: bins + 1 }, (_, i) =>
    i === bins ? to : from + (i / bins) * (to - from),
  );
  const [good, anomalous] = [new Array<number>(bins).fill(0), new Array<number>(bins).fill(0)];
  for (const picture of pictures) {
    const counts = picture.anomalous ? anomalous : good;
    counts[binOf(edges, picture.score)]!++;
  }
  return { edges, good, anomalous };
}

function binsFor(pictures: number): number {
  return Math.max(5, Math.min(40, Math.ceil(2 * Math.cbrt(pictures))));
}

function binOf(edges: readonly number[], score: number): number {
  const above = edges.findIndex((edge) => edge > score);
  return above === -1 ? edges.length - 2 : above - 1;
}
