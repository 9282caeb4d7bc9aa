// Checks of uploaded encoder weights, in a child process under caps of memory and time.
import { moduleBeside } from '../../vision/runtime/child.ts';
import { checkpointFailures } from '../platform/checkpoint-failures.ts';
import { ChildPool, orRefused } from '../platform/child-pool.ts';

export interface EncoderToCheck {
  readonly path: string;
  readonly displayName: string;
}

export interface EncoderChecks {
  /** Resolves when the file holds all weights of DINOv3 ConvNeXt-Tiny. Throws the checkpoint.* errors. */
  check(request: EncoderToCheck): Promise<void>;
  close(): Promise<void>;
}

/** The file has 115 MB. */
const caps = { memoryBytes: 2 * 2 ** 30, timeoutMs: 60_000 };

export function openEncoderChecks(): EncoderChecks {
  const pool = new ChildPool<EncoderToCheck, null>({
    module: moduleBeside(import.meta.url, './encoder-child'),
    size: 1,
    ...caps,
  });
  return {
    async check(request) {
      await orRefused(pool.ask(request), checkpointFailures, request.displayName);
    },
    close: () => pool.close(),
  };
}
