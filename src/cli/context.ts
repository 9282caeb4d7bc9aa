// What every command is given, so that tests can give it something else.
import type { Environment } from './environment.ts';
import type { Terminal } from './terminal.ts';

export interface CommandContext {
  readonly terminal: Terminal;
  readonly environment: Environment;
  /** Of the package. */
  readonly version: string;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly date: () => Date;
}
