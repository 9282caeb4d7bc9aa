// Checks of files that a detector is to start from, in a child process under caps of memory and time.
import { basename } from 'node:path';
import { moduleBeside } from '../../vision/runtime/child.ts';
import { checkpointFailures } from '../platform/checkpoint-failures.ts';
import { type ChildCaps, ChildPool, orRefused } from '../platform/child-pool.ts';

export interface WeightsToCheck {
  /** A file in the folder of weights. */
  readonly path: string;
  /** A name of the family, without `.pt`. */
  readonly variant: string;
  readonly classes: number;
}

export interface WeightsChecks {
  /** What a training would take of the file, in a sentence. Throws the checkpoint.* errors. */
  check(request: WeightsToCheck): Promise<string>;
  close(): Promise<void>;
}

/** The largest file is 1 GiB, and its tensors are held beside a network of their size. */
const defaultCaps: ChildCaps = { memoryBytes: 4 * 2 ** 30, timeoutMs: 60_000 };

export function openWeightsChecks(caps: ChildCaps = defaultCaps): WeightsChecks {
  const pool = new ChildPool<WeightsToCheck, string>({
    module: moduleBeside(import.meta.url, './weights-child'),
    size: 1,
    ...caps,
  });
  return {
    check: (request) => orRefused(pool.ask(request), checkpointFailures, basename(request.path)),
    close: () => pool.close(),
  };
}
