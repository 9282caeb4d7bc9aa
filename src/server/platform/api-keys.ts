// Keys for the API: named, scoped, shown once and kept only as SHA-256.
import { createHash, timingSafeEqual } from 'node:crypto';
import { ServerError } from '../contract/errors.ts';
import type { Clock } from './clock.ts';
import type { DocStore } from './docs/doc-store.ts';
import type { Ids } from './ids.ts';
import { docKeys } from './layout.ts';

/** Each may do what those before it may. */
export const keyScopes = ['read', 'write', 'admin'] as const;
export type KeyScope = (typeof keyScopes)[number];

/** Whether a key of scope `has` may do what needs `needed`. */
export function allows(has: KeyScope, needed: KeyScope): boolean {
  return keyScopes.indexOf(has) >= keyScopes.indexOf(needed);
}

export interface ApiKey {
  readonly name: string;
  readonly scope: KeyScope;
  readonly created_at: string;
  /** null: never. */
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
}

export type ApiKeyState = 'valid' | 'expired' | 'revoked';

interface ApiKeyRecord extends ApiKey {
  /** Of the plain key, in hex. */
  readonly sha256: string;
}

/**
 * Makes a key and returns it: the only time that it is seen. A name can be given again once its key was revoked or has expired.
 * Throws key.exists, and request.invalid for a name that is not of the form [a-z0-9_-].
 */
export async function createKey(
  docs: DocStore,
  given: { readonly name: string; readonly scope: KeyScope; readonly expires?: Date },
  ids: Ids,
  clock: Clock,
): Promise<string> {
  const { name, scope, expires } = given;
  if (!isKeyName(name))
    throw new ServerError(
      'request.invalid',
      `expected a name of 1 to 60 letters a-z, digits, - and _, got ${JSON.stringify(name.slice(0, 80))}`,
    );
  const before = await docs.get<ApiKeyRecord>(docKeys.apiKey(name));
  if (before !== null && stateOf(before.value, clock.date()) === 'valid')
    throw new ServerError('key.exists', `expected a new name, got ${name}, which is the name of a valid key`);
  const secret = Buffer.from(ids.random() + ids.random(), 'hex');
  const plain = `okapi_${secret.toString('base64url')}`;
  const record: ApiKeyRecord = {
    name,
    scope,
    created_at: clock.date().toISOString(),
    expires_at: expires?.toISOString() ?? null,
    revoked_at: null,
    sha256: sha256(plain).toString('hex'),
  };
  await docs.put(docKeys.apiKey(name), { ...record }, { ifRevision: before?.revision ?? null });
  return plain;
}

/** All keys, sorted by name, without their hashes. */
export async function listKeys(
  docs: DocStore,
  clock: Clock,
): Promise<(ApiKey & { readonly state: ApiKeyState })[]> {
  const now = clock.date();
  return (await readRecords(docs)).records.map(({ sha256: _, ...key }) => ({
    ...key,
    state: stateOf(key, now),
  }));
}

/** From now on the key is refused. Throws key.not_found. Revoking twice changes nothing more. */
export async function revokeKey(docs: DocStore, name: string, clock: Clock): Promise<void> {
  const found = isKeyName(name) ? await docs.get<ApiKeyRecord>(docKeys.apiKey(name)) : null;
  if (found === null)
    throw new ServerError(
      'key.not_found',
      `expected the name of a key, got ${JSON.stringify(name.slice(0, 80))}`,
    );
  if (found.value.revoked_at !== null) return;
  const record = { ...found.value, revoked_at: clock.date().toISOString() };
  await docs.put(docKeys.apiKey(name), record, { ifRevision: found.revision });
}

export interface ApiKeys {
  /** The valid key that was presented, or null. Takes equally long whichever key it is like. */
  findKey(presented: string): Promise<ApiKey | null>;
  /** The key of this name, when it is valid now. */
  validKey(name: string): Promise<ApiKey | null>;
  /** Whether there is a key that is valid now: what a server needs that others can reach. */
  any(): Promise<boolean>;
  /**
   * Whether requests need a key: from the first key on. Keys that have expired or were revoked open nothing, and still keep the
   * door shut: revoking the last one must not let everybody in.
   */
  inForce(): Promise<boolean>;
  /** To be called after a change of this process, which then holds at once. */
  changed(): void;
}

/** How long a change that another process made may stay unseen. */
const freshMs = 1000;

export function openApiKeys(docs: DocStore, clock: Clock): ApiKeys {
  let read: Promise<KeyRecords> | null = null;
  let readMs = 0;
  const stored = () => {
    if (read === null || clock.nowMs() - readMs >= freshMs) {
      readMs = clock.nowMs();
      const reading = readRecords(docs);
      // A failed reading is not kept.
      reading.catch(() => {
        if (read === reading) read = null;
      });
      read = reading;
    }
    return read;
  };
  return {
    async findKey(presented) {
      if (!/^okapi_[A-Za-z0-9_-]{43}$/.test(presented)) return null;
      const hash = sha256(presented);
      let found: ApiKeyRecord | null = null;
      for (const record of (await stored()).records)
        if (timingSafeEqual(hash, Buffer.from(record.sha256, 'hex'))) found = record;
      return validOrNull(found, clock.date());
    },
    async validKey(name) {
      const found = (await stored()).records.find((record) => record.name === name) ?? null;
      return validOrNull(found, clock.date());
    },
    async any() {
      const now = clock.date();
      return (await stored()).records.some((record) => stateOf(record, now) === 'valid');
    },
    inForce: async () => (await stored()).count > 0,
    changed() {
      read = null;
    },
  };
}

interface KeyRecords {
  readonly records: ApiKeyRecord[];
  /** With those that are damaged. */
  readonly count: number;
}

/** A record that is not as we write it opens nothing, and keeps no other key from its door. */
async function readRecords(docs: DocStore): Promise<KeyRecords> {
  const names = (await docs.list(docKeys.apiKeys)).docs.filter(isKeyName);
  const found = await Promise.all(names.map((name) => readUnlessDamaged(docs, name)));
  return { records: found.filter((value) => value !== null).filter(isRecord), count: names.length };
}

async function readUnlessDamaged(docs: DocStore, name: string): Promise<Partial<ApiKeyRecord> | null> {
  try {
    return (await docs.get<Partial<ApiKeyRecord>>(docKeys.apiKey(name)))?.value ?? null;
  } catch (error) {
    if (error instanceof ServerError && error.code === 'doc.corrupt') return null;
    throw error;
  }
}

function isRecord(value: Partial<ApiKeyRecord>): value is ApiKeyRecord {
  return (
    typeof value === 'object' &&
    /^[0-9a-f]{64}$/.test(value.sha256 ?? '') &&
    keyScopes.includes(value.scope as KeyScope) &&
    isDateOrNull(value.expires_at) &&
    isDateOrNull(value.revoked_at)
  );
}

const isDateOrNull = (value: unknown) =>
  value === null || (typeof value === 'string' && !Number.isNaN(Date.parse(value)));

function validOrNull(found: ApiKeyRecord | null, now: Date): ApiKey | null {
  if (found === null || stateOf(found, now) !== 'valid') return null;
  const { sha256: _, ...key } = found;
  return key;
}

function stateOf({ expires_at, revoked_at }: ApiKey, now: Date): ApiKeyState {
  if (revoked_at !== null) return 'revoked';
  return expires_at !== null && new Date(expires_at) <= now ? 'expired' : 'valid';
}

const isKeyName = (name: string) => /^[a-z0-9_-]{1,60}$/.test(name);

const sha256 = (text: string) => createHash('sha256').update(text).digest();
