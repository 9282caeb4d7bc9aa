// What the end of an attempt means for its job.
import { OkapiError } from '../../../vision/errors.ts';
import { ServerError } from '../../contract/errors.ts';
import type { JobFailure } from './job.ts';

export type AttemptEnd =
  /** An answer that would be the same another time. */
  | { readonly kind: 'answer'; readonly failure: JobFailure }
  /** No answer: another attempt may give one. */
  | { readonly kind: 'crash'; readonly detail: string }
  /** It stopped because it was told to. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'disk full' };

const kinds: Readonly<Record<string, AttemptEnd['kind']>> = {
  'train.crashed': 'crash',
  'disk.io_error': 'crash',
  'job.fenced': 'stopped',
  'train.canceled': 'stopped',
  'disk.full': 'disk full',
};

/** What a runner threw, as the end of its attempt. Anything but an error for users is a crash. */
export function endOf(error: unknown): AttemptEnd {
  const known = error instanceof OkapiError || error instanceof ServerError;
  const detail = readable(error instanceof Error ? error.message : String(error));
  if (!known) return { kind: 'crash', detail };
  const kind = kinds[error.code] ?? 'answer';
  if (kind === 'answer') return { kind, failure: { code: error.code, detail } };
  return kind === 'crash' ? { kind, detail } : { kind };
}

const LONGEST_DETAIL = 4000;

/** A text for users: without stacks, and of paths only the last name. */
export function readable(text: string): string {
  return text
    .slice(0, 10 * LONGEST_DETAIL)
    .replace(/^[ \t]{1,20}at .*\n?/gm, '')
    .replace(/(?<![\w./-])(?:file:\/\/)?(?:\/[\w.@+~%-]+)+\/([\w.@+~%-]+)/g, '$1')
    .replace(/\b[A-Za-z]:(?:\\[\w.@+~%-]+)*\\([\w.@+~%-]+)/g, '$1')
    .trim()
    .slice(0, LONGEST_DETAIL);
}
