// Loaded detectors, as many as fit the memory: the one that was not used for the longest time goes first.
import type { Detector } from '../../vision/index.ts';

/** How a detector is opened, and what it takes in memory. */
export interface DetectorSource {
  readonly id: string;
  readonly bytes: number;
  open(): Promise<Detector>;
}

interface Entry {
  readonly bytes: number;
  readonly detector: Promise<Detector>;
  uses: number;
  /** Out of the cache; closed by whoever uses it last. */
  evicted: boolean;
}

export class DetectorCache {
  readonly #limitBytes: number;
  /** In order of use, the latest last. */
  readonly #entries = new Map<string, Entry>();

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get held(): { readonly loaded: number; readonly bytes: number } {
    return { loaded: this.#entries.size, bytes: this.#totalBytes() };
  }

  /**
   * Runs `work` with a detector, opened once for all that ask at the same time. One that cannot be opened is forgotten, so
   * the next request tries again. A detector larger than the limit is kept alone.
   */
  async use<T>(
    source: DetectorSource,
    work: (detector: Detector, wasLoaded: boolean) => Promise<T>,
  ): Promise<T> {
    const known = this.#entries.get(source.id);
    const entry = known ?? { bytes: source.bytes, detector: source.open(), uses: 0, evicted: false };
    this.#entries.delete(source.id);
    this.#entries.set(source.id, entry);
    entry.uses++;
    this.#shrink();
    try {
      return await work(await this.#opened(source.id, entry), known === undefined);
    } finally {
      entry.uses--;
      this.#closeUnused(entry);
    }
  }

  async #opened(id: string, entry: Entry): Promise<Detector> {
    try {
      return await entry.detector;
    } catch (error) {
      if (this.#entries.get(id) === entry) this.#entries.delete(id);
      throw error;
    }
  }

  #shrink(): void {
    let total = this.#totalBytes();
    for (const [id, entry] of this.#entries) {
      if (total <= this.#limitBytes || this.#entries.size === 1) return;
      this.#entries.delete(id);
      total -= entry.bytes;
      entry.evicted = true;
      this.#closeUnused(entry);
    }
  }

  #totalBytes(): number {
    return [...this.#entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #closeUnused(entry: Entry): void {
    if (!entry.evicted || entry.uses > 0) return;
    void entry.detector.then(
      (detector) => detector.close(),
      () => {},
    );
  }
}
