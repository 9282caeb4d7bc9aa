// What is read of a data.yaml: names, nc and the folders, by a reader that knows lists and maps of plain words and nothing else.
import { OkapiError } from '../../errors.ts';
import { labelLimits } from './labels.ts';

export interface DataYaml {
  readonly names: readonly string[] | null;
  /** The number of classes. */
  readonly nc: number | null;
  /** Folders as written; null when they are not said by one plain word. */
  readonly path: string | null;
  readonly train: string | null;
  readonly val: string | null;
  readonly test: string | null;
  /** Keys that were passed over. */
  readonly ignored: readonly string[];
}

export const YAML_LIMIT_BYTES = 64 * 1024;

const NAME_LENGTH = 120;

/**
 * Anchors, aliases, tags and block texts in `names` are refused; other keys are listed and never looked at.
 * Throws dataset.names with the line, dataset.too_large.
 */
export function readDataYaml(bytes: Uint8Array, file: string): DataYaml {
  if (bytes.length > YAML_LIMIT_BYTES)
    throw new OkapiError('dataset.too_large', `${file}: expected at most ${YAML_LIMIT_BYTES} bytes`);
  const sections = sectionsOf(textOf(bytes, file), file);
  const names = sections.get('names');
  const nc = sections.get('nc');
  const folder = (key: string) => {
    const section = sections.get(key);
    return section === undefined || section.block.length > 0 ? null : folderOf(section);
  };
  const known = ['names', 'nc', 'path', 'train', 'val', 'test'];
  return {
    names: names === undefined ? null : cleanNames(namesOf(names, file), file),
    nc: nc === undefined ? null : countOf(nc, file),
    path: folder('path'),
    train: folder('train'),
    val: folder('val'),
    test: folder('test'),
    ignored: [...sections.keys()].filter((key) => !known.includes(key)),
  };
}

/** One name a line; empty lines at the end do not count. Throws dataset.names. */
export function readNamesFile(bytes: Uint8Array, file: string): string[] {
  if (bytes.length > labelLimits.bytes)
    throw new OkapiError('dataset.too_large', `${file}: expected at most ${labelLimits.bytes} bytes`);
  const lines = textOf(bytes, file)
    .trimEnd()
    .split(/\r\n|\n|\r/);
  return cleanNames(lines, file);
}

/** Trimmed, without characters that do not show; each once. */
function cleanNames(names: readonly string[], file: string): string[] {
  if (names.length === 0) wrong(file, 'expected at least one class');
  if (names.length > labelLimits.classes)
    wrong(file, `expected at most ${labelLimits.classes} classes, got ${names.length}`);
  const clean = names.map((name) => name.normalize('NFC').replace(hidden, '').trim());
  const seen = new Set<string>();
  for (const [i, name] of clean.entries()) {
    if (name === '' || name.length > NAME_LENGTH)
      wrong(file, `expected a name of 1 to ${NAME_LENGTH} characters for class ${i}, got ${name.length}`);
    if (seen.has(name)) wrong(file, `expected each class once, got ${JSON.stringify(name)} twice`);
    seen.add(name);
  }
  return clean;
}

