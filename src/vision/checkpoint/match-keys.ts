// Holds a checkpoint against the network it is meant for: every tensor there, none too many, every shape right.
import { OkapiError } from '../errors.ts';
import { quoted, type Tensors } from './tensors.ts';

export interface KeyReport {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly wrongShape: readonly { name: string; expected: readonly number[]; actual: readonly number[] }[];
}

/** Names and shapes expected by a network against those of a checkpoint. All three lists empty = they agree. */
export function compareKeys(expected: ReadonlyMap<string, readonly number[]>, tensors: Tensors): KeyReport {
  const missing = [...expected.keys()].filter((name) => !tensors.has(name));
  const unexpected = [...tensors.keys()].filter((name) => !expected.has(name));
  const wrongShape = [...expected].flatMap(([name, shape]) => {
    const actual = tensors.get(name)?.shape;
    return actual && !sameShape(shape, actual) ? [{ name, expected: shape, actual }] : [];
  });
  return { missing, unexpected, wrongShape };
}

/** Throws checkpoint.key_mismatch with both lists (20 names each, and the totals) unless all keys agree. */
export function matchKeys(expected: ReadonlyMap<string, readonly number[]>, tensors: Tensors): void {
  const { missing, unexpected, wrongShape } = compareKeys(expected, tensors);
  const shapes = wrongShape.map(
    (row) => `${quoted(row.name)} expected [${row.expected.join(', ')}], got [${row.actual.join(', ')}]`,
  );
  const lines = [
    listed('missing', missing.map(quoted)),
    listed('unexpected', unexpected.map(quoted)),
    listed('of another shape', shapes),
  ].filter((line) => line !== '');
  if (lines.length === 0) return;
  throw new OkapiError(
    'checkpoint.key_mismatch',
    `expected the ${expected.size} tensors of the network, got ${tensors.size} that do not fit\n${lines.join('\n')}`,
  );
}

function listed(title: string, rows: readonly string[]): string {
  if (rows.length === 0) return '';
  const more = rows.length > 20 ? `, and ${rows.length - 20} more` : '';
  return `${rows.length} ${title}: ${rows.slice(0, 20).join(', ')}${more}`;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((side, i) => side === b[i]);
}
