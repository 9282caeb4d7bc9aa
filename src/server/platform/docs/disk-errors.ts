// Turns system errors of the disk into the two that users meet, without paths of the server.
import { ServerError } from '../../contract/errors.ts';

const full: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Whether an error of the system says that there is no room. */
export function isFull(error: unknown): boolean {
  return full.has((error as NodeJS.ErrnoException).code ?? '');
}

/** Runs an action on files; `what` says it for people, e.g. "write projects/p-1/meta". */
export async function withDiskErrors<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw asDiskError(what, cause);
  }
}

/** The error itself when it does not come from the system. */
export function asDiskError(what: string, cause: unknown): unknown {
  const { code, syscall } = (cause ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return cause;
  return new ServerError(
    isFull(cause) ? 'disk.full' : 'disk.io_error',
    `expected to ${what}, got ${code} from the disk`,
    { cause },
  );
}
