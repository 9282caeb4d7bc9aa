// JSON to Maps, refusing what JSON.parse lets pass: duplicate keys, and nesting without end.

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

/**
 * Parses one JSON value. Objects become Maps, so that `__proto__` is only a key. Throws SyntaxError, with the
 * character offset, on bad JSON, a duplicate key, text after the value, or more than `maxDepth` levels.
 */
export function parseStrictJson(text: string, maxDepth: number): Json {
  const cursor = { text, at: 0 };
  const value = parseValue(cursor, maxDepth);
  if (peek(cursor) !== '') fail(cursor, 'text after the end');
  return value;
}

interface Cursor {
  readonly text: string;
  at: number;
}

function parseValue(cursor: Cursor, depth: number): Json {
  const first = peek(cursor);
  if (depth === 0) fail(cursor, 'nested too deeply');
  if (first === '{') return parseObject(cursor, depth - 1);
  if (first === '[') return parseArray(cursor, depth - 1);
  if (first === '"') return parseString(cursor);
  return parseWord(cursor);
}

function parseObject(cursor: Cursor, depth: number): JsonObject {
  const object = new Map<string, Json>();
  parseList(cursor, '}', () => {
    if (peek(cursor) !== '"') fail(cursor, 'expected a key');
    const key = parseString(cursor);
    if (object.has(key)) fail(cursor, `duplicate key ${JSON.stringify(key.slice(0, 80))}`);
    expect(cursor, ':');
    object.set(key, parseValue(cursor, depth));
  });
  return object;
}

function parseArray(cursor: Cursor, depth: number): Json[] {
  const array: Json[] = [];
  parseList(cursor, ']', () => array.push(parseValue(cursor, depth)));
  return array;
}

function parseList(cursor: Cursor, end: string, item: () => void): void {
  cursor.at++;
  if (peek(cursor) === end) {
    cursor.at++;
    return;
  }
  item();
  while (peek(cursor) === ',') {
    cursor.at++;
    item();
  }
  expect(cursor, end);
}

function parseString(cursor: Cursor): string {
  const start = cursor.at++;
  while (cursor.text[cursor.at] !== '"') {
    if (cursor.at >= cursor.text.length) fail(cursor, 'a string without end');
    cursor.at += cursor.text[cursor.at] === '\\' ? 2 : 1;
  }
  cursor.at++;
  return leaf(cursor, start) as string;
}

function parseWord(cursor: Cursor): Json {
  const start = cursor.at;
  while (/[-+.\w]/.test(cursor.text[cursor.at] ?? '')) cursor.at++;
  return leaf(cursor, start);
}

/** Numbers, words and strings hold nothing that JSON.parse would hide, so it may decide on them. */
function leaf(cursor: Cursor, start: number): Json {
  try {
    return JSON.parse(cursor.text.slice(start, cursor.at));
  } catch {
    cursor.at = start;
    return fail(cursor, 'expected a value');
  }
}

/** The next character after blanks, '' at the end. */
function peek(cursor: Cursor): string {
  while (' \t\r\n'.includes(cursor.text[cursor.at] ?? 'end')) cursor.at++;
  return cursor.text[cursor.at] ?? '';
}

function expect(cursor: Cursor, character: string): void {
  if (peek(cursor) !== character) fail(cursor, `expected '${character}'`);
  cursor.at++;
}

function fail(cursor: Cursor, what: string): never {
  throw new SyntaxError(`${what} at character ${cursor.at}`);
}
