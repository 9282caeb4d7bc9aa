// What the checks share: the stores, the findings, and what records were seen to name.
import { ServerError } from '../contract/errors.ts';
import type { Context } from '../platform/context.ts';
import type { DocKey } from '../platform/docs/doc-store.ts';
import type { Owner } from '../platform/queue/job.ts';
import type { Finding, FindingKind } from './finding.ts';

export type Stores = Pick<Context, 'docs' | 'blobs' | 'clock'>;
export type Fields = { readonly [name: string]: unknown };

export class Inspection {
  readonly stores: Stores;
  readonly findings: Finding[] = [];
  /** Keys of blobs that records name. */
  readonly named = new Set<string>();
  /** Starts of keys of which nobody can say whether they are named, since a record cannot be read. */
  readonly unknown: string[] = [];
  /** Ids of projects that are there, deleted ones too. */
  readonly projects = new Set<string>();
  readonly deleted = new Set<string>();
  readonly models = new Set<string>();
  /** Versions of datasets that jobs which have not ended need, with such a job; those that are found are taken out. */
  readonly pinned = new Map<string, string>();
  /** By project. */
  readonly lastModels = new Map<string, string>();
  readonly #onProgress: (subject: string) => void;

  constructor(stores: Stores, onProgress: (subject: string) => void) {
    this.stores = stores;
    this.#onProgress = onProgress;
  }

  begin(subject: string): void {
    this.#onProgress(subject);
  }

  find(kind: FindingKind, subject: string, detail = ''): void {
    this.findings.push({ kind, subject, detail });
  }

  /** The object at a key; null when there is none, or none that can be read, which is then a finding. */
  async read(key: DocKey): Promise<Fields | null> {
    this.begin(key);
    try {
      const doc = await this.stores.docs.get(key);
      if (doc === null) return null;
      if (isFields(doc.value)) return doc.value;
      this.find('record.malformed', key, 'it is no object');
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      this.find('record.damaged', key);
    }
    return null;
  }

  async readJournal(key: DocKey): Promise<void> {
    this.begin(key);
    try {
      await this.stores.docs.read(key);
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      this.find('journal.damaged', key, (error as Error).message);
    }
  }

  /** Feeds the bytes of a file to a hash; its size, or null when it is not there. */
  async hash(key: string, update: (bytes: Uint8Array) => void): Promise<number | null> {
    this.begin(key);
    if ((await this.stores.blobs.stat(key)) === null) return null;
    let sizeBytes = 0;
    for await (const piece of await this.stores.blobs.open(key)) {
      update(piece as Uint8Array);
      sizeBytes += (piece as Uint8Array).length;
    }
    return sizeBytes;
  }

  isThere({ kind, id }: Owner): boolean {
    return kind === 'scene' || (this.projects.has(id) && !this.deleted.has(id));
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asOwner(value: unknown): Owner | null {
  if (!isFields(value) || typeof value.id !== 'string') return null;
  return value.kind === 'project' || value.kind === 'scene' ? { kind: value.kind, id: value.id } : null;
}

function isCorrupt(error: unknown): boolean {
  return error instanceof ServerError && error.code === 'doc.corrupt';
}
