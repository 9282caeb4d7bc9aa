// JSON bodies, read strictly: no duplicate keys, no depth without end, no text that cannot be stored as it came.
import { type Json, parseStrictJson } from '../../vision/checkpoint/strict-json.ts';
import { ServerError } from '../contract/errors.ts';
import { invalidAt } from './validation.ts';

export const jsonLimits = { maxBytes: 2 ** 20, maxDepth: 32 } as const;

/**
 * Throws request.invalid (422) for text that is not JSON and for strings and numbers that cannot be kept as they came;
 * request.malformed (400) for JSON that two readers could understand differently.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  return plain(parse(decode(bytes)), 'body');
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalidAt('body', 'expected JSON in UTF-8');
  }
}

function parse(text: string): Json {
  try {
    return parseStrictJson(text, jsonLimits.maxDepth);
  } catch (error) {
    const { message } = error as SyntaxError;
    if (/^(duplicate key|nested too deeply)/.test(message))
      throw new ServerError('request.malformed', `the body: ${message}`);
    throw invalidAt('body', `expected JSON: ${message}`);
  }
}

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);
// Halves of surrogate pairs would be stored as other characters; control characters have no place in names and notes.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unkeepable = /\p{Surrogate}|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/u;

function plain(value: Json, path: string): unknown {
  if (typeof value === 'string') return text(value, path);
  if (typeof value === 'number' && !Number.isFinite(value))
    throw invalidAt(path, 'expected a number that is not out of all bounds (not finite)');
  if (Array.isArray(value)) return value.map((item: Json, i) => plain(item, `${path}.${i}`));
  if (!(value instanceof Map)) return value;
  const entries = [...(value as ReadonlyMap<string, Json>)].map(([key, inner]) => {
    if (forbiddenKeys.has(key))
      throw new ServerError('request.malformed', `the body: the key ${key} is not accepted`);
    return [text(key, path), plain(inner, `${path}.${key.slice(0, 80)}`)] as const;
  });
  return Object.fromEntries(entries);
}

function text(value: string, path: string): string {
  if (unkeepable.test(value))
    throw invalidAt(path, 'expected text without control characters and without halves of surrogate pairs');
  return value;
}
