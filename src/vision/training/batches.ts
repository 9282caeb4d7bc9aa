// Which samples each step of an epoch sees: a function of the seed and the epoch alone, so that a resumed training goes on
// as if it had never stopped.
import { epochOrder } from '../dataset/prefetch.ts';

/**
 * The batch size to use for `samples` samples: at most `wanted`, and such that the batches of an epoch are equally full.
 * 17 samples in batches of at most 8 become 6, 6 and 5, not 8, 8 and 1.
 */
export function evenBatchSize(samples: number, wanted: number): number {
  return Math.ceil(samples / Math.ceil(samples / wanted));
}

/**
 * The samples of each step: all of them once in a seeded order. Training steps are compiled for one batch size, so the
 * last batch is filled up with the first samples of the same epoch.
 */
export function epochBatches(samples: number, batchSize: number, seed: number, epoch: number): number[][] {
  const order = epochOrder(samples, seed, epoch);
  const steps = Math.ceil(samples / batchSize);
  return Array.from({ length: steps }, (_, step) =>
    Array.from({ length: batchSize }, (_, i) => order[(step * batchSize + i) % samples]!),
  );
}
