// Checks of uploaded weights in a child process under caps of memory and time.
import { moduleBeside } from '../../vision/runtime/child.ts';
import { checkpointFailures } from '../platform/checkpoint-failures.ts';
import { type ChildCaps, ChildPool, orRefused } from '../platform/child-pool.ts';
import type { BaseModelToCheck, CheckedBaseModel } from './check-base-model.ts';

export interface BaseModelChecks {
  /** Throws the checkpoint.* errors; then no model folder is left, or half of one that nobody names. */
  check(request: BaseModelToCheck): Promise<CheckedBaseModel>;
  /** Runs one `work` at a time, so that the same file uploaded twice at once becomes one model. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** The largest file is 1 GiB; its tensors are held twice on the way to the new file. */
const defaultCaps: ChildCaps = { memoryBytes: 4 * 2 ** 30, timeoutMs: 120_000 };

export function openBaseModelChecks(caps: ChildCaps = defaultCaps): BaseModelChecks {
  const pool = new ChildPool<BaseModelToCheck, CheckedBaseModel>({
    module: moduleBeside(import.meta.url, './base-model-child'),
    size: 1,
    ...caps,
  });
  let last: Promise<unknown> = Promise.resolve();
  return {
    check: (request) => orRefused(pool.ask(request), checkpointFailures, request.displayName),
    inTurn(work) {
      const result = last.then(work);
      last = result.catch(() => {});
      return result;
    },
    close: () => pool.close(),
  };
}
