// The embedded queue: durable records in the DocStore, attempts run by this process, resumed after every kind of end.
import type { Logger } from 'pino';
import { ServerError } from '../../contract/errors.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { DocStore } from '../docs/doc-store.ts';
import type { Ids } from '../ids.ts';
import type { Metrics } from '../metrics.ts';
import type { Workspace } from '../workspace.ts';
import { type AttemptEnd, endOf } from './attempt-end.ts';
import { EventFilter } from './event-filter.ts';
import type { JobEvent, JobRecord, Owner } from './job.ts';
import { JobJournal } from './job-journal.ts';
import type { JobFilter, JobQueue, JobRunner, NewJob, NumberedEvent } from './job-queue.ts';
import { type Change, IllegalStep, JobRecords } from './job-records.ts';
import { type StoredJob, storedJob } from './stored-job.ts';
import { isDone } from './transitions.ts';

export interface LocalQueueParts {
  readonly docs: DocStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly workspace: Workspace;
  readonly config: { readonly jobs: Config['jobs'] };
  /** By the kind of job. */
  readonly runners: Readonly<Record<string, JobRunner>>;
  readonly metrics?: Pick<Metrics, 'countJob'>;
  /** After how long a job that met a full disk is tried again. Default a minute. */
  readonly diskFullMs?: number;
}

/** An attempt that this process runs. */
interface Attempt {
  readonly jobId: string;
  readonly owner: string;
  readonly stop: AbortController;
  readonly filter: EventFilter;
  readonly ended: Promise<void>;
  /** Counts the job's starts; set once the job is claimed. */
  number: number;
  notedMs: number;
  /** How long the attempts before it worked, and when it began, by the monotonic clock. */
  readonly ranMs: number;
  readonly beganMs: number;
}

/** Attempts without an answer after which a job fails, and servers that may die in a row while they run it. */
const MOST_STRIKES = 3;
/** A canceled job is `canceled` after this time, whether its attempt has ended or not. */
const CANCEL_MS = 4500;
/** How long `forget` waits for an attempt whose job has ended. */
const CLEAR_UP_MS = 1000;
/** How long `stop` waits for children to save what they have. */
const STOP_MS = 9000;
const DISK_FULL_MS = 60_000;
/** The least time between two durable notes of progress. */
const NOTE_EVERY_MS = 5000;
/** How long to wait before a change that the disk refused is tried again. */
const RETRY_MS = 500;

export class LocalQueue implements JobQueue {
  readonly #parts: LocalQueueParts;
  readonly #records: JobRecords;
  readonly #journal: JobJournal;
  readonly #listeners = new Set<(event: NumberedEvent, job: JobRecord) => void>();
  readonly #attempts = new Map<string, Attempt>();
  /** Jobs that are being added, by owner and by model. */
  readonly #adding = new Map<string, string>();
  /** When a job that met a full disk is tried again, by the monotonic clock. */
  readonly #notBeforeMs = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #state: 'idle' | 'running' | 'stopping' = 'idle';

  constructor(parts: LocalQueueParts) {
    this.#parts = parts;
    this.#records = new JobRecords(parts.docs, parts.log);
    this.#journal = new JobJournal(parts.docs, parts.log, (event) => this.#tell(event));
  }

