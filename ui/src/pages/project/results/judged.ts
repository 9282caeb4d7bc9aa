// The pictures of an evaluation in the order in which a person should look at them. Pure.
import type { Evaluation } from './scored.ts';

export type Judged = Evaluation['pictures'][number];
export type Outcome = 'missed' | 'falseAlarms' | 'right';

export const outcomeOf = ({ truth, is_anomaly }: Judged): Outcome =>
  (truth === 'ng') === is_anomaly ? 'right' : truth === 'ng' ? 'missed' : 'falseAlarms';

const rank: Readonly<Record<Outcome, number>> = { missed: 0, falseAlarms: 1, right: 2 };

/** Wrong verdicts first, the farthest on the wrong side leading; then right ones, the nearest to the threshold leading. */
export function inOrder({ pictures, threshold }: Pick<Evaluation, 'pictures' | 'threshold'>): Judged[] {
  const distance = ({ score }: Judged) => Math.abs(score - threshold);
  return [...pictures].sort((a, b) => {
    const [left, right] = [outcomeOf(a), outcomeOf(b)];
    if (left !== right) return rank[left] - rank[right];
    return left === 'right' ? distance(a) - distance(b) : distance(b) - distance(a);
  });
}
