// Ctrl-C: the first asks the work to stop in good order, the second ends the process at once.
import { exitCodes } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** Thrown by work that Ctrl-C stopped. */
export class Interrupted extends Error {
  constructor() {
    super('stopped by Ctrl-C');
    this.name = 'Interrupted';
  }
}

export interface InterruptSource {
  on(signal: 'SIGINT', listener: () => void): unknown;
  removeListener(signal: 'SIGINT', listener: () => void): unknown;
  exit(code: number): void;
}

/** Runs `work` with a signal that Ctrl-C aborts, for the reason Interrupted. `stopping` is said when that happens. */
export async function interruptible<T>(
  terminal: Terminal,
  stopping: string,
  work: (signal: AbortSignal) => Promise<T>,
  source: InterruptSource = process,
): Promise<T> {
  const controller = new AbortController();
  const listener = () => {
    if (controller.signal.aborted) return source.exit(exitCodes.interrupted);
    terminal.note(`${stopping}; Ctrl-C again stops at once`);
    controller.abort(new Interrupted());
  };
  source.on('SIGINT', listener);
  try {
    return await work(controller.signal);
  } finally {
    source.removeListener('SIGINT', listener);
  }
}
