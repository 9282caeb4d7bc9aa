// Forgets jobs that ended long ago, and the lists of images that nothing names any more.
import { ServerError } from '../contract/errors.ts';
import type { ModelRecord } from '../models/model-record.ts';
import type { Context } from '../platform/context.ts';
import type { Json } from '../platform/docs/doc-store.ts';
import { docKeys } from '../platform/layout.ts';

const DAY_MS = 86_400_000;
/** A list is written before the job that names it, and this is far longer than what lies between. */
const YOUNG_MS = 3_600_000;

type Stores = Pick<Context, 'docs' | 'queue' | 'clock' | 'config'>;

export interface Forgotten {
  readonly jobs: number;
  readonly snapshots: number;
}

/**
 * Jobs that ended over config.jobs.keep_days ago go, with their events. A list of images stays for as long as a job or a model
 * names it: it is what the model learnt from.
 */
export async function sweepJobs(context: Stores): Promise<Forgotten> {
  return { jobs: await sweepEnded(context), snapshots: await sweepSnapshots(context) };
}

async function sweepEnded({ queue, clock, config }: Stores): Promise<number> {
  const before = clock.date().getTime() - config.jobs.keep_days * DAY_MS;
  let forgotten = 0;
  for (const { job_id, finished_at } of await queue.list({ states: ['finished', 'failed', 'canceled'] })) {
    if (finished_at === null || !(Date.parse(finished_at) < before)) continue;
    if (await queue.forget(job_id)) forgotten++;
  }
  return forgotten;
}

async function sweepSnapshots(context: Stores): Promise<number> {
  const { docs } = context;
  // Read before what may name them: a list that is written anew meanwhile has another revision, and stays.
  const old = await oldSnapshots(context);
  if (old.size === 0) return 0;
  const named = await namedHashes(context);
  if (named === null) return 0;
  let removed = 0;
  for (const [sha256, revision] of old) {
    if (named.has(sha256)) continue;
    if (await docs.delete(docKeys.snapshot(sha256), { ifRevision: revision }).catch(unlessChanged)) removed++;
  }
  return removed;
}

/** Hash to revision. */
async function oldSnapshots({ docs, clock }: Stores): Promise<Map<string, string>> {
  const before = clock.date().getTime() - YOUNG_MS;
  const old = new Map<string, string>();
  for (const sha256 of (await docs.list(docKeys.snapshots)).docs) {
    // A damaged one is left for fsck to name.
    const doc = await docs.get<{ at?: string }>(docKeys.snapshot(sha256)).catch(nullWhenDamaged);
    if (doc !== null && !(Date.parse(doc.value.at ?? '') > before)) old.set(sha256, doc.revision);
  }
  return old;
}

/** null when a record that may name one cannot be read. */
async function namedHashes({ docs, queue }: Stores): Promise<Set<Json | null> | null> {
  const named = new Set<Json | null>();
  for (const { request } of await queue.list()) for (const value of Object.values(request)) named.add(value);
  for (const id of (await docs.list(docKeys.models)).docs) {
    const record = await docs.get<ModelRecord>(docKeys.model(id)).catch(nullWhenDamaged);
    if (record === null) return null;
    named.add(record.value.dataset_sha256);
  }
  return named;
}

function nullWhenDamaged(error: unknown): null {
  if (error instanceof ServerError && error.code === 'doc.corrupt') return null;
  throw error;
}

function unlessChanged(error: unknown): boolean {
  if (error instanceof ServerError && error.code === 'revision.conflict') return false;
  throw error;
}
