// How near two cores are to each other: the time a number takes there and back. Cores that share a cache of the third level
// answer in some 0.15 us, those that do not in 0.4 us; a virtual machine may be moved from one to the other at any moment.
import { Worker } from 'node:worker_threads';

/** Between the round trips of cores with and without a common cache, in microseconds. */
const farUs = 0.28;

const trips = 100_000;

/** The turns in which the two cores shared a cache, and those in which they did not; without a group that has none. */
export function nearAndFar<Turn extends { readonly tripUs: number }>(turns: readonly Turn[]): Turn[][] {
  const isFar = ({ tripUs }: Turn) => tripUs > farUs;
  return [turns.filter((turn) => !isFar(turn)), turns.filter(isFar)].filter((group) => group.length > 0);
}

export class Cores {
  readonly #shared = new SharedArrayBuffer(4);
  readonly #echo = new Worker(new URL('./cores-echo.mjs', import.meta.url), {
    workerData: { shared: this.#shared, trips },
  });

  /** Microseconds. */
  async roundTrip(): Promise<number> {
    const number = new Int32Array(this.#shared);
    Atomics.store(number, 0, 0);
    await new Promise((ready) => {
      this.#echo.once('message', ready);
      this.#echo.postMessage('go');
    });
    const start = performance.now();
    for (let trip = 0; trip < trips; trip++) {
      Atomics.store(number, 0, 2 * trip + 1);
      while (Atomics.load(number, 0) !== 2 * trip + 2);
    }
    return ((performance.now() - start) / trips) * 1000;
  }

  async close(): Promise<void> {
    await this.#echo.terminate();
  }
}
