// Batches prepared ahead of the training step that uses them, without changing what they hold.
import { Random } from '../../autodiff/random.ts';

/** The order of an epoch: 0 to count - 1, shuffled by seed and epoch alone. */
export function epochOrder(count: number, seed: number, epoch: number): number[] {
  return new Random(seed).fork(`order/${epoch}`).shuffled(Array.from({ length: count }, (_, i) => i));
}

/** The random stream of one sample: it depends on these three numbers, never on when the sample is prepared. */
export function sampleRandom(seed: number, epoch: number, index: number): Random {
  return new Random(seed).fork(`sample/${epoch}/${index}`);
}

/** The items in runs of `size`; the last may be shorter. */
export function batchesOf<T>(items: readonly T[], size: number): T[][] {
  if (!Number.isInteger(size) || size < 1)
    throw new Error(`internal: expected a batch size of at least 1, got ${size}`);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

export interface PrefetchOptions {
  /** How many items may be in preparation or ready, besides the one in use; 0 prepares each when it is asked for. */
  readonly ahead: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What `prepare` makes of each item, in the order of the items. An error of `prepare` reaches the reader in its turn.
 * When the signal aborts, the next read throws its reason. However reading ends, no preparation is still running then.
 */
export async function* prefetch<T, R>(
  items: Iterable<T>,
  prepare: (item: T) => Promise<R>,
  { ahead, signal }: PrefetchOptions,
): AsyncGenerator<R, void, undefined> {
  const source = items[Symbol.iterator]();
  const pending: Promise<R>[] = [];
  const fill = () => {
    while (pending.length <= ahead) {
      const next = source.next();
      if (next.done) return;
      const result = prepare(next.value);
      result.catch(() => {}); // an error waits for its turn without counting as unhandled
      pending.push(result);
    }
  };
  try {
    while (true) {
      signal?.throwIfAborted();
      fill();
      const first = pending[0];
      if (first === undefined) return;
      const result = await first;
      signal?.throwIfAborted();
      pending.shift();
      yield result;
    }
  } finally {
    await Promise.allSettled(pending);
  }
}
