// Pictures of good parts are checked in a child process, one set at a time, under caps of memory and time.
import { moduleBeside } from '../../vision/runtime/child.ts';
import { type ChildFailureTable, ChildPool, orRefused } from '../platform/child-pool.ts';
import type { Config } from '../platform/config.ts';
import type { CheckedSet, SetToCheck } from './check-set.ts';

export interface PictureChecks {
  /** Throws dataset.too_large when it takes too long or too much memory, dataset.pictures when the child ends over it. */
  check(set: SetToCheck): Promise<CheckedSet>;
  close(): Promise<void>;
}

/** 2,000 pictures of the largest size take some minutes; one is decoded at a time. */
const MEMORY_BYTES = 4 * 2 ** 30;
const TIMEOUT_MS = 15 * 60_000;

/** Behind `training.sandbox_command`, as all that computes over a whole set of pictures. */
export function openPictureChecks({ training }: Pick<Config, 'training'>): PictureChecks {
  const pool = new ChildPool<SetToCheck, CheckedSet>({
    module: moduleBeside(import.meta.url, './picture-check-child'),
    size: 1,
    memoryBytes: MEMORY_BYTES,
    timeoutMs: TIMEOUT_MS,
    commandPrefix: training.sandbox_command,
  });
  return {
    check: (set) => orRefused(pool.ask(set), failures),
    close: () => pool.close(),
  };
}

const failures: ChildFailureTable = {
  timeout: ['dataset.too_large', 'the pictures took too long to check'],
  memory: ['dataset.too_large', 'the pictures needed more memory than there is to check them'],
  crashed: ['dataset.pictures', 'the program that checks the pictures ended over them'],
};
