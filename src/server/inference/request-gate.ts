// Lets so many requests work at a time and so many wait; more are told to come back later.
import { ServerError } from '../contract/errors.ts';
import type { Clock } from '../platform/clock.ts';

export interface GateLimits {
  readonly active: number;
  readonly waiting: number;
}

export class RequestGate {
  readonly #limits: GateLimits;
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #active = 0;
  /** What a request took lately, in milliseconds. */
  #typicalMs = 1000;

  constructor(limits: GateLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** First come, first served. Throws server.busy at once when too many wait already. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#active < this.#limits.active) this.#active++;
    else await this.#wait();
    const from = this.#clock.nowMs();
    try {
      return await work();
    } finally {
      this.#typicalMs += (this.#clock.nowMs() - from - this.#typicalMs) / 8;
      // A place goes to the next in line without becoming free in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#active--;
    }
  }

  #wait(): Promise<void> {
    const { active, waiting } = this.#limits;
    if (this.#waiting.length >= waiting) {
      const seconds = ((waiting / active) * this.#typicalMs) / 1000;
      throw new ServerError('server.busy', `${waiting} requests are waiting already; try again later`, {
        retryAfterSeconds: Math.min(60, Math.max(1, Math.ceil(seconds))),
      });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
