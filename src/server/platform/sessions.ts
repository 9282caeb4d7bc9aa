// Sessions: what a page is given in exchange for an API key, since its pictures and streams cannot send a key. A token stands
// for the key, is kept only as SHA-256, and opens what the key opens now: one that was revoked opens nothing.
import { createHash } from 'node:crypto';
import { ServerError } from '../contract/errors.ts';
import type { ApiKey, ApiKeys } from './api-keys.ts';
import type { Clock } from './clock.ts';
import type { DocStore } from './docs/doc-store.ts';
import type { Ids } from './ids.ts';
import { docKeys } from './layout.ts';

interface SessionRecord {
  readonly key_name: string;
  /** A key that was made anew under the same name is another key. */
  readonly key_created_at: string;
  readonly created_at: string;
  readonly expires_at: string;
}

export interface Session {
  readonly key: ApiKey;
  readonly expires_at: string;
}

export interface Sessions {
  /** The token is seen here and never again. */
  start(key: ApiKey): Promise<Session & { readonly token: string }>;
  /** null for a token that is none, has expired or was ended, or whose key opens nothing any more. */
  find(token: string): Promise<Session | null>;
  /** Ending what is no session does nothing. */
  end(token: string): Promise<void>;
}

export interface SessionParts {
  readonly docs: DocStore;
  readonly keys: ApiKeys;
  readonly clock: Clock;
  readonly ids: Ids;
  /** How long a session lasts. */
  readonly hours: number;
}

export function openSessions({ docs, keys, clock, ids, hours }: SessionParts): Sessions {
  return {
    async start(key) {
      const token = Buffer.from(ids.random() + ids.random(), 'hex').toString('base64url');
      const now = clock.date();
      const record: SessionRecord = {
        key_name: key.name,
        key_created_at: key.created_at,
        created_at: now.toISOString(),
        expires_at: new Date(now.getTime() + hours * 3_600_000).toISOString(),
      };
      await docs.put(keyOf(token), record, { ifRevision: null });
      return { token, key, expires_at: record.expires_at };
    },

    async find(token) {
      if (!isToken(token)) return null;
      const record = await readRecord(docs, keyOf(token));
      if (record === null || isOver(record, clock.date())) return null;
      const key = await keys.validKey(record.key_name);
      if (key === null || key.created_at !== record.key_created_at) return null;
      return { key, expires_at: record.expires_at };
    },

    async end(token) {
      if (isToken(token)) await docs.delete(keyOf(token));
    },
  };
}

/** Removes the records of sessions that have expired; how many. */
export async function sweepSessions({
  docs,
  clock,
}: {
  readonly docs: DocStore;
  readonly clock: Clock;
}): Promise<number> {
  let removed = 0;
  for (const sha256 of (await docs.list(docKeys.sessions)).docs) {
    const record = await readRecord(docs, docKeys.session(sha256));
    if (record === null || !isOver(record, clock.date())) continue;
    if (await docs.delete(docKeys.session(sha256))) removed++;
  }
  return removed;
}

/** A damaged record opens nothing. */
async function readRecord(docs: DocStore, key: string): Promise<SessionRecord | null> {
  try {
    return (await docs.get<SessionRecord>(key))?.value ?? null;
  } catch (error) {
    if (error instanceof ServerError && error.code === 'doc.corrupt') return null;
    throw error;
  }
}

const isOver = ({ expires_at }: SessionRecord, now: Date) => !(Date.parse(expires_at) > now.getTime());
const isToken = (text: string) => /^[A-Za-z0-9_-]{43}$/.test(text);
// Looked up by its hash: how long that takes tells nothing of the token.
const keyOf = (token: string) => docKeys.session(createHash('sha256').update(token).digest('hex'));
