// Reads a document, changes it and writes it back, anew when somebody else was quicker.
import { ServerError } from '../../contract/errors.ts';
import type { Doc, DocKey, DocStore, PutOptions } from './doc-store.ts';

/**
 * `change` is given the value, or null when there is none, and returns the new one, or `unchanged`. It may be called more
 * than once, and what it throws is passed on. Returns the document as it then is.
 */
export async function updateDoc<T>(
  docs: DocStore,
  key: DocKey,
  change: (value: T | null) => T | typeof unchanged,
  options: Pick<PutOptions, 'urgent'> = {},
): Promise<Doc<T> | null> {
  for (;;) {
    const doc = await docs.get<T>(key);
    const value = change(doc?.value ?? null);
    if (value === unchanged) return doc;
    try {
      return {
        value,
        revision: await docs.put(key, value, { ...options, ifRevision: doc?.revision ?? null }),
      };
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

/** What `change` returns when there is nothing to write. */
export const unchanged = Symbol('unchanged');

export function isConflict(error: unknown): boolean {
  return error instanceof ServerError && error.code === 'revision.conflict';
}
