// How often one client may do what is costly or smells of guessing: so many in a minute, counted from the first.
import { ServerError } from '../contract/errors.ts';
import type { Clock } from '../platform/clock.ts';

const windowMs = 60_000;
/** Clients that are remembered; the longest unseen are forgotten first. */
const mostClients = 10_000;

interface Window {
  readonly startMs: number;
  count: number;
}

/** Monotonic time; bounded memory; asking while refused does not prolong the refusal. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #perMinute: number;
  readonly #what: string;
  readonly #windows = new Map<string, Window>();

  /** @param what for the message: "uploads" */
  constructor(clock: Clock, perMinute: number, what: string) {
    this.#clock = clock;
    this.#perMinute = perMinute;
    this.#what = what;
  }

  /** Throws request.too_many when the client has used up its minute. Counts nothing. */
  check(client: string): void {
    const window = this.#current(client);
    if (window === null || window.count < this.#perMinute) return;
    const leftMs = window.startMs + windowMs - this.#clock.nowMs();
    throw new ServerError(
      'request.too_many',
      `expected at most ${this.#perMinute} ${this.#what} a minute from one client`,
      { retryAfterSeconds: Math.max(1, Math.ceil(leftMs / 1000)) },
    );
  }

  count(client: string): void {
    const window = this.#current(client) ?? { startMs: this.#clock.nowMs(), count: 0 };
    window.count++;
    // Moves the client to the end of the map, so that its front is the longest unseen.
    this.#windows.delete(client);
    this.#windows.set(client, window);
    if (this.#windows.size > mostClients) this.#windows.delete(this.#windows.keys().next().value!);
  }

  #current(client: string): Window | null {
    const window = this.#windows.get(client);
    if (window === undefined || window.startMs + windowMs <= this.#clock.nowMs()) return null;
    return window;
  }
}
