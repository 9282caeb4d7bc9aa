// The events of jobs: appended to each job's journal in order, then told to those who watch.
import type { Logger } from 'pino';
import type { DocStore, Json } from '../docs/doc-store.ts';
import { journalKeys } from '../layout.ts';
import type { JobEvent } from './job.ts';
import type { NumberedEvent } from './job-queue.ts';

interface Pending {
  events: { readonly event: JobEvent; readonly durable: boolean }[];
  writing: Promise<void> | null;
}

export class JobJournal {
  readonly #docs: DocStore;
  readonly #log: Logger;
  readonly #tell: (event: NumberedEvent) => void;
  readonly #pending = new Map<string, Pending>();

  constructor(docs: DocStore, log: Logger, tell: (event: NumberedEvent) => void) {
    this.#docs = docs;
    this.#log = log;
    this.#tell = tell;
  }

  /** Resolves once all events so far are in the journal; `durable`: and survive a power cut. Never rejects. */
  append(jobId: string, event: JobEvent, durable: boolean): Promise<void> {
    const pending = this.#pending.get(jobId) ?? { events: [], writing: null };
    this.#pending.set(jobId, pending);
    pending.events.push({ event, durable });
    pending.writing ??= this.#write(jobId, pending);
    return pending.writing;
  }

  /** Resolves once everything is written. */
  async flush(): Promise<void> {
    await Promise.all([...this.#pending.values()].map(({ writing }) => writing));
  }

  async read(jobId: string, after: number): Promise<NumberedEvent[]> {
    const entries = await this.#docs.read<Json>(journalKeys.jobEvents(jobId), { after });
    return entries.map(({ seq, value }) => ({ seq, job_id: jobId, event: value as unknown as JobEvent }));
  }

  /** Once what is being written is there. */
  async remove(jobId: string): Promise<void> {
    await this.#pending.get(jobId)?.writing;
    await this.#docs.deleteJournal(journalKeys.jobEvents(jobId));
  }

  async #write(jobId: string, pending: Pending): Promise<void> {
    await null; // what else is said in this turn goes into the same write
    while (pending.events.length > 0) {
      const batch = pending.events.splice(0);
      const events = batch.map(({ event }) => event);
      const durable = batch.some((row) => row.durable);
      try {
        const key = journalKeys.jobEvents(jobId);
        const last = await this.#docs.append(key, events as unknown as Json[], { durable });
        const first = last - events.length + 1;
        for (const [i, event] of events.entries()) this.#tell({ seq: first + i, job_id: jobId, event });
      } catch (error) {
        // The record is the truth; a full disk costs lines of the history.
        this.#log.warn({ err: error, job_id: jobId }, 'events of a job could not be written');
      }
    }
    this.#pending.delete(jobId);
  }
}
