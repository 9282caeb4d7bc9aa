// Idempotency-Key: a request that is sent again is not done again, and answers what it answered.
import { createHash } from 'node:crypto';
import { ServerError } from '../contract/errors.ts';
import type { Clock } from '../platform/clock.ts';

const keepMs = 24 * 3600_000;
const mostKept = 1000;

interface Entry {
  readonly fingerprint: string;
  readonly answer: Promise<unknown>;
  readonly atMs: number;
}

/** Kept in memory: after a restart a key counts as new. */
export class Once {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Does `work` unless the same request with this key was done or is being done. What failed may be tried again. Throws
   * request.key_reused when the key came with another request.
   */
  async run<T>(key: string, request: readonly unknown[], work: () => Promise<T>): Promise<T> {
    const fingerprint = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    const known = this.#known(key);
    if (known !== null) {
      if (known.fingerprint === fingerprint) return known.answer as Promise<T>;
      throw new ServerError('request.key_reused', 'this Idempotency-Key came with another request before');
    }
    const answer = work();
    this.#entries.set(key, { fingerprint, answer, atMs: this.#clock.nowMs() });
    if (this.#entries.size > mostKept) this.#entries.delete(this.#entries.keys().next().value!);
    answer.catch(() => this.#entries.delete(key));
    return answer;
  }

  #known(key: string): Entry | null {
    const entry = this.#entries.get(key);
    return entry === undefined || entry.atMs + keepMs <= this.#clock.nowMs() ? null : entry;
  }
}
