// What of an attempt's events is kept: checked, cut and thinned out, so that a journal stays small however long a job runs.
import type { JobEvent } from './job.ts';

/** Progress is kept at most four times a second, and the rarer the longer the attempt runs. */
const LEAST_INTERVAL_MS = 250;
const INTERVAL_SHARE = 1 / 1000;
const LONGEST_TEXT = 2000;
/** Of one attempt. */
const most: Partial<Record<JobEvent['type'], number>> = { log: 1000, sample: 200, epoch: 40_000 };

export class EventFilter {
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  readonly #counts = new Map<JobEvent['type'], number>();
  #keptMs = Number.NEGATIVE_INFINITY;
  #progress: number;

  /** `progress` is what the job had reached before. `nowMs` is a monotonic clock. */
  constructor(progress: number, nowMs: () => number) {
    this.#progress = progress;
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
  }

  /** The event as it may be shown: progress within 0..1 that never falls; null for one that makes no sense. */
  check(event: JobEvent): JobEvent | null {
    if (event.type === 'log') return { ...event, text: event.text.slice(0, LONGEST_TEXT) };
    if (!('progress' in event)) return event;
    if (!Number.isFinite(event.progress)) return null;
    this.#progress = Math.min(1, Math.max(this.#progress, event.progress));
    return { ...event, progress: this.#progress };
  }

  /** Whether the journal takes it. */
  keeps({ type }: JobEvent): boolean {
    if (type === 'progress' || type === 'pictures') return this.#isDue();
    const count = (this.#counts.get(type) ?? 0) + 1;
    this.#counts.set(type, count);
    return count <= (most[type] ?? Number.POSITIVE_INFINITY);
  }

  #isDue(): boolean {
    const now = this.#nowMs();
    const interval = Math.max(LEAST_INTERVAL_MS, (now - this.#startedMs) * INTERVAL_SHARE);
    if (now - this.#keptMs < interval) return false;
    this.#keptMs = now;
    return true;
  }
}