  async add(job: NewJob): Promise<JobRecord> {
    await this.#records.load();
    if (this.#state === 'stopping') throw new ServerError('server.stopping', 'the server is stopping');
    const owner = keyOf(job.owner);
    this.#checkRoom(job, owner);
    // Taken before the first wait, so that of two at once one is refused.
    this.#adding.set(owner, job.model_id);
    try {
      const { ids, clock } = this.#parts;
      const record = storedJob(job, {
        job_id: ids.random(),
        number: this.#records.nextNumber(),
        created_at: clock.date().toISOString(),
      });
      await this.#records.insert(record);
      await this.#say(record);
      return record;
    } finally {
      this.#adding.delete(owner);
      this.#dispatch();
    }
  }

  async get(jobId: string): Promise<JobRecord | null> {
    await this.#records.load();
    return this.#records.get(jobId);
  }

  async list({ owner, states, kind }: JobFilter = {}): Promise<JobRecord[]> {
    await this.#records.load();
    const wanted = owner && keyOf(owner);
    return this.#records
      .all()
      .filter((job) => wanted === undefined || keyOf(job.owner) === wanted)
      .filter((job) => states === undefined || states.includes(job.state))
      .filter((job) => kind === undefined || job.kind === kind);
  }

  async cancel(jobId: string, by: string): Promise<JobRecord> {
    await this.#records.load();
    const job = await this.#change(jobId, (job) => this.#cancellation(job, by));
    const attempt = this.#attempts.get(jobId);
    if (job.state === 'running' && attempt) this.#stopAttempt(attempt);
    if (job.state === 'canceled') await this.#tidy(job);
    return job;
  }

  async approve(jobId: string, by: string): Promise<JobRecord> {
    await this.#records.load();
    const job = await this.#change(jobId, (job) => decision(job, 'approve', { decided_by: by }));
    this.#dispatch();
    return job;
  }

  async reject(jobId: string, by: string, reason: string | null): Promise<JobRecord> {
    await this.#records.load();
    const fields = { decided_by: by, detail: reason ?? `rejected by ${by}`, ...this.#ending() };
    return this.#change(jobId, (job) => decision(job, 'reject', fields));
  }

  async events(jobId: string, after: number): Promise<NumberedEvent[]> {
    return this.#journal.read(jobId, after);
  }

  async forget(jobId: string): Promise<boolean> {
    await this.#records.load();
    const job = this.#records.get(jobId);
    if (job !== null && !isDone(job.state)) return false;
    // A job is canceled as soon as that is sure, and its attempt clears up a moment later.
    const attempt = this.#attempts.get(jobId);
    if (attempt) await Promise.race([attempt.ended, this.#sleep(CLEAR_UP_MS)]);
    if (this.#attempts.has(jobId)) return false;
    // The record last: a sweep that is cut short finds it again.
    await this.#journal.remove(jobId);
    return this.#records.remove(jobId);
  }

  watch(listener: (event: NumberedEvent, job: JobRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async start(): Promise<void> {
    await this.#records.load();
    const unfinished = this.#records.unfinished();
    for (const job of unfinished) await this.#recover(job);
    await this.#parts.workspace.sweep(new Set(this.#records.unfinished().map(({ job_id }) => job_id)));
    this.#state = 'running';
    // Most work is started by the event that makes it possible; this finds what only needed time.
    const poll = setInterval(() => this.#dispatch(), 1000 * this.#parts.config.jobs.poll_interval_seconds);
    this.#timers.add(poll.unref());
    this.#dispatch();
  }

  async stop(): Promise<void> {
    this.#state = 'stopping';
    const attempts = [...this.#attempts.values()];
    for (const { stop } of attempts) stop.abort();
    await Promise.race([Promise.all(attempts.map(({ ended }) => ended)), this.#sleep(STOP_MS)]);
    for (const attempt of this.#attempts.values()) {
      const { jobId, number } = attempt;
      this.#clock(attempt);
      await this.#change(jobId, ({ state }) =>
        isDone(state) || state === 'queued'
          ? null
          : { step: 'requeue', attempt: number, fields: interrupted },
      ).catch((error: unknown) =>
        this.#parts.log.warn({ err: error, job_id: jobId }, 'a job could not be put back'),
      );
    }
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await this.#journal.flush();
  }

  #checkRoom(job: NewJob, owner: string): void {
    const unfinished = this.#records.unfinished();
    if (this.#adding.has(owner) || unfinished.some((other) => keyOf(other.owner) === owner))
      throw new ServerError('job.already_running', `a job of this ${job.owner.kind} has not ended yet`);
    // The id of a model is its job's alone, for ever: a stored model may be told from a new one.
    const isTaken = [...this.#adding.values()].includes(job.model_id);
    const makesIt = ({ model_id, uses_model }: StoredJob) => model_id === job.model_id && !uses_model;
    if (!job.uses_model && (isTaken || this.#records.all().some(makesIt)))
      throw new ServerError('revision.conflict', `another job makes the model ${job.model_id}`);
    const waiting = unfinished.filter(
      ({ state }) => state === 'queued' || state === 'waiting_approval',
    ).length;
    const { max_queued } = this.#parts.config.jobs;
    if (waiting + this.#adding.size >= max_queued)
      throw new ServerError(
        'job.queue_full',
        `${waiting} jobs are waiting; expected fewer than ${max_queued}`,
        {
          retryAfterSeconds: 60,
        },
      );
  }

  #cancellation(job: StoredJob, by: string): Change | null {
    if (isDone(job.state)) throw new ServerError('job.already_done', `the job is ${job.state}`);
    if (job.state === 'finalising') return null;
    const fields = { cancel_requested: true, decided_by: by };
    if (job.state !== 'running' || !this.#attempts.has(job.job_id))
      return { step: 'cancel', fields: { ...fields, detail: `canceled by ${by}`, ...this.#ending() } };
    if (job.cancel_requested) throw new ServerError('job.already_done', 'the job is being canceled already');
    return { step: 'request_cancel', fields: { ...fields, detail: `being canceled by ${by}` } };
  }

  /** Tells the attempt to stop; after a while the job is canceled even if it has not. */
  #stopAttempt({ jobId, number, stop, ended }: Attempt): void {
    stop.abort();
    const late = new AbortController();
    void Promise.race([ended, this.#sleep(CANCEL_MS, late.signal)]).then(async () => {
      late.abort();
      const job = this.#records.get(jobId);
      if (job?.state !== 'running' || job.attempt !== number) return;
      await this.#change(jobId, () => ({
        step: 'cancel',
        attempt: number,
        fields: this.#canceled(job),
      })).catch((error: unknown) =>
        this.#parts.log.warn({ err: error, job_id: jobId }, 'a job could not be canceled in time'),
      );
    });
  }

  /** What an earlier process left running is taken up again, unless it seems to be what ends servers. */
  async #recover(job: StoredJob): Promise<void> {
    if (job.state !== 'running' && job.state !== 'finalising') return;
    if (job.cancel_requested && job.state === 'running') {
      const canceled = await this.#change(job.job_id, () => ({
        step: 'cancel',
        fields: this.#canceled(job),
      }));
      return this.#tidy(canceled);
    }
    const server_deaths = job.server_deaths + 1;
    if (server_deaths >= MOST_STRIKES) {
      const detail = `the server ended ${server_deaths} times in a row while this job ran; it is not started again`;
      const fields = {
        server_deaths,
        failure: { code: 'job.crash_loop', detail },
        detail,
        ...this.#ending(),
      };
      return this.#tidy(await this.#change(job.job_id, () => ({ step: 'fail', fields })));
    }
    const fields = { server_deaths, seconds_left: null, detail: 'the server was restarted' };
    await this.#change(job.job_id, () => ({ step: 'requeue', fields }));
  }

  /** Starts what may start: oldest first, one job of an owner at a time. */
  #dispatch(): void {
    if (this.#state !== 'running') return;
    const owners = new Set([...this.#attempts.values()].map(({ owner }) => owner));
    const now = this.#parts.clock.nowMs();
    for (const job of this.#records.unfinished()) {
      if (this.#attempts.size >= this.#parts.config.jobs.max_workers) return;
      if (job.state !== 'queued' && job.state !== 'finalising') continue;
      const owner = keyOf(job.owner);
      if (owners.has(owner) || now < (this.#notBeforeMs.get(job.job_id) ?? 0)) continue;
      owners.add(owner);
      this.#begin(job, owner);
    }
  }

  #begin(job: StoredJob, owner: string): void {
    const { clock } = this.#parts;
    const { promise: ended, resolve } = withResolvers();
    const attempt: Attempt = {
      jobId: job.job_id,
      owner,
      stop: new AbortController(),
      filter: new EventFilter(job.progress, () => clock.nowMs()),
      ended,
      number: job.attempt,
      notedMs: Number.NEGATIVE_INFINITY,
      ranMs: job.ran_ms,
      beganMs: clock.nowMs(),
    };
    this.#attempts.set(job.job_id, attempt);
    void this.#run(attempt)
      .catch((error: unknown) =>
        this.#parts.log.error({ err: error, job_id: job.job_id }, 'an attempt could not be run'),
      )
      .then(() => {
        this.#attempts.delete(job.job_id);
        resolve();
        this.#dispatch();
      });
  }

  async #run(attempt: Attempt): Promise<void> {
    const { jobId } = attempt;
    const job = await this.#claim(attempt);
    if (job === null) return;
    await this.#conclude(attempt, await this.#runOnce(job, attempt));
    const after = this.#records.get(jobId);
    if (after && isDone(after.state)) await this.#tidy(after);
  }

  /** null when the job is gone, or the disk is full. */
  async #claim(attempt: Attempt): Promise<StoredJob | null> {
    try {
      const started = this.#parts.clock.date().toISOString();
      const job = await this.#change(attempt.jobId, (job) => {
        attempt.number = job.attempt + 1;
        const fields = { attempt: attempt.number, started_at: job.started_at ?? started, detail: null };
        return { step: 'claim', fields };
      });
      return job;
    } catch (error) {
      if (error instanceof IllegalStep) return null; // It was canceled just now.
      this.#wait(attempt.jobId);
      throw error;
    }
  }

  /** Runs the runner. null: it came to its end. */
  async #runOnce(job: StoredJob, attempt: Attempt): Promise<AttemptEnd | null> {
    const { workspace, runners, log } = this.#parts;
    try {
      const runner = runners[job.kind];
      if (!runner) throw new Error(`internal: no runner for jobs of kind ${job.kind}`);
      await runner({
        job,
        signal: attempt.stop.signal,
        ranMs: attempt.ranMs,
        workFolder: await workspace.jobFolder(job.job_id),
        emit: (event) => this.#emit(attempt, event),
        finalise: () => this.#finalise(attempt),
      });
      return null;
    } catch (error) {
      const end = endOf(error);
      log.warn({ err: error, job_id: job.job_id, attempt: attempt.number }, `an attempt ended: ${end.kind}`);
      return end;
    }
  }

  async #finalise({ jobId, number }: Attempt): Promise<void> {
    await this.#change(jobId, (job) => {
      if (job.state === 'finalising' && job.attempt === number) return null;
      if (job.cancel_requested || isDone(job.state))
        throw new ServerError('job.fenced', 'the job was canceled');
      return {
        step: 'finalise',
        attempt: number,
        fields: {
          seconds_left: null,
          detail: job.uses_model ? 'storing the result' : 'storing the model',
        },
      };
    });
  }

  /** Writes what became of the attempt, however long the disk refuses it. */
  async #conclude(attempt: Attempt, end: AttemptEnd | null): Promise<void> {
    const { jobId, number } = attempt;
    this.#clock(attempt);
    if (end === null) await this.#persist(() => this.#finalise(attempt)).catch(unlessOver);
    await this.#persist(() =>
      this.#change(jobId, (job) => {
        if (job.attempt !== number || isDone(job.state)) return null;
        return { attempt: number, ...this.#consequence(job, end) };
      }),
    ).catch(unlessOver);
  }

  #consequence(job: StoredJob, end: AttemptEnd | null): Change {
    const ending = this.#ending();
    if (job.cancel_requested && job.state === 'running')
      return { step: 'cancel', fields: this.#canceled(job) };
    if (end === null) return { step: 'finish', fields: { progress: 1, detail: null, ...ending } };
    if (end.kind === 'answer')
      return { step: 'fail', fields: { failure: end.failure, detail: end.failure.detail, ...ending } };
    if (end.kind === 'disk full') {
      this.#wait(job.job_id);
      const detail = 'the disk is full; it is tried again every minute';
      return { step: 'requeue', fields: { seconds_left: null, detail } };
    }
    if (this.#state === 'stopping') return { step: 'requeue', fields: interrupted };
    const why = end.kind === 'crash' ? end.detail : 'it stopped without being told to';
    const strikes = job.strikes + 1;
    const detail = `attempt ${job.attempt} ended without an answer: ${why}`;
    if (strikes < MOST_STRIKES) return { step: 'requeue', fields: { strikes, seconds_left: null, detail } };
    const failure = { code: 'job.crash_loop', detail: `${strikes} attempts ended without an answer; ${why}` };
    return { step: 'fail', fields: { strikes, failure, detail: failure.detail, ...ending } };
  }

  /** A child's word: refused once the attempt is over. */
  #emit(attempt: Attempt, told: JobEvent): void {
    const { jobId, number, filter, stop } = attempt;
    const job = this.#records.get(jobId);
    const isCurrent = this.#attempts.get(jobId) === attempt && job?.attempt === number && !isDone(job.state);
    const event = isCurrent && !stop.signal.aborted ? filter.check(told) : null;
    if (event === null) return;
    if (event.type === 'progress' || event.type === 'pictures')
      this.#records.setLive(jobId, { progress: event.progress, seconds_left: event.seconds_left });
    if (event.type === 'pictures') {
      const { stage = 'picture', done, total } = event;
      const detail =
        event.stage === undefined ? `${stage} ${done} of ${total}` : `${stage}, ${done} of ${total}`;
      this.#records.setLive(jobId, { detail });
      this.#note(attempt);
    }
    if (event.type === 'epoch') {
      const detail = `epoch ${event.epoch} of ${event.epochs}`;
      this.#records.setLive(jobId, { detail: event.phase === 'main' ? detail : `${event.phase}: ${detail}` });
      this.#note(attempt);
    }
    if (filter.keeps(event)) void this.#journal.append(jobId, event, false);
  }

  /** Makes the progress durable, and forgets the dead servers: this one has got somewhere. */
  #note(attempt: Attempt): void {
    const now = this.#parts.clock.nowMs();
    if (now - attempt.notedMs < NOTE_EVERY_MS) return;
    attempt.notedMs = now;
    this.#clock(attempt);
    this.#records
      .change(attempt.jobId, () => ({ step: 'note', attempt: attempt.number, fields: { server_deaths: 0 } }))
      .catch(() => {}); // A full disk or the job's end; the next change writes it.
  }

