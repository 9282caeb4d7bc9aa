// What an update did to the pictures that it was for, in sentences.
import { basename } from 'node:path';
import type { Threshold } from '../scoring/threshold.ts';

const MOST_NAMED = 10;
const figure = (value: number) => value.toPrecision(3);

/** For each picture its score before and now, the highest first, and how many are still called anomalous. */
export function updateNotes(
  names: readonly string[],
  before: readonly number[],
  after: readonly number[],
  { value, trust }: Pick<Threshold, 'value' | 'trust'>,
): string[] {
  const rows = names
    .map((name, i) => ({ name: basename(name), was: before[i]!, is: after[i]! }))
    .sort((a, b) => b.is - a.is);
  const above = rows.filter(({ is }) => is > value).length;
  return [
    ...rows
      .slice(0, MOST_NAMED)
      .map(({ name, was, is }) => `${name}: score ${figure(was)} before, ${figure(is)} now`),
    `threshold ${figure(value)}; ${above === 0 ? 'none of these pictures is' : `${above} of these pictures still ${above === 1 ? 'is' : 'are'}`} above it`,
    trust,
  ];
}