/** Control characters, halves of characters, and those that turn the direction of text. */
const hidden = /[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

interface Section {
  readonly line: number;
  /** What stands behind the colon. */
  readonly value: string;
  /** The lines below it, up to the next key. */
  readonly block: readonly { readonly line: number; readonly text: string }[];
}

/** The keys at the left margin, in order. */
function sectionsOf(text: string, file: string): Map<string, Section> {
  const sections = new Map<
    string,
    { line: number; value: string; block: { line: number; text: string }[] }
  >();
  let current: { block: { line: number; text: string }[] } | null = null;
  for (const [i, full] of text.split(/\r\n|\n|\r/).entries()) {
    const line = i + 1;
    const content = full.trimEnd();
    if (content.trim() === '' || content.trimStart().startsWith('#')) continue;
    if (/^(---|\.\.\.|%YAML)/.test(content)) continue;
    const key = /^["']?([A-Za-z_][\w.-]{0,99})["']?[ \t]*:(?:[ \t]+(.*))?$/.exec(content);
    if (key !== null) {
      const name = key[1]!;
      if (sections.has(name)) wrong(`${file}:${line}`, `expected each key once, got ${name} twice`);
      const section = { line, value: withoutComment(key[2] ?? ''), block: [] };
      sections.set(name, section);
      current = section;
    } else if (current === null) wrong(`${file}:${line}`, 'expected a key such as names:');
    else current.block.push({ line, text: content });
  }
  return sections;
}

function namesOf({ line, value, block }: Section, file: string): string[] {
  if (/^[[{]/.test(value)) {
    const rest = block.map(({ text }) => withoutComment(text.trim()));
    return flowNames([value, ...rest].join(' '), `${file}:${line}`);
  }
  if (value !== '') {
    if (block.length > 0) wrong(`${file}:${line}`, 'expected a list of names, got text over several lines');
    const name = scalar(value, `${file}:${line}`);
    if (name.includes(',')) wrong(`${file}:${line}`, 'expected a list such as [cat, dog], got one text');
    return [name];
  }
  return blockNames(block, file);
}

/** Lines such as `- cat`, or such as `0: cat` in the order of the numbers. */
function blockNames(block: Section['block'], file: string): string[] {
  const names: string[] = [];
  for (const { line, text } of block) {
    const where = `${file}:${line}`;
    const item = /^[ \t]*-(?:[ \t]+(.*))?$/.exec(text);
    const pair = /^[ \t]*["']?(\d{1,5})["']?[ \t]*:[ \t]+(.*)$/.exec(text);
    if (item === null && pair === null) wrong(where, 'expected a line such as "- cat" or "0: cat"');
    if (pair !== null) expectNext(Number(pair[1]), names.length, where);
    names.push(scalar(withoutComment((pair === null ? item![1] : pair[2]) ?? ''), where));
  }
  return names;
}

function expectNext(index: number, next: number, where: string): void {
  if (index === next) return;
  const text = `${where}: expected a name for each class from 0 on, in order, got ${index} where ${next} is next`;
  throw new OkapiError('dataset.class_gap', text);
}

/** `[cat, dog]` or `{0: cat, 1: dog}`. */
function flowNames(text: string, where: string): string[] {
  const isMap = text.startsWith('{');
  const end = isMap ? '}' : ']';
  const names: string[] = [];
  for (let at = 1; ; ) {
    at = afterBlanks(text, at);
    if (text[at] === end) return closed(text, at, names, where);
    if (at >= text.length) wrong(where, `expected ${end} at the end of the names`);
    if (isMap) {
      const key = /^["']?(\d{1,5})["']?[ \t]*:/.exec(text.slice(at, at + 20));
      if (key === null) wrong(where, 'expected pairs such as 0: cat');
      expectNext(Number(key[1]), names.length, where);
      at = afterBlanks(text, at + key[0].length);
    }
    const length = itemLength(text, at, end);
    names.push(scalar(text.slice(at, at + length).trim(), where));
    at = afterBlanks(text, at + length);
    if (text[at] === ',') at++;
    else if (text[at] !== end) wrong(where, `expected a comma or ${end} after a name`);
  }
}

function closed(text: string, at: number, names: string[], where: string): string[] {
  if (text.slice(at + 1).trim() !== '') wrong(where, 'expected nothing behind the names');
  return names;
}

function itemLength(text: string, at: number, end: string): number {
  const quote = text[at];
  if (quote !== '"' && quote !== "'") {
    let to = at;
    while (to < text.length && text[to] !== ',' && text[to] !== end) to++;
    return to - at;
  }
  for (let to = at + 1; to < text.length; to++) {
    if (text[to] === '\\' && quote === '"') to++;
    else if (text[to] === quote && quote === "'" && text[to + 1] === quote) to++;
    else if (text[to] === quote) return to + 1 - at;
  }
  return text.length - at;
}

function afterBlanks(text: string, at: number): number {
  let to = at;
  while (text[to] === ' ' || text[to] === '\t') to++;
  return to;
}

/** One word or text, quoted or not. */
function scalar(text: string, where: string): string {
  const first = text[0] ?? '';
  if (first === "'") {
    if (text.length < 2 || !text.endsWith("'")) wrong(where, "expected ' at the end of a name");
    return text.slice(1, -1).replaceAll("''", "'");
  }
  if (first === '"') return doubleQuoted(text, where);
  if (first !== '' && '&*!|>%@`[]{}?'.includes(first))
    wrong(where, `expected plain names, got ${JSON.stringify(text.slice(0, 40))}`);
  return text;
}

function doubleQuoted(text: string, where: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return wrong(where, `expected a name in quotes, got ${JSON.stringify(text.slice(0, 40))}`);
  }
}

function countOf({ line, value, block }: Section, file: string): number {
  const text = value.replace(/^(["'])(.*)\1$/, '$2');
  if (block.length === 0 && /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= labelLimits.classes)
    return Number(text);
  return wrong(`${file}:${line}`, `expected nc from 1 to ${labelLimits.classes}, got ${shown(value)}`);
}

/** Null for lists and everything else that is not one plain word. */
function folderOf({ value }: Section): string | null {
  const text = value.replace(/^(["'])(.*)\1$/, '$2');
  return text === '' || /^[&*!|>%@`[\]{}?"']/.test(text) ? null : text;
}

/** A comment starts with # after a blank; inside quotes it is none. */
function withoutComment(text: string): string {
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quote === '"' && c === '\\') i++;
    else if (quote !== '') quote = c === quote ? '' : quote;
    else if ((c === '"' || c === "'") && /^$|[\s[{,:]$/.test(text.slice(Math.max(0, i - 1), i))) quote = c;
    else if (c === '#' && (i === 0 || /\s/.test(text[i - 1]!))) return text.slice(0, i).trimEnd();
  }
  return text.trimEnd();
}

function textOf(bytes: Uint8Array, file: string): string {
  try {
    if (!bytes.includes(0)) return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Said below.
  }
  return wrong(file, 'expected text in UTF-8, got another encoding');
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

function wrong(where: string, detail: string): never {
  throw new OkapiError('dataset.names', `${where}: ${detail}`);
}
