// The seam of the records: small JSON documents with revisions, and journals that only grow.

/** Path-like, without extension: segments of [a-zA-Z0-9._-], none of them `.` or `..`, joined by `/`. */
export type DocKey = string;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export interface Doc<T> {
  readonly value: T;
  /** Opaque; two readings with the same revision have the same value. */
  readonly revision: string;
}

export interface PutOptions {
  /** Write only when the document has this revision now; `null`: only when it does not exist. Left out: always. */
  readonly ifRevision?: string | null;
  /** Part of a deletion: on a full disk it may use the room that is kept back for this. */
  readonly urgent?: boolean;
}

export interface AppendOptions {
  readonly durable?: boolean;
  /** As of PutOptions. */
  readonly urgent?: boolean;
}

export interface JournalEntry<T> {
  /** Counts from 1 without gaps within a journal. */
  readonly seq: number;
  readonly value: T;
}

/**
 * Truth about projects, images, labels, models, jobs. What `put`, `delete` and a durable `append` acknowledged survives a
 * power cut. Every method throws disk.full or disk.io_error (ServerError); then the document is whole, as
 * before or, when only the last sync failed, already new. A key that cannot exist reads as one that is not there.
 */
export interface DocStore {
  /** The value is shared and frozen: copy it to change it. Throws doc.corrupt when what is stored is not JSON. */
  get<T = Json>(key: DocKey): Promise<Doc<T> | null>;
  /**
   * The new revision. `value` is what JSON can hold: plain objects, arrays, strings, finite numbers, booleans, null.
   * Throws revision.conflict when the document is not at `ifRevision`.
   */
  put(key: DocKey, value: unknown, options?: PutOptions): Promise<string>;
  /** Whether it was there. Throws revision.conflict as put does. */
  delete(key: DocKey, options?: PutOptions): Promise<boolean>;
  /** Names directly under a prefix: documents, journals and folders each, without extension, sorted. */
  list(
    prefix: DocKey,
  ): Promise<{ readonly docs: string[]; readonly journals: string[]; readonly folders: string[] }>;
  /** Adds entries to a journal, in order, and returns the last seq. A torn last line is dropped by readers. */
  append(journal: DocKey, values: readonly unknown[], options?: AppendOptions): Promise<number>;
  /** Entries after a seq (default 0), oldest first, at most `limit` (default all). */
  read<T = Json>(
    journal: DocKey,
    options?: { readonly after?: number; readonly limit?: number },
  ): Promise<JournalEntry<T>[]>;
  deleteJournal(journal: DocKey): Promise<void>;
  /** Every document and journal under a prefix, in any order. */
  deleteAll(prefix: DocKey): Promise<void>;
}