  /** Adds up how long the job was worked on; the next change writes it. */
  #clock({ jobId, ranMs, beganMs }: Attempt): void {
    const ran_ms = Math.round(ranMs + this.#parts.clock.nowMs() - beganMs);
    this.#records.setLive(jobId, { ran_ms });
  }

  /** A change that everybody hears of. */
  async #change(jobId: string, decide: (job: StoredJob) => Change | null): Promise<StoredJob> {
    let changed = false;
    const job = await this.#records.change(jobId, (job) => {
      const change = decide(job);
      changed = change !== null;
      return change;
    });
    if (changed) await this.#say(job);
    return job;
  }

  #say({ job_id, state, detail }: StoredJob): Promise<void> {
    const at = this.#parts.clock.date().toISOString();
    return this.#journal.append(job_id, { type: 'state', state, detail, at }, true);
  }

  #tell(event: NumberedEvent): void {
    const job = this.#records.get(event.job_id);
    if (job === null) return;
    for (const listener of this.#listeners) {
      try {
        listener(event, job);
      } catch (error) {
        this.#parts.log.error({ err: error }, 'a listener to jobs failed');
      }
    }
  }

  /** The job has ended: its folder goes, its time is counted. */
  async #tidy({ job_id, kind, state, started_at, finished_at }: StoredJob): Promise<void> {
    const { workspace, metrics, log } = this.#parts;
    this.#notBeforeMs.delete(job_id);
    const seconds = Math.max(0, Date.parse(finished_at ?? '') - Date.parse(started_at ?? '')) / 1000;
    metrics?.countJob({ kind, state, seconds: Number.isFinite(seconds) ? seconds : 0 });
    await workspace
      .removeJobFolder(job_id)
      .catch((error: unknown) => log.warn({ err: error, job_id }, 'the folder of a job is left behind'));
  }

  #wait(jobId: string): void {
    this.#notBeforeMs.set(jobId, this.#parts.clock.nowMs() + (this.#parts.diskFullMs ?? DISK_FULL_MS));
  }

  #ending(): Pick<StoredJob, 'finished_at' | 'seconds_left'> {
    return { finished_at: this.#parts.clock.date().toISOString(), seconds_left: null };
  }

  #canceled({ decided_by }: StoredJob): Partial<StoredJob> {
    return { detail: `canceled by ${decided_by}`, ...this.#ending() };
  }

  /** Tries again while the disk refuses and the server runs: what an attempt came to must not be lost. */
  async #persist<T>(action: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await action();
      } catch (error) {
        const refused = error instanceof ServerError && error.code.startsWith('disk.');
        if (!refused || this.#state === 'stopping') throw error;
        await this.#sleep(RETRY_MS);
      }
    }
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#timers.delete(timer);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#timers.add(timer);
      signal?.addEventListener('abort', done, { once: true });
    });
  }
}

const interrupted = {
  seconds_left: null,
  server_deaths: 0,
  detail: 'the server was stopped; it goes on when the server starts',
} as const;

function keyOf({ kind, id }: Owner): string {
  return `${kind} ${id}`;
}

function decision(job: StoredJob, step: 'approve' | 'reject', fields: Partial<StoredJob>): Change {
  if (job.state === 'waiting_approval') return { step, fields };
  throw new ServerError('job.not_waiting', `the job is ${job.state}`);
}

/** The attempt is no longer the job's, or the job has ended: there is nothing to write. */
function unlessOver(error: unknown): void {
  const over = error instanceof IllegalStep || (error instanceof ServerError && error.code === 'job.fenced');
  if (!over) throw error;
}

function withResolvers() {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
