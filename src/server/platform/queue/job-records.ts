// The jobs' records: all in memory for reading, each change checked against the table and durable before it is seen.
import type { Logger } from 'pino';
import { ServerError } from '../../contract/errors.ts';
import type { DocStore, Json } from '../docs/doc-store.ts';
import { docKeys } from '../layout.ts';
import { parseStoredJob, type StoredJob } from './stored-job.ts';
import { isDone, type JobStep, transitions } from './transitions.ts';

/** What a running attempt last said of itself. In memory until the next change. */
export type Live = Partial<Pick<StoredJob, 'progress' | 'seconds_left' | 'detail' | 'ran_ms'>>;

export interface Change {
  readonly step: JobStep;
  /** The attempt that wants it; a stale one is refused. */
  readonly attempt?: number;
  readonly fields?: Partial<StoredJob>;
}

interface Entry {
  job: StoredJob;
  revision: string;
  live: Live;
  /** Changes of one job wait for each other. */
  turn: Promise<unknown>;
}

/** A step that is not legal from the state in which the job is. */
export class IllegalStep extends Error {
  readonly job: StoredJob;

  constructor(job: StoredJob, step: JobStep) {
    super(`internal: a job that is ${job.state} cannot ${step}`);
    this.job = job;
  }
}

/** Reads at a time while loading. */
const READERS = 32;

export class JobRecords {
  readonly #docs: DocStore;
  readonly #log: Logger;
  readonly #entries = new Map<string, Entry>();
  readonly #unfinished = new Set<string>();
  #loaded: Promise<void> | null = null;
  #last = 0;

  constructor(docs: DocStore, log: Logger) {
    this.#docs = docs;
    this.#log = log;
  }

  /** Reads all records, once. */
  load(): Promise<void> {
    this.#loaded ??= this.#read();
    return this.#loaded;
  }

  get(jobId: string): StoredJob | null {
    const entry = this.#entries.get(jobId);
    return entry ? { ...entry.job, ...entry.live } : null;
  }

  /** Newest first. */
  all(): StoredJob[] {
    return [...this.#entries.keys()].map((id) => this.get(id)!).sort((a, b) => b.number - a.number);
  }

  /** Those that are not done, oldest first. */
  unfinished(): StoredJob[] {
    return [...this.#unfinished].map((id) => this.get(id)!).sort((a, b) => a.number - b.number);
  }

  nextNumber(): number {
    return ++this.#last;
  }

  async insert(job: StoredJob): Promise<void> {
    const revision = await this.#docs.put(docKeys.job(job.job_id), asJson(job), { ifRevision: null });
    this.#keep(job, revision);
  }

  /**
   * Makes the change that `decide` wants of the job as it is then; null: none. Throws job.not_found, job.fenced for a stale
   * attempt, IllegalStep, disk.full and disk.io_error.
   */
  change(jobId: string, decide: (job: StoredJob) => Change | null): Promise<StoredJob> {
    const entry = this.#entries.get(jobId);
    if (!entry) throw new ServerError('job.not_found', 'there is no such job');
    const done = entry.turn.then(() => this.#apply(entry, decide));
    entry.turn = done.catch(() => {});
    return done;
  }

  /** Removes a record that is done; whether it is gone. */
  async remove(jobId: string): Promise<boolean> {
    const entry = this.#entries.get(jobId);
    if (!entry) return true;
    if (!isDone(entry.job.state)) return false;
    await this.#docs.delete(docKeys.job(jobId));
    this.#entries.delete(jobId);
    return true;
  }

  /** Fields that change too often to be written each time; the next change writes them. */
  setLive(jobId: string, live: Live): void {
    const entry = this.#entries.get(jobId);
    if (entry) entry.live = { ...entry.live, ...live };
  }

  async #apply(entry: Entry, decide: (job: StoredJob) => Change | null): Promise<StoredJob> {
    const job = { ...entry.job, ...entry.live };
    const change = decide(job);
    if (change === null) return job;
    const { step, attempt, fields } = change;
    if (attempt !== undefined && attempt !== job.attempt) throw fenced(attempt, job);
    const to = transitions[job.state][step];
    if (to === null) throw new IllegalStep(job, step);
    const next: StoredJob = { ...job, ...fields, state: to };
    entry.revision = await this.#put(next, entry.revision);
    entry.live = {};
    this.#keep(next, entry.revision, entry);
    return next;
  }

  /** A record that another process has changed is no longer ours to change. */
  async #put(job: StoredJob, ifRevision: string): Promise<string> {
    try {
      return await this.#docs.put(docKeys.job(job.job_id), asJson(job), { ifRevision });
    } catch (error) {
      if (error instanceof ServerError && error.code === 'revision.conflict') throw fenced(job.attempt, job);
      throw error;
    }
  }

  #keep(job: StoredJob, revision: string, entry?: Entry): void {
    if (entry) entry.job = job;
    else this.#entries.set(job.job_id, { job, revision, live: {}, turn: Promise.resolve() });
    if (isDone(job.state)) this.#unfinished.delete(job.job_id);
    else this.#unfinished.add(job.job_id);
    this.#last = Math.max(this.#last, job.number);
  }

  async #read(): Promise<void> {
    const { docs: ids } = await this.#docs.list(docKeys.jobs);
    const rest = ids.values();
    const readSome = async () => {
      for (const id of rest) {
        const doc = await this.#docs.get<Json>(docKeys.job(id)).catch(nullWhenDamaged);
        const job = doc && parseStoredJob(id, doc.value);
        if (doc && job) this.#keep(job, doc.revision);
        else this.#log.warn({ job_id: id }, 'a record in the folder of jobs is no job; it is passed over');
      }
    };
    await Promise.all(Array.from({ length: READERS }, readSome));
  }
}

function fenced(attempt: number, job: StoredJob): ServerError {
  return new ServerError('job.fenced', `attempt ${attempt} is over; the job is at attempt ${job.attempt}`);
}

function nullWhenDamaged(error: unknown): null {
  if (error instanceof ServerError && error.code === 'doc.corrupt') return null;
  throw error;
}

// Records hold nothing but plain values; interfaces have no index signature, so the compiler does not see it.
function asJson(job: StoredJob): Json {
  return job as unknown as Json;
}
