// A queue for tests: keeps records in the DocStore as the real one does, and runs nothing.
import { ServerError } from '../contract/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { DocStore } from '../platform/docs/doc-store.ts';
import type { Ids } from '../platform/ids.ts';
import { docKeys, journalKeys } from '../platform/layout.ts';
import type { JobEvent, JobRecord, Owner } from '../platform/queue/job.ts';
import type { JobFilter, JobQueue, NewJob, NumberedEvent } from '../platform/queue/job-queue.ts';

const done = new Set(['finished', 'failed', 'canceled']);

export class IdleQueue implements JobQueue {
  readonly #docs: DocStore;
  readonly #clock: Clock;
  readonly #ids: Ids;

  constructor(docs: DocStore, clock: Clock, ids: Ids) {
    this.#docs = docs;
    this.#clock = clock;
    this.#ids = ids;
  }

  async add(job: NewJob): Promise<JobRecord> {
    const running = (await this.list({ owner: job.owner })).some(({ state }) => !done.has(state));
    if (running) throw new ServerError('job.already_running', 'expected no other job');
    const { needs_approval, ...wanted } = job;
    const record: JobRecord = {
      ...wanted,
      job_id: this.#ids.random(),
      state: needs_approval ? 'waiting_approval' : 'queued',
      attempt: 0,
      strikes: 0,
      progress: 0,
      seconds_left: null,
      detail: null,
      failure: null,
      cancel_requested: false,
      created_at: this.#clock.date().toISOString(),
      started_at: null,
      finished_at: null,
      decided_by: null,
    };
    await this.set(record);
    return record;
  }

  /** Puts a job into any state, as a test wants it. */
  async set(record: JobRecord): Promise<JobRecord> {
    await this.#docs.put(docKeys.job(record.job_id), record);
    const { state, detail } = record;
    const event: JobEvent = { type: 'state', state, detail, at: this.#clock.date().toISOString() };
    await this.#docs.append(journalKeys.jobEvents(record.job_id), [event], { durable: true });
    return record;
  }

  async get(jobId: string): Promise<JobRecord | null> {
    return (await this.#docs.get<JobRecord>(docKeys.job(jobId)))?.value ?? null;
  }

  async list({ owner, states, kind }: JobFilter = {}): Promise<JobRecord[]> {
    const { docs } = await this.#docs.list(docKeys.jobs);
    const jobs = (await Promise.all(docs.map((id) => this.get(id)))).filter((job) => job !== null);
    return jobs
      .filter((job) => owner === undefined || isSame(owner, job.owner))
      .filter((job) => states === undefined || states.includes(job.state))
      .filter((job) => kind === undefined || kind === job.kind)
      .sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
  }

  async cancel(jobId: string, by: string): Promise<JobRecord> {
    const job = await this.#need(jobId);
    if (done.has(job.state)) throw new ServerError('job.already_done', 'the job has ended');
    return this.set({ ...job, state: 'canceled', cancel_requested: true, decided_by: by });
  }

  async approve(jobId: string, by: string): Promise<JobRecord> {
    return this.set({ ...(await this.#need(jobId)), state: 'queued', decided_by: by });
  }

  async reject(jobId: string, by: string, reason: string | null): Promise<JobRecord> {
    return this.set({ ...(await this.#need(jobId)), state: 'canceled', decided_by: by, detail: reason });
  }

  async events(jobId: string, after: number): Promise<NumberedEvent[]> {
    const entries = await this.#docs.read<JobEvent>(journalKeys.jobEvents(jobId), { after });
    return entries.map(({ seq, value }) => ({ seq, job_id: jobId, event: value }));
  }

  async forget(jobId: string): Promise<boolean> {
    const job = await this.get(jobId);
    if (job !== null && !done.has(job.state)) return false;
    await this.#docs.deleteJournal(journalKeys.jobEvents(jobId));
    await this.#docs.delete(docKeys.job(jobId));
    return true;
  }

  watch(): () => void {
    return () => {};
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async #need(jobId: string): Promise<JobRecord> {
    const job = await this.get(jobId);
    if (job === null) throw new ServerError('job.not_found', `there is no job ${jobId}`);
    return job;
  }
}

function isSame(a: Owner, b: Owner): boolean {
  return a.kind === b.kind && a.id === b.id;
}
