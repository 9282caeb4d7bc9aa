// Time as a port: the wall clock for dates that people read, a monotonic one for leases, limits and durations.
export interface Clock {
  /** The wall clock. It may jump; never compute a duration from it. */
  date(): Date;
  /** Monotonic milliseconds. */
  nowMs(): number;
}

export const systemClock: Clock = { date: () => new Date(), nowMs: () => performance.now() };
