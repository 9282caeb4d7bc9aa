// Documents and lines of journals as text and back, refusing what would not come back as it was.

/** Throws our own error for what JSON would drop or change in silence. */
export function toText(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, refuseLossy, indent);
  if (text === undefined) throw new Error('internal: expected a value that JSON can hold, got undefined');
  return text;
}

function refuseLossy(name: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new Error(`internal: expected a finite number in ${name || 'a record'}, got ${value}`);
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new Error(`internal: expected plain values in a record, got a ${typeof value} in ${name}`);
  return value;
}

/** Throws SyntaxError or TypeError for bytes that are not JSON in UTF-8. */
export function fromBytes(bytes: Uint8Array): unknown {
  return deepFreeze(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
