// Text that people wrote, made fit to be shown: one form of each letter, nothing invisible that reorders or hides.
import { ServerError } from '../contract/errors.ts';

// Control characters, halves of pairs, marks of text direction, line separators, invisible spaces.
const unwanted = /[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;
const unwantedButLines = /[^\P{Cc}\n\t]|[\p{Cs}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** One line of 1 to `limit` characters. Throws request.invalid, naming the field. */
export function cleanLine(text: string, path: string, limit: number): string {
  const clean = text.normalize('NFC').replace(unwanted, '').trim();
  const length = [...clean].length;
  if (visible.test(clean) && length <= limit) return clean;
  const what = length > limit ? `${length} characters` : 'nothing that can be seen';
  throw invalid(path, `expected 1 to ${limit} characters, got ${what}`);
}

/** Several lines, or null when nothing is left. Throws request.invalid, naming the field. */
export function cleanText(text: string, path: string, limit: number): string | null {
  const clean = text.normalize('NFC').replaceAll('\r\n', '\n').replace(unwantedButLines, '').trim();
  const length = [...clean].length;
  if (length > limit) throw invalid(path, `expected at most ${limit} characters, got ${length}`);
  return clean === '' ? null : clean;
}

export function invalid(path: string, detail: string): ServerError {
  return new ServerError('request.invalid', `${path}: ${detail}`, {
    errors: [{ path, code: 'request.invalid', detail }],
  });
}
