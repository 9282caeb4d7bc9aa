// How far a training has come and how long it will still take, over all of its phases.

interface Phase {
  total: number;
  done: number;
}

/** Counts the steps of phases that are planned beforehand. Rates come from the steps made by this process only. */
export class Progress {
  readonly #phases: Map<string, Phase>;
  readonly #now: () => number;
  #made = 0;
  #startedMs: number | null = null;

  /** `plan` holds the most steps that each phase can take; `now` is a monotonic clock in milliseconds. */
  constructor(plan: Readonly<Record<string, number>>, now: () => number) {
    this.#phases = new Map(Object.entries(plan).map(([name, total]) => [name, { total, done: 0 }]));
    this.#now = now;
  }

  /** A phase begins with steps that an earlier process made. */
  begin(phase: string, done: number): void {
    this.#phase(phase).done = done;
    this.#startedMs ??= this.#now();
  }

  step(phase: string): void {
    this.#phase(phase).done++;
    this.#made++;
  }

  /** The phase needs no more steps, even if more were planned. */
  finish(phase: string): void {
    const found = this.#phase(phase);
    found.total = found.done;
  }

  /** 0..1. */
  get fraction(): number {
    const { done, total } = this.#sums();
    return total === 0 ? 1 : done / total;
  }

  /** null until the first step of this process is made. */
  get secondsLeft(): number | null {
    if (this.#made === 0 || this.#startedMs === null) return null;
    const { done, total } = this.#sums();
    return (((this.#now() - this.#startedMs) / this.#made) * (total - done)) / 1000;
  }

  #sums(): Phase {
    const sums = { total: 0, done: 0 };
    for (const { total, done } of this.#phases.values()) {
      sums.total += total;
      sums.done += done;
    }
    return sums;
  }

  #phase(name: string): Phase {
    const found = this.#phases.get(name);
    if (!found) throw new Error(`internal: the phase "${name}" is not planned`);
    return found;
  }
}
